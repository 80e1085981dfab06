// SPDX-License-Identifier: BSD-2-Clause
// timerfd: what the rest of the kernel must know of it.
#pragma once

namespace linux {

// The wall clock was set (clock_settime, settimeofday, adjtimex steps): timers on it are armed anew
// and those with TFD_TIMER_CANCEL_ON_SET are cancelled. Process context.
void wall_clock_was_set();

} // namespace linux
