// SPDX-License-Identifier: BSD-2-Clause
// links: base/compression/zstd/*.cpp base/compression/xxhash.cpp base/compression/output.cpp
// links: host/test/base_port.cpp
// What zstd(1) packs comes back; damaged data is refused and never overruns.
#include "base/compression/zstd/zstd.h"

#include "base/compression/compression_test.h"

namespace base::compression {
namespace {

using ZstdTest = PackerTest;

TEST_F(ZstdTest, everyLevelAndKind) {
    for (const Bytes& plain : kinds_of_data()) {
        for (const char* level : {"--fast=5", "-1", "-3", "-9", "-19"})
            expect_unpacks(unpack_zstd, pack(plain, std::string("zstd -qc plain ") + level), plain);
    }
}

// Sizes and alphabets that make every way of writing literals, codes and counts.
TEST_F(ZstdTest, smallBlocksOfEveryShape) {
    std::mt19937 random(23);
    for (int round = 0; round < 150; ++round) {
        Bytes plain(random() % (round % 3 == 0 ? 40'000 : 700));
        const u32 letters = 1 + random() % 256, skew = 1 + random() % 5;
        for (u8& byte : plain) {
            u32 value = random() % letters;
            for (u32 i = 1; i < skew; ++i)
                value = std::min<u32>(value, random() % letters);
            byte = static_cast<u8>(value);
        }
        const std::string options = round % 2 ? "-19" : "-1";
        expect_unpacks(unpack_zstd, pack(plain, "zstd -qc plain " + options), plain);
        expect_unpacks(unpack_zstd, pack(plain, "cat plain | zstd -qc " + options), plain);
    }
}

TEST_F(ZstdTest, theLastLevel) {
    expect_unpacks(unpack_zstd, pack(program(), "zstd -qc --ultra -22 plain"), program());
    expect_unpacks(unpack_zstd, pack(mixed(900'000), "cat plain | zstd -qc --ultra -20"),
                   mixed(900'000));
}

TEST_F(ZstdTest, withoutSizeAndWithoutChecksum) {
    const Bytes plain = mixed(700'000);
    expect_unpacks(unpack_zstd, pack(plain, "cat plain | zstd -qc"), plain);
    expect_unpacks(unpack_zstd, pack(plain, "zstd -qc --no-check plain"), plain);
    expect_unpacks(unpack_zstd, pack(plain, "zstd -qc --no-content-size plain"), plain);
}

TEST_F(ZstdTest, literalsOfEveryKind) {
    const Bytes plain = mixed(300'000);
    for (const char* options : {"--compress-literals", "--no-compress-literals"})
        expect_unpacks(unpack_zstd, pack(plain, std::string("zstd -qc plain ") + options), plain);
}

TEST_F(ZstdTest, largeWindows) {
    // The same noise again, further back than a window of the lower levels.
    Bytes plain = noise(12 << 20);
    const Bytes head(plain.begin(), plain.begin() + (3 << 20));
    plain.insert(plain.end(), head.begin(), head.end());
    const Bytes packed = pack(plain, "cat plain | zstd -qc --long=27");
    EXPECT_LT(packed.size(), plain.size() - (2 << 20));
    expect_unpacks(unpack_zstd, packed, plain);
}

// Where memory is short, a buffer that just holds the window does; less is refused, and says so.
TEST_F(ZstdTest, memoryForTheWindow) {
    const Bytes plain = mixed(30 << 20);
    const Bytes packed = pack(plain, "cat plain | zstd -qc --zstd=wlog=23");
    for (const usize limit : {64u << 20, 20u << 20}) {
        HostMemory memory(limit);
        Collector collector;
        Output output(memory, collector);
        EXPECT_EQ(*unpack_zstd(packed, output), packed.size());
        EXPECT_TRUE(collector.taken == plain);
        EXPECT_LE(memory.most(), limit);
    }
    HostMemory memory(9 << 20);
    Collector collector;
    Output output(memory, collector);
    EXPECT_EQ(unpack_zstd(packed, output).error(), Errno::nomem);
    EXPECT_EQ(output.complaint(), "no memory for its window");
}

TEST_F(ZstdTest, framesFollowEachOther) {
    const Bytes one = mixed(5'000), two = noise(3'000);
    Bytes packed = pack(one, "zstd -qc plain");
    const usize first = packed.size();
    const Bytes skippable = {0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
    packed.insert(packed.end(), skippable.begin(), skippable.end());
    const Bytes second = pack(two, "zstd -qc plain");
    packed.insert(packed.end(), second.begin(), second.end());
    HostMemory memory;
    Collector collector;
    Output output(memory, collector);
    ASSERT_EQ(*unpack_zstd(packed, output), first);
    ASSERT_EQ(*unpack_zstd(std::span(packed).subspan(first), output), skippable.size());
    ASSERT_EQ(*unpack_zstd(std::span(packed).subspan(first + skippable.size()), output),
              second.size());
    Bytes both = one;
    both.insert(both.end(), two.begin(), two.end());
    EXPECT_TRUE(collector.taken == both);
}

TEST_F(ZstdTest, cutShortIsRefused) {
    expect_cuts_refused(unpack_zstd, pack(mixed(20'000), "zstd -19qc plain"));
    expect_cuts_refused(unpack_zstd, pack(mixed(20'000), "zstd -qc --no-check plain"));
    expect_cuts_refused(unpack_zstd, pack(noise(5'000), "zstd -qc plain"));
}

TEST_F(ZstdTest, flippedBitsDoNoHarm) {
    const Bytes plain = mixed(2'000);
    expect_flips_harmless(unpack_zstd, pack(plain, "zstd -19qc plain"), plain);
}

TEST_F(ZstdTest, damageNeverOverruns) {
    try_damaged(unpack_zstd, pack(mixed(3'000), "zstd -19qc --no-check plain"), 20'000);
    try_damaged(unpack_zstd, pack(mixed(3'000), "cat plain | zstd -1qc --no-check"), 20'000);
    try_damaged(unpack_zstd, pack(Bytes(500'000, 3), "zstd -qc --no-check plain"), 2'000);
}

TEST_F(ZstdTest, aDictionaryIsRefusedAsSuch) {
    const Bytes packed =
        pack(mixed(300'000), "split -b 300 plain part. && zstd -q --train part.* -o words "
                             "--maxdict=4000 2>/dev/null && zstd -qc -D words plain");
    const Outcome outcome = unpacked(unpack_zstd, packed);
    ASSERT_FALSE(outcome.consumed.has_value());
    EXPECT_EQ(outcome.consumed.error(), Errno::opnotsupp);
    EXPECT_EQ(outcome.complaint, "it needs a dictionary");
}

} // namespace
} // namespace base::compression
