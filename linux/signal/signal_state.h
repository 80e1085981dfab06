// SPDX-License-Identifier: BSD-2-Clause
// What a task and a process remember of signals: masks, queues of pending ones, handlers, stop and
// group-exit state. The lock is ProcessSignals::lock (interrupts may send signals); a task's own
// mask is written by the task under it and read by the task without.
#pragma once

#include <atomic>

#include "abi/linux/signal.h"
#include "base/list.h"
#include "base/ref.h"
#include "core/sync/lock.h"
#include "core/sync/wait_queue.h"
#include "linux/process/credentials.h"

namespace linux {

// A signal in a queue. Counted against its target's real user.
struct QueuedSignal {
    SigInfo info;
    RefOrNull<UserAccount> account;
    bool of_timer = false; // belongs to a POSIX timer, which keeps and reuses it
    ListLink link;
};

// Pending signals: the set says which, the queue carries details (a classic signal may lack an
// entry when memory or the limit is short).
class PendingSignals {
public:
    SignalSet set;
    List<QueuedSignal, &QueuedSignal::link> queue;

    // Takes the first entry of `number` out and into `info`; the bit stays if another follows.
    // Returns the entry to be released once no lock is held, or null.
    QueuedSignal* take(i32 number, SigInfo& info);
    // Drops every signal of `which`; entries go to `dropped`.
    void discard(SignalSet which, List<QueuedSignal, &QueuedSignal::link>& dropped);
};

// Handlers, shared by CLONE_SIGHAND.
class SignalHandlers : public RefCounted<SignalHandlers> {
public:
    static Result<Ref<SignalHandlers>> create();
    // A copy for a process of its own. Errors: nomem.
    Result<Ref<SignalHandlers>> clone() const;

    SignalAction get(i32 number) const;
    // Sets the action of `number` and returns the old one.
    SignalAction exchange(i32 number, const SignalAction& action);
    // The action for a delivery, reset to the default at once when SA_RESETHAND says so.
    SignalAction take_for_delivery(i32 number);
    // exec: handlers become the default, ignored stays ignored (if `ignored_too`, it does not).
    void reset(bool ignored_too);

    // Racy reads for senders, always the state of some moment: signals whose handler is SIG_IGN, or
    // the default of which is to ignore; and those that are caught.
    SignalSet ignored() const { return {ignored_.load(std::memory_order_relaxed)}; }
    SignalSet explicitly_ignored() const {
        return {explicitly_ignored_.load(std::memory_order_relaxed)};
    }
    SignalSet caught() const { return {caught_.load(std::memory_order_relaxed)}; }
    bool child_signal_has(u64 flag) const { return (get(signal_number::chld).flags & flag) != 0; }

    ~SignalHandlers() = default;

private:
    friend class Ref<SignalHandlers>;
    SignalHandlers() = default;
    void update_sets(i32 number);

    mutable core::Lock<core::lock_class::signal_handlers> lock_;
    SignalAction actions_[signal_number::last]; // guarded by lock_
    std::atomic<u64> ignored_{ignored_by_default.bits};
    std::atomic<u64> explicitly_ignored_{0};
    std::atomic<u64> caught_{0};
};

// Of one task. Guarded by its process's signal lock but for what only the task itself touches.
struct TaskSignals {
    SignalSet blocked;
    // restored at return when restore_blocked (sigsuspend, ppoll)
    SignalSet saved_blocked;
    bool restore_blocked = false;      // own task only
    SignalSet waiting_for;             // sigtimedwait: these wake the task though blocked
    PendingSignals pending;            // sent to this task alone
    SignalStack alternate;             // own task only
    i32 stop_signal = 0;     // group stop: this task still has to stop, with that signal
    bool stop_dequeued = false; // took a stop signal and no SIGCONT came since
    bool doomed = false;        // SIGKILL or a group exit: nothing else will be delivered
};

// Of one process.
struct ProcessSignals {
    mutable core::Lock<core::lock_class::signals> lock;
    PendingSignals pending;             // to any of its tasks
    Ref<SignalHandlers> handlers;       // replaced under lock
    core::WaitQueue resumed;            // stopped tasks wait here
    core::WaitQueue arrivals;           // woken when a signal arrives: signalfd and its pollers

    // Group exit: every task ends with this status.
    bool exiting = false;
    i32 exit_status = 0; // as wait(2) reports it
    // Group stop.
    bool stopped = false;        // all tasks have stopped
    i32 stop_signal = 0;         // of the stop in progress or done
    u32 tasks_to_stop = 0;       // tasks that have not stopped yet
    bool report_stop = false;    // wait(WUNTRACED) has not seen it yet
    bool report_continue = false;// wait(WCONTINUED) has not seen it yet
    i32 untold_change = 0;       // a CLD_ code the parent is still to be told, by a woken task

    explicit ProcessSignals(Ref<SignalHandlers> with_handlers)
        : handlers(std::move(with_handlers)) {}
};

// Makes a queue entry; null when memory or the limit of pending signals is short (`even_beyond`
// ignores the limit). Any context.
QueuedSignal* create_entry(const SigInfo& info, UserAccount& account, u64 limit, bool even_beyond);
// Frees an entry that is in no queue (a timer's is left to its timer). Null is fine. Any context.
void release_entry(QueuedSignal* entry);
void release_entries(List<QueuedSignal, &QueuedSignal::link>& entries);

} // namespace linux
