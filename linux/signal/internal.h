// SPDX-License-Identifier: BSD-2-Clause
// What the files of linux/signal and the end of a process share. `_locked`: the process's
// signals.lock is held.
#pragma once

#include "linux/process/process.h"
#include "linux/signal/send.h"

namespace linux {

using SignalEntries = List<QueuedSignal, &QueuedSignal::link>;

// Every task of the process ends with `status` (as wait(2) reports it), unless it already ends with
// another. Any context.
void begin_group_exit_locked(Process& process, i32 status);

// One task has to end. Any context.
void doom_locked(Task& task);
// `leaving` will not take these process-wide signals any more: wakes others that can.
void retarget_locked(Task& leaving, SignalSet which);

// Recomputes thread_work::interrupt of a task from what is pending. By the task itself.
void update_due_locked(Task& task);
// True if something is pending that the task would take now.
bool has_due_locked(const Task& task);

// Ends a job-control stop of one task, if it is in one; the caller wakes ProcessSignals::resumed.
void release_from_stop(Task& task);
// The current task stops with its group because of `number`, or because another task took that
// signal; returns after SIGCONT or SIGKILL, with the lock held again.
void take_part_in_stop(Process& process, i32 number);
// A task leaves (exit) while a stop is under way; true if the stop is complete by that.
bool leave_stop_locked(Task& task);
// Tells the parent of a stop or continuation (code: CLD_STOPPED, CLD_CONTINUED). Process context;
// takes the table's lock.
void tell_parent(Process& process, i32 code);

// Takes the next signal in `wanted` that is pending to the current task; 0 if none. The entry is to
// be released after the lock was dropped.
i32 take_next_locked(Task& task, SignalSet wanted, SigInfo& info, QueuedSignal*& entry);
// After the lock was dropped: frees the entry, lets a POSIX timer go on.
void finish_taking(Process& process, QueuedSignal* entry, SigInfo& info);

// Queues the entry of a POSIX timer; false if it waits already, or nobody wants it. Any context.
bool send_timer_signal(Process& process, Task* task, QueuedSignal& entry);

// The timer goes: takes its entry out of whichever queue holds it.
void forget_timer_signal(Process& process, QueuedSignal& entry);

// linux/signal/x86_64/frame.cpp: makes the program run a handler. Errors: fault (no room for the
// frame).
struct Delivery {
    SigInfo info;
    SignalAction action;
    SignalSet restored_mask; // in force again after the handler
};
Result<> push_signal_frame(arch::UserFrame& frame, const Delivery& delivery);

// sigaltstack(2)'s checks and effect; the size is not checked when a frame is restored.
Result<> set_alternate_stack(const SignalStack& fresh, u64 stack_pointer, bool check_size);
// All 128 bytes of a siginfo_t.
Result<> write_siginfo(UserVirt target, const SigInfo& info);

// Writes a core file of the current process if its limits allow; true if one was written.
bool write_core_file(const SigInfo& info);

} // namespace linux
