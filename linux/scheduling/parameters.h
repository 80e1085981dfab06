// SPDX-License-Identifier: BSD-2-Clause
// Scheduling policies in Linux's terms.
#pragma once

#include "abi/linux/scheduling.h"
#include "linux/process/process_table.h"

namespace linux {

// What a new task gets from its parent (SCHED_RESET_ON_FORK looked at). The child has not started.
void inherit_scheduling(core::Thread& child, const Task& parent);
// policy::* of a thread, and the priority field of /proc/PID/stat.
i32 policy_of(const core::Thread& thread);
i32 nice_of(const core::Thread& thread);
// The task a call names: the current one for 0. Errors: srch.
Result<TaskRef> task_named(Pid tid);

} // namespace linux
