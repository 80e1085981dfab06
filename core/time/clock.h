// SPDX-License-Identifier: BSD-2-Clause
// Clocks. The monotonic clock counts nanoseconds since boot; the wall clock is it plus an offset
// that clock_settime may change. Any context.
#pragma once

#include <atomic>

#include "base/units.h"

namespace core {

// The scale of the cycle counter, fixed once at boot: nanoseconds = (cycles * multiplier) >> shift.
struct ClockScale {
    u64 base_cycles = 0;
    u64 multiplier = 1;
    u32 shift = 0;
};
const ClockScale& clock_scale();
void set_clock_scale(u64 cycles_per_second);

// Nanoseconds since boot, monotonic.
Nanos now();
Nanos cycles_to_nanos(u64 cycles);
u64 nanos_to_cycles(Nanos nanos);

// Nanoseconds since 1970-01-01 UTC.
Nanos wall_now();
// Sets the wall clock; timers on it are told through wall_clock_changes().
void set_wall_clock(Nanos now_since_epoch);
// Counts settings of the wall clock (TFD_TIMER_CANCEL_ON_SET).
u64 wall_clock_changes();
// wall = monotonic + offset.
i64 wall_offset();

} // namespace core
