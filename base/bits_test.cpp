// SPDX-License-Identifier: BSD-2-Clause
// links: host/test/base_port.cpp
#include "base/bits.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/crc32.h"
#include "base/units.h"

namespace base {
namespace {

TEST(Bits, alignment) {
    EXPECT_EQ(align_down(u64{4097}, u64{4096}), 4096u);
    EXPECT_EQ(align_up(u64{4097}, u64{4096}), 8192u);
    EXPECT_EQ(align_up(u64{4096}, u64{4096}), 4096u);
    EXPECT_EQ(align_up(u64{0}, u64{4096}), 0u);
    EXPECT_TRUE(is_aligned(u64{64}, u64{64}));
    EXPECT_FALSE(is_aligned(u64{65}, u64{64}));
    EXPECT_EQ(divide_up(7u, 3u), 3u);
}

TEST(Bits, logarithms) {
    for (unsigned shift = 0; shift < 64; ++shift) {
        EXPECT_EQ(log2_down(u64{1} << shift), shift);
        EXPECT_EQ(log2_up(u64{1} << shift), shift);
    }
    EXPECT_EQ(log2_down(7), 2u);
    EXPECT_EQ(log2_up(5), 3u);
    EXPECT_EQ(log2_up(~u64{0}), 64u);
}

TEST(Bits, checkedArithmetic) {
    constexpr u64 most = std::numeric_limits<u64>::max();
    EXPECT_EQ(*checked_add(u64{1}, most - 1), most);
    EXPECT_EQ(checked_add(u64{1}, most).error(), Errno::overflow);
    EXPECT_EQ(*checked_multiply(u64{1} << 31, u64{2}), u64{1} << 32);
    EXPECT_EQ(checked_multiply(u64{1} << 32, u64{1} << 32).error(), Errno::overflow);
    EXPECT_EQ(checked_add(std::numeric_limits<i32>::min(), -1).error(), Errno::overflow);
}

TEST(Units, pagesAndBytes) {
    EXPECT_EQ(pages_covering(Bytes(0)), Pages(0));
    EXPECT_EQ(pages_covering(Bytes(1)), Pages(1));
    EXPECT_EQ(pages_covering(Bytes(4097)), Pages(2));
    EXPECT_EQ(bytes_of(Pages(3)), Bytes(12288));
    EXPECT_EQ(milliseconds(3) + microseconds(1), Nanos(3'001'000));
}

// The check value of every catalogue of CRCs.
TEST(Crc32, knownAnswer) {
    const u8 digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    EXPECT_EQ(crc32(digits), 0xcbf4'3926u);
    EXPECT_EQ(crc32(std::span(digits).subspan(4), crc32(std::span(digits).first(4))), 0xcbf4'3926u);
}

} // namespace
} // namespace base
