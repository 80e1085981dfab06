// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "linux/process/process_table.h"

namespace linux {

// Tells an address space the limits it keeps to. After exec, fork and prlimit.
void apply_space_limits(const Process& process, core::AddressSpace& space);
// The first process: limits that depend on the size of memory; also the system's number of tasks.
void set_default_task_limits(Process& process);

} // namespace linux
