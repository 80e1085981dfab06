// SPDX-License-Identifier: BSD-2-Clause
// links: linux/pipe/pipe_ring.cpp host/test/base_port.cpp
#include "linux/pipe/pipe_ring.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace {
int released = 0;
}

// What the ring asks of the kernel.
void core::release_page(core::Page& page) {
    if (page.references.fetch_sub(1) == 1)
        ++released;
}

namespace linux {
namespace {

class PipeRingTest : public testing::Test {
protected:
    PipeRingTest() {
        released = 0;
        for (core::Page& page : pages)
            page.references = 1;
    }
    PipeSlot slot(u32 number, u32 length = 10) {
        return {.page = &pages[number], .offset = number, .length = length};
    }
    core::Page pages[40] = {};
    PipeRing ring;
};

TEST_F(PipeRingTest, KeepsOrder) {
    ASSERT_TRUE(ring.resize(4));
    EXPECT_TRUE(ring.empty());
    for (u32 n = 0; n < 4; ++n)
        ring.push(slot(n));
    EXPECT_TRUE(ring.full());
    EXPECT_EQ(ring.bytes(), 40u);
    EXPECT_EQ(ring.front().offset, 0u);
    EXPECT_EQ(ring.back().offset, 3u);
    EXPECT_EQ(ring.at(2).offset, 2u);
    for (u32 n = 0; n < 4; ++n)
        EXPECT_EQ(ring.pop().offset, n);
    EXPECT_TRUE(ring.empty());
}

TEST_F(PipeRingTest, WrapsAround) {
    ASSERT_TRUE(ring.resize(4));
    for (u32 n = 0; n < 30; ++n) {
        ring.push(slot(n));
        if (ring.used() == 3)
            EXPECT_EQ(ring.pop().offset, n - 2);
    }
    EXPECT_EQ(ring.used(), 2u);
}

TEST_F(PipeRingTest, GrowsAndShrinksWithItsContent) {
    ASSERT_TRUE(ring.resize(4));
    ring.push(slot(0));
    ring.push(slot(1));
    ring.pop();
    for (u32 n = 2; n < 5; ++n)
        ring.push(slot(n, n));
    ASSERT_TRUE(ring.resize(16));
    EXPECT_EQ(ring.capacity(), 16u);
    EXPECT_EQ(ring.used(), 4u);
    EXPECT_EQ(ring.resize(2).error(), Errno::busy);
    ring.pop();
    ring.pop();
    ASSERT_TRUE(ring.resize(2));
    EXPECT_TRUE(ring.full());
    EXPECT_EQ(ring.pop().offset, 3u);
    EXPECT_EQ(ring.pop().offset, 4u);
}

TEST_F(PipeRingTest, ReleasesWhatIsLeft) {
    {
        PipeRing other;
        ASSERT_TRUE(other.resize(8));
        other.push(slot(0));
        other.push(slot(1));
        pages[1].references = 2;
    }
    EXPECT_EQ(released, 1);
    EXPECT_EQ(pages[1].references.load(), 1u);
}

} // namespace
} // namespace linux
