// SPDX-License-Identifier: BSD-2-Clause
// The driver against a pretended clock, in each of its modes, truthful and lying.
#include <ctime>

#include <gtest/gtest.h>

#include "abi/component/clock.h"
#include "host/test/lies.h"

extern "C" const component::Descriptor pith_component_rtc_cmos;

namespace {

using namespace host_test;

class FakeClock : public FakeDevice {
public:
    explicit FakeClock(u8 mode) { cells[0x0b] = mode; }

    u8 cells[128] = {};
    bool updates_for_ever = false;
    bool ticks_for_ever = false;
    u32 written_while_running = 0;

    u8 digits(u32 value) const {
        return static_cast<u8>(cells[0x0b] & 4 ? value : value / 10 * 16 + value % 10);
    }
    void show(i64 seconds) {
        tm is{};
        const time_t time = seconds;
        gmtime_r(&time, &is);
        cells[0] = digits(static_cast<u32>(is.tm_sec));
        cells[2] = digits(static_cast<u32>(is.tm_min));
        const u32 hour = static_cast<u32>(is.tm_hour);
        cells[4] =
            cells[0x0b] & 2
                ? digits(hour)
                : static_cast<u8>(digits(hour % 12 ? hour % 12 : 12) | (hour >= 12 ? 0x80 : 0));
        cells[6] = digits(static_cast<u32>(is.tm_wday) + 1);
        cells[7] = digits(static_cast<u32>(is.tm_mday));
        cells[8] = digits(static_cast<u32>(is.tm_mon) + 1);
        cells[9] = digits(static_cast<u32>(is.tm_year) % 100);
        cells[0x32] = digits(static_cast<u32>(is.tm_year + 1900) / 100);
    }

    u64 read(u32, u64 offset, u32) override {
        if (offset == 0)
            return index_;
        if (index_ == 0x0a)
            return updates_for_ever ? 0x80 : 0x26;
        if (index_ == 0 && ticks_for_ever)
            cells[0] = digits((++ticks_) % 60);
        return cells[index_ & 127];
    }
    void write(u32, u64 offset, u32, u64 value) override {
        if (offset == 0) {
            index_ = static_cast<u8>(value);
            return;
        }
        const bool halted = (cells[0x0b] & 0x80) != 0;
        written_while_running += index_ != 0x0b && !halted;
        cells[index_ & 127] = static_cast<u8>(value);
    }
    std::vector<component::WindowInfo> windows() const override { return {{2, 2, 0}}; }

private:
    u8 index_ = 0;
    u32 ticks_ = 0;
};

constexpr i64 moments[] = {0,
                           951'782'400,
                           951'868'799,
                           1'078'012'800,
                           1'709'210'096,
                           1'735'689'599,
                           1'735'689'600,
                           1'735'732'800,
                           4'102'444'799};

// Parameter: register B: binary or BCD, 24 hours or twice 12.
class RtcCmos : public testing::TestWithParam<u8> {
protected:
    Answered ask(u16 operation, u64 seconds = 0) {
        return home.answer(home.submit(operation, {seconds}));
    }
    DeviceMemory memory;
    FakeClock clock{GetParam()};
    Home home{pith_component_rtc_cmos, &clock, memory};
};

TEST_P(RtcCmos, readsWhatTheClockShows) {
    ASSERT_TRUE(home.start());
    for (const i64 moment : moments) {
        clock.show(moment);
        const Answered answer = ask(0);
        EXPECT_EQ(answer.status, 0);
        EXPECT_EQ(answer.value, static_cast<u64>(moment));
    }
}

TEST_P(RtcCmos, setsIt) {
    ASSERT_TRUE(home.start());
    for (const i64 moment : moments) {
        EXPECT_EQ(ask(1, static_cast<u64>(moment)).status, 0);
        FakeClock wanted(GetParam());
        wanted.show(moment);
        for (const u32 cell : {0, 2, 4, 6, 7, 8, 9, 0x32, 0x0b})
            EXPECT_EQ(clock.cells[cell], wanted.cells[cell]) << moment << " cell " << cell;
        EXPECT_EQ(ask(0).value, static_cast<u64>(moment));
    }
    EXPECT_EQ(clock.written_while_running, 0u);
    EXPECT_EQ(ask(1, u64{1} << 40).status, static_cast<i32>(Errno::inval));
    EXPECT_EQ(ask(1, ~u64{0}).status, static_cast<i32>(Errno::inval));
    EXPECT_EQ(ask(9).status, static_cast<i32>(Errno::opnotsupp));
}

TEST_P(RtcCmos, whatIsNoTimeIsRefused) {
    ASSERT_TRUE(home.start());
    clock.show(1'709'210'096);
    for (const auto& [cell, value] : {std::pair<u32, u8>{8, 0}, {8, 0x13}, {7, 0x32}, {0, 0x60}}) {
        const u8 before = clock.cells[cell];
        clock.cells[cell] =
            GetParam() & 4 ? static_cast<u8>((value >> 4) * 10 + (value & 15)) : value;
        EXPECT_EQ(ask(0).status, static_cast<i32>(Errno::inval)) << cell;
        clock.cells[cell] = before;
    }
}

TEST_P(RtcCmos, doesNotWaitForEver) {
    ASSERT_TRUE(home.start());
    clock.show(1'709'210'096);
    clock.updates_for_ever = true;
    EXPECT_EQ(ask(0).status, static_cast<i32>(Errno::io));
    clock.updates_for_ever = false;
    clock.ticks_for_ever = true;
    EXPECT_EQ(ask(0).status, static_cast<i32>(Errno::io));
    EXPECT_LT(home.register_reads, 20'000u);
}

TEST_P(RtcCmos, lyingRegisters) {
    for (u64 target = 0; target < 40; ++target) {
        for (u32 kind = 0; kind < 2 * lie_kinds; ++kind) {
            FakeClock liar(GetParam());
            liar.show(1'709'210'096);
            Home victim(pith_component_rtc_cmos, &liar, memory);
            victim.lie = lie_about(target, kind % lie_kinds, kind >= lie_kinds);
            ASSERT_TRUE(victim.start());
            const Answered answer = victim.answer(victim.submit(0, {}));
            // A single lie shows, as a time is read twice; unless it is about how it is written.
            EXPECT_TRUE(answer.status != 0 || answer.value < u64{1} << 36);
            (void)victim.submit(1, {1'709'210'096});
            ASSERT_FALSE(victim.broke_contract());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Modes, RtcCmos, testing::Values(0, 2, 4, 6));

} // namespace
