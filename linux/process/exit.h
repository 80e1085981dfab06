// SPDX-License-Identifier: BSD-2-Clause
// The end of tasks and processes.
#pragma once

#include "linux/process/process_table.h"

namespace linux {

// Ends the calling task; its process with it when it is the last. `status` as wait(2) reports it.
[[noreturn]] void exit_task(i32 status);
// Ends all tasks of the current process. If the process ends already, with that status instead.
[[noreturn]] void end_process(i32 status);

// Removes a zombie from its parent, group and table, with the table's lock held; the caller drops
// the returned reference after it dropped the lock.
[[nodiscard]] Ref<Process> reap_locked(Process& zombie);
// An exit status as siginfo has it: CLD_EXITED, CLD_KILLED or CLD_DUMPED and the number.
struct ChildReport {
    i32 code, status;
};
ChildReport report_of(i32 exit_status);

// Writes 0 where clone or set_tid_address asked for it, and wakes who waits there.
void release_clear_child_tid(Task& task);
// linux/futex: marks and wakes the robust futexes a task holds; the memory is still there.
void release_robust_list(Task& task);
void wake_address(UserVirt address, u32 count);

// Wakes a parent that waits in vfork for this task's exec or exit.
void finish_vfork(Task& task);

} // namespace linux
