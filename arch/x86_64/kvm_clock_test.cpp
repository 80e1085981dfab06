// SPDX-License-Identifier: BSD-2-Clause
// links: host/test/base_port.cpp
#include "arch/x86_64/kvm_clock.h"

#include <gtest/gtest.h>

namespace arch {
namespace {

TEST(KvmClock, rateIsThatOfTheScale) {
    // 1 GHz: a cycle is a nanosecond, either as 1/2 doubled or as 1 (which 32 bits cannot hold).
    EXPECT_EQ(rate_of_kvm_clock(0x8000'0000, 1), 1'000'000'000u);
    // 4 GHz: a cycle is a quarter of a nanosecond.
    EXPECT_EQ(rate_of_kvm_clock(0x4000'0000, 0), 4'000'000'000u);
    EXPECT_EQ(rate_of_kvm_clock(0x8000'0000, -1), 4'000'000'000u);
}

TEST(KvmClock, nonsenseIsNoRate) {
    EXPECT_EQ(rate_of_kvm_clock(0, 0), 0u);
    EXPECT_EQ(rate_of_kvm_clock(1u << 31, 64), 0u);
    EXPECT_EQ(rate_of_kvm_clock(1u << 31, -64), 0u);
}

} // namespace
} // namespace arch
