// SPDX-License-Identifier: BSD-2-Clause
// Clocks and timers of Linux's ABI (include/uapi/linux/time.h, timex.h, times.h).
#pragma once

#include "abi/linux/types.h"

namespace linux {

namespace clock_id {
inline constexpr i32 realtime = 0, monotonic = 1, process_cpu = 2, thread_cpu = 3;
inline constexpr i32 monotonic_raw = 4, realtime_coarse = 5, monotonic_coarse = 6, boottime = 7;
inline constexpr i32 realtime_alarm = 8, boottime_alarm = 9, sgi_cycle = 10, tai = 11;
} // namespace clock_id

inline constexpr u32 timer_absolute = 1; // TIMER_ABSTIME

struct IntervalTimerValue {
    TimeVal interval;
    TimeVal value;
};
struct IntervalTimerSpec {
    TimeSpec interval;
    TimeSpec value;
};
namespace interval_timer {
inline constexpr i32 real = 0, virtual_ = 1, profile = 2;
} // namespace interval_timer

struct TimeZone {
    i32 minutes_west;
    i32 daylight;
};

// struct tms, in ticks of USER_HZ.
struct ProcessTimes {
    i64 user, system, children_user, children_system;
};
inline constexpr u64 ticks_per_second = 100;

// struct __kernel_timex.
struct TimeAdjustment {
    u32 modes, padding0;
    i64 offset, frequency, maximum_error, estimated_error;
    i32 status, padding1;
    i64 constant, precision, tolerance;
    TimeVal time;
    i64 tick, pps_frequency, jitter;
    i32 shift, padding2;
    i64 stability, jitter_count, calibration_count, error_count, stability_count;
    i32 tai;
    i32 padding3[11];
};
static_assert(sizeof(TimeAdjustment) == 208);

} // namespace linux
