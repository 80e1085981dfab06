// SPDX-License-Identifier: BSD-2-Clause
// links: host/test/base_port.cpp
#include "base/heap.h"

#include <array>
#include <random>
#include <set>
#include <utility>

#include <gtest/gtest.h>

namespace base {
namespace {

struct Timer {
    int when = 0;
    HeapNode<Timer> node;
};
struct Sooner {
    bool operator()(const Timer& a, const Timer& b) const { return a.when < b.when; }
};
using Timers = PairingHeap<Timer, &Timer::node, Sooner>;

TEST(PairingHeap, emptyHasNothing) {
    Timers heap;
    EXPECT_TRUE(heap.empty());
    EXPECT_EQ(heap.top(), nullptr);
    EXPECT_EQ(heap.pop(), nullptr);
}

TEST(PairingHeap, popsInOrder) {
    std::array<Timer, 100> timers{};
    Timers heap;
    for (int i = 0; i < 100; ++i) {
        timers[i].when = i * 37 % 100;
        heap.push(timers[i]);
    }
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(heap.pop()->when, i);
    EXPECT_TRUE(heap.empty());
}

TEST(PairingHeap, agreesWithAModelUnderRemoval) {
    std::mt19937 random(7);
    std::array<Timer, 64> timers{};
    Timers heap;
    std::multiset<int> model;
    for (int step = 0; step < 50'000; ++step) {
        Timer& timer = timers[random() % timers.size()];
        if (timer.node.queued) {
            heap.remove(timer);
            model.erase(model.find(timer.when));
        } else {
            timer.when = static_cast<int>(random() % 50); // with equal ones
            heap.push(timer);
            model.insert(timer.when);
        }
        if (random() % 8 == 0 && !heap.empty()) {
            model.erase(model.find(heap.top()->when));
            EXPECT_FALSE(heap.pop()->node.queued);
        }
        ASSERT_EQ(heap.empty(), model.empty());
        if (!model.empty())
            ASSERT_EQ(heap.top()->when, *model.begin());
    }
}

TEST(PairingHeapDeathTest, noticesMisuse) {
    Timers heap;
    Timer timer;
    EXPECT_DEATH(heap.remove(timer), "VERIFY failed");
    heap.push(timer);
    EXPECT_DEATH(heap.push(timer), "VERIFY failed");
}

} // namespace
} // namespace base
