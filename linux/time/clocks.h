// SPDX-License-Identifier: BSD-2-Clause
// Clocks by Linux's numbers.
#pragma once

#include "abi/linux/time.h"
#include "base/result.h"
#include "base/units.h"

namespace linux {

class Process;

// Errors: inval.
Result<> check_time(TimeSpec time);
// A valid time as nanoseconds; the largest for one beyond the range.
Nanos to_nanos(TimeSpec time);
// The reading of a clock of any kind, CPU-time clocks of other processes included. Errors: inval.
Result<Nanos> read_clock(i32 clock);
// Whether a clock counts wall time, monotonic time (boot time too), or something else.
bool is_wall_clock(i32 clock);
bool is_monotonic_clock(i32 clock);
// A moment on a wall or monotonic clock as a moment of the monotonic one.
Nanos to_monotonic(i32 clock, Nanos moment);

} // namespace linux
