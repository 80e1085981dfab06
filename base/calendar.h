// SPDX-License-Identifier: BSD-2-Clause
// The Gregorian calendar from 1970 on, without leap seconds, as clocks and system calls count it.
#pragma once

#include "base/types.h"

namespace base {

inline constexpr u64 seconds_in_day = 86400;

// Months and days count from 1.
struct CalendarTime {
    u32 year, month, day, hour, minute, second;
    constexpr bool operator==(const CalendarTime&) const = default;
};

constexpr bool is_leap_year(u32 year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
constexpr u32 days_in_month(u32 year, u32 month) {
    constexpr u8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

// The other functions take what is this.
constexpr bool is_sound(const CalendarTime& time) {
    return time.year >= 1970 && time.year <= 2999 && time.month >= 1 && time.month <= 12 &&
           time.day >= 1 && time.day <= days_in_month(time.year, time.month) && time.hour < 24 &&
           time.minute < 60 && time.second < 60;
}

// From 1970-01-01 to the first day of `year`.
constexpr u64 days_before_year(u32 year) {
    const u64 last = year - 1;
    return (year - 1970) * u64{365} + (last / 4 - 1969 / 4) - (last / 100 - 1969 / 100) +
           (last / 400 - 1969 / 400);
}
constexpr u64 seconds_of(const CalendarTime& time) {
    u64 days = days_before_year(time.year) + time.day - 1;
    for (u32 month = 1; month < time.month; ++month)
        days += days_in_month(time.year, month);
    return ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second;
}
constexpr CalendarTime calendar_time_of(u64 seconds) {
    u64 days = seconds / seconds_in_day;
    const u32 rest = static_cast<u32>(seconds % seconds_in_day);
    CalendarTime time{1970, 1, 0, rest / 3600, rest / 60 % 60, rest % 60};
    while (days_before_year(time.year + 1) <= days)
        ++time.year;
    days -= days_before_year(time.year);
    for (; days >= days_in_month(time.year, time.month); ++time.month)
        days -= days_in_month(time.year, time.month);
    time.day = static_cast<u32>(days) + 1;
    return time;
}
static_assert(seconds_of({2000, 3, 1, 0, 0, 0}) == 951868800);
static_assert(calendar_time_of(951868799) == CalendarTime{2000, 2, 29, 23, 59, 59});

} // namespace base
