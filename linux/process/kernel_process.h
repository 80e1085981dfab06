// SPDX-License-Identifier: BSD-2-Clause
// Processes that no program has made: the first one, and helpers, programs that the kernel runs for
// itself (modprobe).
#pragma once

#include "linux/process/process_table.h"

namespace linux {

// A process of root's with nothing open, in no tree and no group yet, and its task, whose thread is
// to be started once it is. `run` executes a program or ends the process. Errors: nomem.
Result<Ref<core::Thread>> make_kernel_process(const char* name, Pid pid, FirstRun run,
                                              Ref<FileContext> context);

// Enters the first task of a process that has a number and, unless it is the first, a parent. The
// table's lock and the process's signals' are held.
void enter_leader(Process& process, Task& task, ProcessGroup& group);

// Runs a program where process 1 has its root, and waits for its end. The lists are of C strings
// and end with null. Answers the exit status as wait(2) has it. Errors: as execve(2); nomem, again
// (no number is free); intr (the caller is being killed; the program goes on). Process context.
Result<i32> run_helper(std::string_view path, const char* const* arguments,
                       const char* const* environment);

} // namespace linux
