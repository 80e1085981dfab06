// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "base/types.h"

namespace arch {

// First CPU, once the scheduler can take others: starts up to `limit` CPUs in all and waits for
// them. How many run then, this one included.
u32 start_other_cpus(u32 limit);

} // namespace arch
