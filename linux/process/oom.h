// SPDX-License-Identifier: BSD-2-Clause
// When memory is short and nothing can be reclaimed: one process is ended for the others.
#pragma once

#include "linux/process/process.h"

namespace linux {

// Chooses a victim and kills it; returns at once, the memory comes back as it ends. While an
// earlier victim is still ending, chooses no other. Panics when there is none left to choose.
// Process context, no address-space lock held.
void out_of_memory();
// How likely a process is chosen, 0 to 2000 (/proc/PID/oom_score); 0 for those that cannot be.
u32 oom_score(Process& process);

} // namespace linux
