// SPDX-License-Identifier: BSD-2-Clause
// links: arch/x86_64/hot_plug_buses.cpp host/test/base_port.cpp
#include "arch/x86_64/hot_plug_buses.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace {

using arch::find_hot_plug_buses;
using arch::HotPlugBus;
using namespace std::string_literals;

std::string word(u32 value) { return "\x0c"s + std::string(reinterpret_cast<char*>(&value), 4); }

std::string device(const std::string& name, u32 address, const std::string& body) {
    const std::string inside = name + "\x08_ADR"s + word(address) + body;
    const u32 length = static_cast<u32>(inside.size()) + 2; // a length of two bytes
    return "\x5b\x82"s + static_cast<char>(0x40 | (length & 15)) +
           static_cast<char>(length >> 4) + inside;
}

std::vector<HotPlugBus> found_in(const std::string& code) {
    std::vector<HotPlugBus> into(4);
    const std::vector<u8> bytes(code.begin(), code.end()); // of exact size, for the sanitizer
    into.resize(find_hot_plug_buses(bytes, into));
    return into;
}

TEST(HotPlugBuses, FindsTheFirstBusAndThoseBehindBridges) {
    const auto found =
        found_in("\x10\x20PCI0\x08" "BSEL\0"s + device("S08_", 0x10000, "\x08_SUN\x01"s) +
                 device("S10_", 0x20003,
                        "\x08" "BSEL\x0a\x05"s + device("S00_", 0, "\x08" "BSEL\x01"s)) +
                 device("S18_", 0x30000, ""));
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].selector, 0u);
    EXPECT_EQ(found[0].depth, 0u);
    EXPECT_EQ(found[1].selector, 5u);
    ASSERT_EQ(found[1].depth, 1u);
    EXPECT_EQ(found[1].path[0], 2 << 3 | 3);
    EXPECT_EQ(found[2].selector, 1u);
    ASSERT_EQ(found[2].depth, 2u);
    EXPECT_EQ(found[2].path[1], 0);
}

TEST(HotPlugBuses, TakesNothingUnsound) {
    EXPECT_TRUE(found_in("").empty());
    EXPECT_TRUE(found_in("\x08" "BSE"s).empty());
    EXPECT_TRUE(found_in("\x08" "BSEL\x0c\x01"s).empty());
    std::string deep = "\x08" "BSEL\x01"s;
    for (int i = 0; i < 6; ++i)
        deep = device("S00_", 0, deep);
    EXPECT_TRUE(found_in(deep).empty());
}

TEST(HotPlugBuses, SurvivesAnything) {
    std::mt19937 random(3);
    for (int round = 0; round < 20000; ++round) {
        std::string code(random() % 64, 0);
        static const std::string pieces[] = {"\x5b\x82"s, "\x08_ADR"s, "\x08" "BSEL"s, "\x0c"s};
        for (char& c : code)
            c = static_cast<char>(random());
        code.insert(random() % (code.size() + 1), pieces[random() % 4]);
        code.insert(random() % (code.size() + 1), pieces[random() % 4]);
        for (const HotPlugBus& bus : found_in(code))
            ASSERT_LE(bus.depth, 4u);
    }
}

} // namespace
