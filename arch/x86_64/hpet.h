// SPDX-License-Identifier: BSD-2-Clause
// The High Precision Event Timer's main counter, to measure other clocks against (IA-PC HPET
// specification 1.0a). Its comparators are not used: the local APIC has the timers.
#pragma once

#include "base/types.h"

namespace arch {

// First CPU, once: maps the registers at this physical address and has the counter count. False if
// there is none, or if what stands there is not one; then neither of the others may be called.
bool start_hpet(u64 physical);
// Ticks in a second.
u64 hpet_rate();
// Counts up and wraps. Any context.
u32 hpet_count();

} // namespace arch
