// SPDX-License-Identifier: BSD-2-Clause
// Open files that stand for a process.
#pragma once

#include "linux/process/process.h"

namespace linux {

// A pidfd for `process` in the lowest free slot of the current task, close-on-exec. `non_block`:
// PIDFD_NONBLOCK. Errors: mfile, nomem.
Result<u32> install_pidfd(Ref<Process> process, bool non_block);
// The process behind an fd of the current task. Errors: badf (also for other kinds of file).
Result<Ref<Process>> process_of_pidfd(u32 fd, bool& non_block);

} // namespace linux
