// SPDX-License-Identifier: BSD-2-Clause
// Sending signals, and looking at those that are pending. Any context, interrupts included, unless
// said; no lock from ProcessSignals::lock upward may be held.
#pragma once

#include "linux/process/process_table.h"

namespace linux {

// To any task of a process; to one task; to every process of a group. Permission is not checked. A
// sent signal that is ignored is success. Errors: again (a real-time signal beyond
// RLIMIT_SIGPENDING).
Result<> send_signal(Process& process, const SigInfo& info);
Result<> send_signal(Task& task, const SigInfo& info);
// With the table's lock not held. Errors: srch (an empty group).
Result<> send_signal(ProcessGroup& group, const SigInfo& info);
// The same with the table's lock held by the caller.
Result<> send_signal_locked(ProcessGroup& group, const SigInfo& info);

// To the current task by its own fault (SIGSEGV, SIGPIPE is not one): a blocked or ignored one is
// reset to the default and unblocked, so that it ends the process rather than being lost.
void force_signal(const SigInfo& info);
// To the current task, as write(2) to a broken pipe does.
inline void send_signal_to_self(i32 number) {
    (void)send_signal(Task::current(), SigInfo::from_kernel(number));
}

// kill(2) by the current task: fills in who sends. `number` may be 0 (test only).
SigInfo user_signal(i32 number, i32 code = signal_code::user);
// Whether the current task may send `number` to that process. Process context. Errors: perm.
Result<> check_signal_permission(Process& target, i32 number);

// signalfd, sigtimedwait: takes one signal of `wanted` pending to the current task or its process.
// False if there is none. Process context.
bool dequeue_signal(SignalSet wanted, SigInfo& info);
// What is pending to the task or to its whole process (blocked ones included).
SignalSet pending_signals(const Task& task);
// The queue woken at each arrival for the process: hang waiters here, then look at
// pending_signals().
inline core::WaitQueue& signal_arrivals(Process& process) { return process.signals.arrivals; }

// True if the current task has a signal to take before it goes on (an interruptible sleep would
// end).
inline bool signal_is_due() {
    return core::Thread::current().sleep_interrupted(core::Sleep::interruptible);
}

// Replaces the mask of the current task (without KILL and STOP) and recomputes what is due.
void set_signal_mask(SignalSet mask);
// For ppoll, pselect, epoll_pwait, sigsuspend: sets a mask for the duration of a call. When the
// call ends by a signal the old mask is restored after its handler started; else the caller calls
// end_temporary_mask().
void begin_temporary_mask(SignalSet mask);
void end_temporary_mask(bool interrupted);

} // namespace linux
