// SPDX-License-Identifier: BSD-2-Clause
// links: host/test/base_port.cpp
// kinds: address thread
#include "base/ref.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/box.h"

namespace base {
namespace {

std::atomic<int> g_alive{0};

struct Shape : RefCounted<Shape> {
    Shape() { ++g_alive; }
    virtual ~Shape() { --g_alive; }
};
struct Circle : Shape {
    explicit Circle(int r) : radius(r) {}
    int radius;
};

TEST(Ref, countsOwners) {
    {
        Ref<Circle> circle = *Ref<Circle>::create(3);
        EXPECT_EQ(circle->reference_count(), 1u);
        Ref<Shape> shape = circle; // an heir becomes its base
        EXPECT_EQ(circle->reference_count(), 2u);
        Ref<Shape> moved = std::move(shape);
        EXPECT_EQ(circle->reference_count(), 2u);
        moved = circle;
        EXPECT_EQ(circle->reference_count(), 2u);
        EXPECT_EQ(g_alive, 1);
    }
    EXPECT_EQ(g_alive, 0);
}

TEST(Ref, assigningToItselfKeepsTheObject) {
    Ref<Circle> circle = *Ref<Circle>::create(1);
    Ref<Circle>& same = circle;
    circle = same;
    EXPECT_EQ(circle->radius, 1);
    EXPECT_EQ(circle->reference_count(), 1u);
}

TEST(RefOrNull, mayBeAbsent) {
    RefOrNull<Circle> none;
    EXPECT_FALSE(none);
    RefOrNull<Shape> some = *Ref<Circle>::create(2);
    EXPECT_TRUE(some);
    EXPECT_EQ(some.to_ref()->reference_count(), 2u);
    some = nullptr;
    EXPECT_EQ(g_alive, 0);
}

TEST(Ref, releasedReferenceIsTheCallers) {
    Circle* raw = (*Ref<Circle>::create(5)).release();
    EXPECT_EQ(raw->reference_count(), 1u);
    EXPECT_TRUE(raw->try_add_reference());
    raw->drop_reference();
    raw->drop_reference();
    EXPECT_EQ(g_alive, 0);
}

// Found by the thread sanitizer when an order is too weak: the destructor must see all writes.
TEST(Ref, threadsShareAndDrop) {
    struct Counter : RefCounted<Counter> {
        std::atomic<u64> atomic{0};
        u64 plain[4]{}; // each written by one owner, read by the destructor
        ~Counter() { EXPECT_EQ(plain[0] + plain[1] + plain[2] + plain[3], 4000u); }
    };
    Ref<Counter> counter = *Ref<Counter>::create();
    std::vector<std::thread> threads;
    for (int owner = 0; owner < 4; ++owner) {
        threads.emplace_back([mine = counter, owner] {
            for (int i = 0; i < 1000; ++i) {
                Ref<Counter> other = mine;
                ++other->plain[owner];
            }
        });
    }
    counter = *Ref<Counter>::create();
    counter->plain[0] = 4000;
    for (std::thread& thread : threads)
        thread.join();
}

TEST(Box, ownsAlone) {
    {
        Box<Circle> box = *Box<Circle>::create(4);
        Box<Circle> moved = std::move(box);
        EXPECT_EQ(moved->radius, 4);
        EXPECT_EQ(g_alive, 1);
        moved = *Box<Circle>::create(5);
        EXPECT_EQ(g_alive, 1);
    }
    EXPECT_EQ(g_alive, 0);
}

} // namespace
} // namespace base
