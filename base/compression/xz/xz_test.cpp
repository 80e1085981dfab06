// SPDX-License-Identifier: BSD-2-Clause
// links: base/compression/xz/*.cpp base/compression/output.cpp base/sha256.cpp
// links: host/test/base_port.cpp
// What xz(1) packs comes back; damaged data is refused and never overruns.
#include "base/compression/xz/xz.h"

#include "base/compression/compression_test.h"

namespace base::compression {
namespace {

using XzTest = PackerTest;

TEST_F(XzTest, everyLevelAndKind) {
    for (const Bytes& plain : kinds_of_data()) {
        for (const char* level : {"-0", "-3", "-6", "-9e"})
            expect_unpacks(unpack_xz, pack(plain, std::string("xz -qc plain ") + level), plain);
    }
}

TEST_F(XzTest, everyCheck) {
    for (const Bytes& plain : {mixed(100'000), Bytes{}, noise(100'000)}) {
        for (const char* check : {"none", "crc32", "crc64", "sha256"})
            expect_unpacks(unpack_xz, pack(plain, std::string("xz -qc plain --check=") + check),
                           plain);
    }
}

TEST_F(XzTest, everyProperty) {
    const Bytes plain = mixed(200'000);
    for (const char* properties :
         {"lc=0,lp=0,pb=0", "lc=4,lp=0,pb=4", "lc=0,lp=4,pb=2", "lc=2,lp=2,pb=1",
          "mode=fast,dict=4KiB", "dict=96KiB", "nice=273"})
        expect_unpacks(unpack_xz, pack(plain, std::string("xz -qc plain --lzma2=") + properties),
                       plain);
}

TEST_F(XzTest, severalBlocks) {
    const Bytes plain = mixed(900'000);
    expect_unpacks(unpack_xz, pack(plain, "xz -qc --block-size=100000 plain"), plain);
    expect_unpacks(unpack_xz, pack(plain, "xz -qc -T2 --block-size=200000 plain"), plain);
}

// Plain chunks between packed ones.
TEST_F(XzTest, noiseInTheMiddle) {
    Bytes plain = mixed(3 << 20);
    const Bytes hard = noise(1 << 20);
    plain.insert(plain.begin() + (1 << 20), hard.begin(), hard.end());
    plain.insert(plain.end(), hard.begin(), hard.begin() + 100'000);
    expect_unpacks(unpack_xz, pack(plain, "xz -qc plain"), plain);
}

TEST_F(XzTest, streamsFollowEachOther) {
    const Bytes one = mixed(5'000), two = noise(3'000);
    Bytes packed = pack(one, "xz -qc plain");
    const usize first = packed.size();
    const Bytes second = pack(two, "xz -qc plain");
    packed.insert(packed.end(), second.begin(), second.end());
    HostMemory memory;
    Collector collector;
    Output output(memory, collector);
    ASSERT_EQ(*unpack_xz(packed, output), first);
    ASSERT_EQ(*unpack_xz(std::span(packed).subspan(first), output), second.size());
    EXPECT_EQ(collector.taken.size(), one.size() + two.size());
}

TEST_F(XzTest, memoryForTheDictionary) {
    const Bytes plain = noise(5'000'000);
    // A small file at a level of 64 MiB needs no more than itself.
    const Bytes small = pack(mixed(100'000), "xz -9qc plain");
    HostMemory little(5 << 20);
    Collector collector;
    Output output(little, collector);
    EXPECT_EQ(*unpack_xz(small, output), small.size());
    // A large one needs its dictionary.
    const Bytes large = pack(plain, "xz -6qc plain");
    HostMemory less(6 << 20);
    Collector others;
    Output refused(less, others);
    EXPECT_EQ(unpack_xz(large, refused).error(), Errno::nomem);
    EXPECT_EQ(refused.complaint(), "no memory for its window");
}

TEST_F(XzTest, otherFiltersAreNamed) {
    const Outcome x86 = unpacked(unpack_xz, pack(program(), "xz -qc --x86 --lzma2 plain"));
    EXPECT_EQ(x86.consumed.error(), Errno::opnotsupp);
    EXPECT_NE(x86.complaint.find("x86 filter"), std::string::npos);
    const Outcome delta = unpacked(unpack_xz, pack(mixed(999), "xz -qc --delta --lzma2 plain"));
    EXPECT_EQ(delta.consumed.error(), Errno::opnotsupp);
    EXPECT_NE(delta.complaint.find("delta filter"), std::string::npos);
}

TEST_F(XzTest, cutShortIsRefused) {
    expect_cuts_refused(unpack_xz, pack(mixed(20'000), "xz -9qc plain"));
    expect_cuts_refused(unpack_xz, pack(noise(5'000), "xz -qc --check=none plain"));
}

TEST_F(XzTest, flippedBitsDoNoHarm) {
    const Bytes plain = mixed(1'000);
    for (const char* check : {"crc32", "crc64", "sha256"})
        expect_flips_harmless(unpack_xz, pack(plain, std::string("xz -qc plain --check=") + check),
                              plain);
}

TEST_F(XzTest, damageNeverOverruns) {
    try_damaged(unpack_xz, pack(mixed(3'000), "xz -9qc --check=none plain"), 20'000);
    try_damaged(unpack_xz, pack(mixed(30'000), "xz -0qc --block-size=3000 plain"), 2'000);
}

} // namespace
} // namespace base::compression
