// SPDX-License-Identifier: BSD-2-Clause
// Filters on system calls (seccomp(2)): strict mode and classic BPF programs.
#pragma once

#include "linux/process/task.h"

namespace linux {

// The child of a fork has its parent's filters.
void share_call_filter(Task& child, const Task& parent);
// A task ends.
void drop_call_filter(Task& task);
// 0 none, 1 strict, 2 filter: PR_GET_SECCOMP, /proc/PID/status.
u32 call_filter_mode(const Task& task);
// PR_SET_SECCOMP. Errors: as prctl(2).
Result<u64> set_call_filter_mode(u64 mode, u64 program);

// What a filter says of a call about to be made.
struct FilterVerdict {
    bool allowed;
    i64 result; // of the call, when it is not
};
FilterVerdict filter_call(Task& task, const arch::UserFrame& frame);

} // namespace linux
