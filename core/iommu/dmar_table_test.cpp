// SPDX-License-Identifier: BSD-2-Clause
// links: core/iommu/dmar_table.cpp host/test/base_port.cpp
#include "core/iommu/dmar_table.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace {

using core::DmarScope;
using core::DmarTable;
using namespace std::string_literals;

template <typename T>
std::string raw(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string scope(char kind, u8 bus, const std::string& path) {
    return kind + std::string(1, static_cast<char>(6 + path.size())) + "\0\0\0"s +
           static_cast<char>(bus) + path;
}

std::string entry(u16 type, const std::string& body) {
    return raw(type) + raw(static_cast<u16>(4 + body.size())) + body;
}
std::string unit(u8 flags, u64 registers, const std::string& scopes = "", u16 segment = 0) {
    return entry(0, raw(flags) + "\0"s + raw(segment) + raw(registers) + scopes);
}
std::string region(u64 start, u64 last, const std::string& scopes) {
    return entry(1, "\0\0\0\0"s + raw(start) + raw(last) + scopes);
}

// Of exact size, for the sanitizer.
std::vector<u8> table(const std::string& entries) {
    const std::string whole = "DMAR"s + std::string(44, '\0') + entries;
    return {whole.begin(), whole.end()};
}

TEST(DmarTable, TellsOfUnitsAndRegions) {
    DmarTable parsed;
    const auto bytes = table(unit(0, 0xfed9'0000, scope(1, 0, "\x02\0"s)) +
                             unit(1, 0xfed9'1000, scope(3, 0xf0, "\x1f\x07"s)) +
                             unit(0, 0xfed9'2000, "", 1) + entry(9, "what is to come") +
                             region(0x7b00'0000, 0x7b00'ffff,
                                    scope(1, 0, "\x14\0"s) + scope(2, 0, "\x1c\x01\0\0"s)));
    ASSERT_TRUE(parsed.parse(bytes).has_value());
    ASSERT_EQ(parsed.units().size(), 2u); // not that of another segment
    EXPECT_EQ(parsed.units()[0].registers, 0xfed9'0000u);
    EXPECT_FALSE(parsed.units()[0].has_all_others);
    ASSERT_EQ(parsed.units()[0].scopes.size(), 1u);
    EXPECT_EQ(parsed.units()[0].scopes[0].path[0].device, 2);
    EXPECT_TRUE(parsed.units()[1].has_all_others);
    EXPECT_TRUE(parsed.units()[1].scopes.empty()); // an interrupt controller is no device
    ASSERT_EQ(parsed.regions().size(), 1u);
    EXPECT_EQ(parsed.regions()[0].start, 0x7b00'0000u);
    EXPECT_EQ(parsed.regions()[0].end, 0x7b01'0000u);
    ASSERT_EQ(parsed.regions()[0].scopes.size(), 2u);
    EXPECT_EQ(parsed.regions()[0].scopes[1].kind, DmarScope::Kind::bridge);
    EXPECT_EQ(parsed.regions()[0].scopes[1].depth, 2);
    EXPECT_EQ(parsed.regions()[0].scopes[1].path[0].function, 1);
}

TEST(DmarTable, RefusesWhatDoesNotFitTogether) {
    const std::string damaged[] = {
        "\0"s,
        raw(u16{0}) + raw(u16{3}),                                  // shorter than its own header
        raw(u16{0}) + raw(u16{40}) + std::string(30, 0),            // runs over the end
        unit(1, 0),                                                 // registers nowhere
        unit(1, 0xfed9'0800),                                       // or within a page
        entry(0, "\1\0\0\0"s),                                      // no room for an address
        unit(0, 0xfed9'0000, "\x01\x05\0\0\0"s),                    // a scope without a bus
        unit(0, 0xfed9'0000, "\x01\x06\0\0\0\0"s),                  // without a path
        unit(0, 0xfed9'0000, "\x01\x09\0\0\0\0\0\0\0"s),            // with half a step
        unit(0, 0xfed9'0000, "\x01\x20\0\0\0\0\0\0"s),              // over the unit's end
        unit(0, 0xfed9'0000, scope(1, 0, "\x20\0"s)),               // no such device
        region(0x8000, 0x7fff, ""), region(0x8000, 0x8ffe, ""),     // no whole pages
        region(0x8000, 0xffff'ffff'ffff'ffff, ""),
    };
    for (const std::string& entries : damaged) {
        DmarTable parsed;
        const auto outcome = parsed.parse(table(entries));
        ASSERT_FALSE(outcome.has_value()) << testing::PrintToString(entries);
        EXPECT_EQ(outcome.error(), base::Errno::proto);
    }
    DmarTable parsed;
    EXPECT_FALSE(parsed.parse(std::vector<u8>(47)).has_value());
    std::string many;
    for (u64 i = 1; i <= DmarTable::most_units + 1; ++i)
        many += unit(0, i << 12);
    EXPECT_EQ(parsed.parse(table(many)).error(), base::Errno::nospc);
    EXPECT_EQ(parsed.parse(table(unit(0, 4096, scope(2, 0, std::string(10, 1))))).error(),
              base::Errno::nospc);
}

TEST(DmarTable, SurvivesAnything) {
    std::mt19937 random(5);
    const std::string sound = unit(0, 0xfed9'0000, scope(1, 0, "\x02\0"s)) +
                              region(0x7b00'0000, 0x7b00'ffff, scope(2, 0, "\x1c\x01\0\0"s)) +
                              unit(1, 0xfed9'1000);
    int refused = 0;
    for (int round = 0; round < 20000; ++round) {
        auto bytes = table(sound);
        for (u32 changes = random() % 4 + 1; changes != 0; --changes)
            bytes[48 + random() % (bytes.size() - 48)] = static_cast<u8>(random());
        bytes.resize(bytes.size() - random() % 3 * (random() % 20));
        DmarTable parsed;
        if (!parsed.parse(std::vector<u8>(bytes)).has_value()) {
            ++refused;
            continue;
        }
        for (const DmarTable::Unit& found : parsed.units()) {
            for (const DmarScope& one : found.scopes)
                ASSERT_TRUE(one.depth >= 1 && one.depth <= 4);
        }
    }
    EXPECT_GT(refused, 1000);
}

} // namespace
