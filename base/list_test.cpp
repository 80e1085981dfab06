// SPDX-License-Identifier: BSD-2-Clause
// links: host/test/base_port.cpp
#include "base/list.h"

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace base {
namespace {

struct Item {
    int value = 0;
    ListLink link;
};
using Items = List<Item, &Item::link>;

std::vector<int> values(Items& list) {
    std::vector<int> found;
    for (Item& item : list)
        found.push_back(item.value);
    return found;
}

TEST(List, ordersWhatItHolds) {
    std::array<Item, 4> items{{{1, {}}, {2, {}}, {3, {}}, {4, {}}}};
    Items list;
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.pop_front(), nullptr);
    list.push_back(items[1]);
    list.push_front(items[0]);
    list.push_back(items[3]);
    list.insert_before(items[3], items[2]);
    EXPECT_EQ(values(list), (std::vector{1, 2, 3, 4}));
    EXPECT_EQ(&list.front(), &items[0]);
    EXPECT_EQ(&list.back(), &items[3]);
    EXPECT_EQ(list.next_of(items[1]), &items[2]);
    EXPECT_EQ(list.previous_of(items[1]), &items[0]);
}

TEST(List, loopMayRemoveWhereItStands) {
    std::array<Item, 5> items{};
    Items list;
    for (int i = 0; i < 5; ++i) {
        items[i].value = i;
        list.push_back(items[i]);
    }
    for (Item& item : list) {
        if (item.value % 2 == 0)
            Items::remove(item);
    }
    EXPECT_EQ(values(list), (std::vector{1, 3}));
    EXPECT_FALSE(items[0].link.is_linked());
}

TEST(List, splices) {
    std::array<Item, 4> items{{{1, {}}, {2, {}}, {3, {}}, {4, {}}}};
    Items one, other;
    one.splice_back(other);
    EXPECT_TRUE(one.empty());
    other.push_back(items[0]);
    other.push_back(items[1]);
    one.splice_back(other);
    EXPECT_TRUE(other.empty());
    other.push_back(items[2]);
    other.push_back(items[3]);
    one.splice_back(other);
    EXPECT_EQ(values(one), (std::vector{1, 2, 3, 4}));
}

TEST(List, agreesWithAModel) {
    std::mt19937 random(1);
    std::array<Item, 32> items{};
    for (int i = 0; i < 32; ++i)
        items[i].value = i;
    Items list;
    std::deque<int> model;
    for (int step = 0; step < 20'000; ++step) {
        Item& item = items[random() % items.size()];
        if (item.link.is_linked()) {
            Items::remove(item);
            std::erase(model, item.value);
        } else if (random() % 2) {
            list.push_back(item);
            model.push_back(item.value);
        } else {
            list.push_front(item);
            model.push_front(item.value);
        }
    }
    EXPECT_EQ(values(list), std::vector(model.begin(), model.end()));
}

// Positive controls: what the checks are there for.
TEST(ListDeathTest, noticesDamage) {
    Item item, other;
    Items list;
    list.push_back(item);
    EXPECT_DEATH(list.push_back(item), "VERIFY failed");
    EXPECT_DEATH(Items::remove(other), "VERIFY failed");
    list.push_back(other);
    EXPECT_DEATH(
        {
            item.link.next = &item.link;
            Items::remove(item);
        },
        "VERIFY failed");
}

} // namespace
} // namespace base
