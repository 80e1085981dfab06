// SPDX-License-Identifier: BSD-2-Clause
// The shared object that the kernel puts into every program, and the clock page it reads. Both are
// the same frames for all programs: object page 0 is the clock page, page 1 the code.
#pragma once

#include "base/result.h"
#include "base/types.h"
#include "core/vm/address_space.h"

namespace linux {

// What vdso_image.S reads; nanoseconds = ((cycles - base) * multiplier) >> shift. `sequence` is odd
// while the rest changes.
struct ClockPage {
    std::atomic<u32> sequence;
    u32 usable; // 0: the programs have to call
    u64 base;
    u64 multiplier;
    i64 wall_offset;
    u32 shift;
    i32 minutes_west;
    i32 daylight;
};
static_assert(offsetof(ClockPage, wall_offset) == 24 && offsetof(ClockPage, daylight) == 40);

// Makes the frames. Once, at start. Errors: nomem.
Result<> start_vdso();
// The clocks' parameters changed (clock_settime, settimeofday). Process context.
void update_clock_page();
void set_time_zone(i32 minutes_west, i32 daylight);
void get_time_zone(i32& minutes_west, i32& daylight);

// Maps it anywhere in `space`; returns the address of its ELF header. Errors: nomem.
Result<u64> map_vdso(core::AddressSpace& space);

} // namespace linux
