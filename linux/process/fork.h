// SPDX-License-Identifier: BSD-2-Clause
// Making tasks: fork, vfork, clone, clone3 ask for the same thing in different forms.
#pragma once

#include "linux/process/process_table.h"

namespace linux {

struct CloneRequest {
    u64 flags = 0;      // clone_flag::*, without the exit signal
    i32 exit_signal = 0;
    u64 stack = 0;      // the child's stack pointer; 0: as the parent's
    u64 tls = 0;
    u64 parent_tid = 0; // user addresses
    u64 child_tid = 0;
    u64 pidfd = 0;
    Pid set_tid = 0;    // 0: the next free number
};

// A copy of the current task as `request` says, made runnable. Returns its tid. With
// clone_flag::vfork returns once it has executed or ended. Errors: as clone(2).
Result<Pid> clone_task(const CloneRequest& request);

// The vfork handshake; both sides hold a reference.
struct VforkWaiter : RefCounted<VforkWaiter> {
    std::atomic<bool> done{false};
    core::WaitQueue queue;
};

} // namespace linux
