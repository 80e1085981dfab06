// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "base/types.h"

namespace arch {

// First CPU, once: sets the scale of core::now() and the APIC timer's rate. At most a millisecond.
void calibrate_clocks();
// Seconds since 1970 by the battery clock; 0 if there is none.
i64 read_wall_clock();

} // namespace arch
