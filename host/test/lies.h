// SPDX-License-Identifier: BSD-2-Clause
// Lies a device may tell: each recorded register read of a run is corrupted in each of these ways,
// one at a time, and the run repeated. What must hold: no access outside what the driver owns (the
// sanitizers and the home watch), no endless loop, and the instance works, refuses or ends.
#pragma once

#include "host/test/home.h"

namespace host_test {

inline constexpr u32 lie_kinds = 9;

// The value of kind `kind` instead of `value`; `former` is what the read before it gave.
inline u64 corrupted(u32 kind, u64 value, u32 width, u64 number, u64 former) {
    const u64 ones = width >= 8 ? ~u64{0} : (u64{1} << (8 * width)) - 1;
    switch (kind) {
    case 0: return 0;
    case 1: return ones;
    case 2: return value ^ (u64{1} << (number % (8 * width)));
    case 3: return value + 1;
    case 4: return (number * 0x9e37'79b9'7f4a'7c15) & ones;
    case 5: return ones / 2;
    case 6: return value << 4 & ones;
    case 7: return former & ones; // stale
    default: return value - 1;
    }
}

// A lie about read `target` only, or about all from there on when `for_good`.
inline RegisterLie lie_about(u64 target, u32 kind, bool for_good = false) {
    return [=, former = u64{0}](u64 number, u64 value, u32 width) mutable {
        const bool now = for_good ? number >= target : number == target;
        const u64 told = now ? corrupted(kind, value, width, number, former) : value;
        former = value;
        return told;
    };
}

} // namespace host_test
