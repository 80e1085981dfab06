// SPDX-License-Identifier: BSD-2-Clause
// Restartable sequences (rseq(2)): the program's word that says which CPU it is on, and critical
// sections that are abandoned when it was preempted, moved or signalled.
#pragma once

#include "abi/linux/scheduling.h"
#include "linux/process/task.h"

namespace linux {

// Before return to the program: writes the CPU's number, abandons a section that was interrupted.
// SIGSEGV for a bad area.
void update_rseq(Task& task, arch::UserFrame& frame);

} // namespace linux
