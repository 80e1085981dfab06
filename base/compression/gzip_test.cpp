// SPDX-License-Identifier: BSD-2-Clause
// links: base/compression/gzip.cpp base/compression/inflate.cpp base/compression/output.cpp
// links: host/test/base_port.cpp
// What gzip(1) packs at any level comes back; damaged data is refused and never overruns.
#include "base/compression/gzip.h"

#include "base/compression/compression_test.h"

namespace base::compression {
namespace {

using GzipTest = PackerTest;

TEST_F(GzipTest, everyLevelAndKind) {
    for (const Bytes& plain : kinds_of_data()) {
        for (const char* level : {"-1", "-6", "-9"})
            expect_unpacks(unpack_gzip, pack(plain, std::string("gzip -c plain ") + level), plain);
    }
}

TEST_F(GzipTest, storedAndFixedBlocks) {
    expect_unpacks(unpack_gzip, pack(noise(200'000), "gzip -c -6 plain"), noise(200'000));
    expect_unpacks(unpack_gzip, pack({'x'}, "gzip -nc plain"), {'x'}); // no name in the header
}

TEST_F(GzipTest, membersFollowEachOther) {
    const Bytes one = mixed(5'000), two = noise(3'000);
    Bytes packed = pack(one, "gzip -c plain");
    const usize first = packed.size();
    const Bytes second = pack(two, "gzip -c plain");
    packed.insert(packed.end(), second.begin(), second.end());
    HostMemory memory;
    Collector collector;
    Output output(memory, collector);
    ASSERT_EQ(*unpack_gzip(packed, output), first);
    ASSERT_EQ(*unpack_gzip(std::span(packed).subspan(first), output), second.size());
    Bytes both = one;
    both.insert(both.end(), two.begin(), two.end());
    EXPECT_TRUE(collector.taken == both);
}

TEST_F(GzipTest, cutShortIsRefused) {
    expect_cuts_refused(unpack_gzip, pack(mixed(20'000), "gzip -9c plain"));
    expect_cuts_refused(unpack_gzip, pack(noise(5'000), "gzip -9c plain"));
}

TEST_F(GzipTest, flippedBitsDoNoHarm) {
    const Bytes plain = mixed(2'000);
    expect_flips_harmless(unpack_gzip, pack(plain, "gzip -9nc plain"), plain);
}

TEST_F(GzipTest, damageNeverOverruns) {
    try_damaged(unpack_gzip, pack(mixed(3'000), "gzip -9nc plain"), 5'000);
    std::mt19937 random(17);
    for (int round = 0; round < 20'000; ++round) {
        Bytes data = noise(18 + random() % 200, random());
        data[0] = 0x1f, data[1] = 0x8b, data[2] = 8, data[3] &= 0x1f;
        (void)unpacked(unpack_gzip, data);
    }
}

// A megabyte of zeros needs no more than the window and a little.
TEST_F(GzipTest, memoryIsBounded) {
    const Bytes packed = pack(Bytes(20'000'000, 0), "gzip -c plain");
    HostMemory memory(600 << 10);
    Collector collector;
    Output output(memory, collector);
    EXPECT_EQ(*unpack_gzip(packed, output), packed.size());
    EXPECT_EQ(collector.taken.size(), 20'000'000u);
}

// An error of the consumer ends the unpacking and is its answer.
TEST_F(GzipTest, consumersErrorsArePassedOn) {
    const Bytes packed = pack(mixed(3'000'000), "gzip -c plain");
    HostMemory memory;
    Collector collector(1'000'000);
    Output output(memory, collector);
    EXPECT_EQ(unpack_gzip(packed, output).error(), Errno::nospc);
}

} // namespace
} // namespace base::compression
