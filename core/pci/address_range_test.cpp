// SPDX-License-Identifier: BSD-2-Clause
// links: host/test/base_port.cpp
#include "core/pci/address_range.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace core {
namespace {

TEST(AddressRange, FindsTheLowestAlignedPlace) {
    const AddressRange taken[] = {{0x1000, 0x1800}, {0x3000, 0x4000}};
    EXPECT_EQ(find_free_addresses({0x1000, 0x8000}, 0x1000, taken), 0x2000u);
    EXPECT_EQ(find_free_addresses({0x1000, 0x8000}, 0x800, taken), 0x1800u);
    EXPECT_EQ(find_free_addresses({0x1000, 0x8000}, 0x4000, taken), 0x4000u);
    EXPECT_EQ(find_free_addresses({0x1000, 0x7000}, 0x4000, taken), 0u);
    EXPECT_EQ(find_free_addresses({0x1234, 0x3000}, 0x1000, {}), 0x2000u);
}

TEST(AddressRange, RefusesWhatCannotBe) {
    EXPECT_EQ(find_free_addresses({0x2000, 0x2000}, 16, {}), 0u);
    EXPECT_EQ(find_free_addresses({0x3000, 0x2000}, 16, {}), 0u);
    EXPECT_EQ(find_free_addresses({0x1000, 0x2000}, 0, {}), 0u);
    EXPECT_EQ(find_free_addresses({~u64{0} - 0xfff, ~u64{0}}, 0x1000, {}), 0u);
    const AddressRange all[] = {{0, ~u64{0}}};
    EXPECT_EQ(find_free_addresses({0x1000, 0x100000}, 0x1000, all), 0u);
}

TEST(AddressRange, NeverOverlapsAndFindsWhatThereIs) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::vector<AddressRange> taken;
        for (u64 i = random() % 12; i != 0; --i) {
            const u64 start = random() % 0x4000;
            taken.push_back({start, start + random() % 0x800});
        }
        const AddressRange within{random() % 0x1000, 0x1000 + random() % 0x4000};
        const u64 length = u64{1} << (4 + random() % 9);
        u64 wanted = 0;
        for (u64 place = (within.start + length - 1) & ~(length - 1);
             wanted == 0 && place != 0 && place + length <= within.end; place += length) {
            bool is_free = true;
            for (const AddressRange& range : taken)
                is_free &= !range.overlaps({place, place + length});
            wanted = is_free ? place : 0;
        }
        const u64 found = find_free_addresses(within, length, taken);
        if (within.start != 0) // 0 says that there is none
            ASSERT_EQ(found, wanted) << "round " << round;
    }
}

} // namespace
} // namespace core
