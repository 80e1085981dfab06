// SPDX-License-Identifier: BSD-2-Clause
// The real-time clock of a PC (Motorola MC146818A data sheet, "Address map" and "Register A" to
// "Register D"). The century is in register 32h, as on every PC since ACPI.
#include "abi/component/component.h"
#include "abi/component/clock.h"
#include "abi/component/registers.h"
#include "base/calendar.h"

namespace rtc_cmos {

namespace {

using base::CalendarTime;
using component::Answer;
using component::Clock;
using component::Env;
using component::Request;

using Index = component::Register<0, u8>;
using Data = component::Register<1, u8>;
constexpr component::Window ports{};

namespace place {
constexpr u8 seconds = 0, minutes = 2, hours = 4, weekday = 6, day = 7, month = 8, year = 9,
             register_a = 0x0a, register_b = 0x0b, century = 0x32;
}
constexpr u8 update_in_progress = 0x80;               // of register A
constexpr u8 halted = 0x80, binary = 4, full_day = 2; // of register B
constexpr u8 afternoon = 0x80;                        // of hours, where a day has twice twelve
// An update takes 2 ms at most; a read of a port takes about a microsecond.
constexpr u32 most_looks = 10'000;
constexpr u32 most_reads = 20;

struct State {
    u32 service;
    u32 reserved;
};

enum Counter : u32 { count_reads, count_settings };

u8 read(Env& env, u8 at) {
    Index::write(env, ports, at);
    return Data::read(env, ports);
}
void write(Env& env, u8 at, u8 value) {
    Index::write(env, ports, at);
    Data::write(env, ports, value);
}

constexpr u32 from_bcd(u8 value) { return (value >> 4) * 10u + (value & 15); }
constexpr u8 to_bcd(u32 value) { return static_cast<u8>(value / 10 << 4 | value % 10); }

CalendarTime take_time(Env& env) {
    const u8 mode = read(env, place::register_b);
    const auto number = [&](u8 value) { return mode & binary ? value : from_bcd(value); };
    CalendarTime time{};
    time.second = number(read(env, place::seconds));
    time.minute = number(read(env, place::minutes));
    const u8 hours = read(env, place::hours);
    time.hour = number(mode & full_day ? hours : hours & ~afternoon);
    if (!(mode & full_day))
        time.hour = time.hour % 12 + (hours & afternoon ? 12 : 0);
    time.day = number(read(env, place::day));
    time.month = number(read(env, place::month));
    const u32 century = number(read(env, place::century));
    time.year =
        (century >= 19 && century <= 29 ? century : 20) * 100 + number(read(env, place::year));
    return time;
}

bool is_updating(Env& env) { return (read(env, place::register_a) & update_in_progress) != 0; }

// Errors: io (the clock does not hold still), inval.
Result<u64> read_time(Env& env) {
    CalendarTime before{};
    for (u32 tries = 0; tries < most_reads; ++tries) {
        for (u32 looks = 0; is_updating(env); ++looks) {
            if (looks == most_looks)
                return Failure(Errno::io);
        }
        const CalendarTime now = take_time(env);
        if (tries != 0 && now == before)
            return base::is_sound(now) ? Result<u64>(base::seconds_of(now)) : Failure(Errno::inval);
        before = now;
    }
    return Failure(Errno::io);
}

// Errors: inval.
Result<> set_time(Env& env, u64 seconds) {
    constexpr u64 end = base::seconds_of({2099, 12, 31, 23, 59, 59});
    if (seconds > end)
        return Failure(Errno::inval);
    const CalendarTime time = base::calendar_time_of(seconds);
    const u8 mode = read(env, place::register_b);
    const auto number = [&](u32 value) {
        return mode & binary ? static_cast<u8>(value) : to_bcd(value);
    };
    u8 hours = number(time.hour);
    if (!(mode & full_day)) {
        const u32 of_half = time.hour % 12 ? time.hour % 12 : 12;
        hours = static_cast<u8>(number(of_half) | (time.hour >= 12 ? afternoon : 0));
    }
    write(env, place::register_b, mode | halted);
    write(env, place::seconds, number(time.second));
    write(env, place::minutes, number(time.minute));
    write(env, place::hours, hours);
    write(env, place::weekday, number(static_cast<u32>((seconds / 86400 + 4) % 7 + 1)));
    write(env, place::day, number(time.day));
    write(env, place::month, number(time.month));
    write(env, place::year, number(time.year % 100));
    write(env, place::century, number(time.year / 100));
    write(env, place::register_b, mode & ~halted);
    return {};
}

Result<> start(Env& env) {
    State& state = env.arena<State>();
    state.service = TRY(env.offer<Clock>("rtc", {}));
    return {};
}
Result<> resume(Env&) { return {}; }
Result<> quiesce(Env&) { return {}; }
void stop(Env&) {}

Answer submit(Env& env, const Request& request) {
    switch (static_cast<Clock::Operation>(request.operation)) {
    case Clock::Operation::read_time: {
        env.count(count_reads);
        const Result<u64> time = read_time(env);
        return time ? Answer::done(*time) : Answer::failed(time.error());
    }
    case Clock::Operation::set_time: {
        env.count(count_settings);
        const Result<> set = set_time(env, request.arguments[0]);
        return set ? Answer::done() : Answer::failed(set.error());
    }
    }
    return Answer::failed(Errno::opnotsupp);
}

constexpr component::InterfaceId offers[] = {component::InterfaceId::clock};
constexpr const char* counters[] = {"reads", "settings"};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::platform, .name = "rtc_cmos"},
};

consteval component::Descriptor make_descriptor() {
    return component::describe<State>("rtc_cmos", {1, 0, 0}, component::Traits::never_waits,
                                      {.start = start,
                                       .resume = resume,
                                       .quiesce = quiesce,
                                       .stop = stop,
                                       .submit = submit})
        .matching(matches)
        .offering(offers)
        .counting(counters);
}

} // namespace

} // namespace rtc_cmos

COMPONENT_DESCRIPTOR(rtc_cmos) = rtc_cmos::make_descriptor();
