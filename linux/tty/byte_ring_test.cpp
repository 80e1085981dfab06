// SPDX-License-Identifier: BSD-2-Clause
// links: host/test/base_port.cpp
#include "linux/tty/byte_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace linux {
namespace {

TEST(ByteRing, BehavesLikeAQueue) {
    ByteRing<16> ring;
    std::deque<u8> model;
    std::mt19937 random(1);
    u8 next = 0;
    for (int round = 0; round < 10'000; ++round) {
        u8 buffer[20];
        const u32 count = random() % sizeof buffer;
        if (random() % 2 != 0) {
            for (u32 n = 0; n < count; ++n)
                buffer[n] = next + n;
            const u32 taken = ring.push({buffer, count});
            ASSERT_EQ(taken, std::min<u32>(count, 16 - model.size()));
            for (u32 n = 0; n < taken; ++n)
                model.push_back(next++);
        } else {
            const u32 limit = random() % 20;
            const u32 taken = ring.pop({buffer, count}, limit);
            ASSERT_EQ(taken, std::min<size_t>({count, limit, model.size()}));
            for (u32 n = 0; n < taken; ++n) {
                ASSERT_EQ(buffer[n], model.front());
                model.pop_front();
            }
        }
        ASSERT_EQ(ring.used(), model.size());
        ASSERT_EQ(ring.room(), 16 - model.size());
    }
}

} // namespace
} // namespace linux
