// SPDX-License-Identifier: BSD-2-Clause
// The sending half: what a signal changes at once (stop and continue cancel each other), whether it
// is kept, and which task takes it.
#include "linux/signal/send.h"

#include "linux/signal/internal.h"

namespace linux {

namespace sig = signal_number;

namespace {

// A sender's view of the target; `signals.lock` is held over its life.
struct Target {
    Process& process;
    Task* task; // null: any task of the process

    Task* representative() const {
        if (task)
            return task;
        if (process.leader)
            return process.leader;
        return process.tasks.empty() ? nullptr : &process.tasks.front();
    }
};

bool is_from_kernel(const SigInfo& info) { return info.code > 0; }

bool is_ignored(const Target& target, const SigInfo& info, bool force) {
    const Task* task = target.representative();
    if (!task)
        return true;
    if (task->signals.blocked.has(info.number))
        return false; // the action may change before it is unblocked
    if (task->trace && info.number != sig::kill)
        return false;
    const SignalHandlers& handlers = *target.process.signals.handlers;
    if (target.process.unkillable && !handlers.caught().has(info.number) &&
        !(force && unblockable_signals.has(info.number)))
        return true;
    return handlers.ignored().has(info.number);
}

// SIGCONT: forgets stop signals, lets stopped tasks go on.
void cancel_stops(Process& process, SignalEntries& dropped) {
    ProcessSignals& signals = process.signals;
    signals.pending.discard(stop_signals, dropped);
    for (Task& task : process.tasks) {
        task.signals.pending.discard(stop_signals, dropped);
        task.signals.stop_signal = 0;
        task.signals.stop_dequeued = false;
        release_from_stop(task);
        task.thread->add_work(core::thread_work::notify);
    }
    if (signals.stopped)
        signals.untold_change = signal_code::child_continued;
    else if (signals.tasks_to_stop != 0)
        signals.untold_change = signal_code::child_stopped;
    if (signals.untold_change != 0) {
        signals.report_continue = true;
        signals.report_stop = false;
        signals.stopped = false;
        signals.tasks_to_stop = 0;
        signals.stop_signal = 0;
    }
    signals.resumed.wake_all();
}

void cancel_continue(Process& process, SignalEntries& dropped) {
    const SignalSet cont = SignalSet::of(sig::cont);
    process.signals.pending.discard(cont, dropped);
    for (Task& task : process.tasks)
        task.signals.pending.discard(cont, dropped);
}

bool can_take(const Task& task, i32 number) {
    if (task.signals.blocked.has(number) && !task.signals.waiting_for.has(number))
        return false;
    if (task.has_flag(task_flag::exiting))
        return false;
    if (number == sig::kill)
        return true;
    if (task.stopped.load(std::memory_order_relaxed))
        return false;
    return task.thread == &core::Thread::current() ||
           (task.thread->work() & core::thread_work::interrupt) == 0;
}

Task* choose_task(const Target& target, i32 number) {
    Task* first = target.representative();
    if (first && can_take(*first, number))
        return first;
    if (target.task)
        return nullptr;
    for (Task& task : target.process.tasks)
        if (can_take(task, number))
            return &task;
    return nullptr;
}

bool is_fatal(const Target& target, const Task& chosen, i32 number, bool force) {
    if (number == sig::kill)
        return true;
    const Process& process = target.process;
    if (process.unkillable && !(force && unblockable_signals.has(number)))
        return false;
    const SignalHandlers& handlers = *process.signals.handlers;
    return !handlers.caught().has(number) && !handlers.ignored().has(number) &&
           !stop_signals.has(number) && !core_signals.has(number) && !chosen.trace &&
           !chosen.signals.waiting_for.has(number) && !chosen.signals.blocked.has(number);
}

void wake_for(const Target& target, i32 number, bool force) {
    Task* chosen = choose_task(target, number);
    if (!chosen)
        return; // someone takes it when it unblocks it or looks
    if (is_fatal(target, *chosen, number, force)) {
        begin_group_exit_locked(target.process, number);
        return;
    }
    chosen->thread->add_work(core::thread_work::interrupt);
}

// Signals that need no details, and those that lack memory, are a bit in the set only.
Result<> enqueue(const Target& target, const SigInfo& info) {
    PendingSignals& pending =
        target.task ? target.task->signals.pending : target.process.signals.pending;
    if (info.number < sig::first_real_time && pending.set.has(info.number))
        return {};
    if (info.number != sig::kill) {
        UserAccount& account = *target.representative()->credentials->account;
        const bool even_beyond = info.number < sig::first_real_time && info.code >= 0;
        QueuedSignal* entry = create_entry(
            info, account, target.process.limit(Resource::pending_signals), even_beyond);
        if (entry)
            pending.queue.push_back(*entry);
        else if (info.number >= sig::first_real_time && info.code != signal_code::user &&
                 !is_from_kernel(info))
            return Failure(Errno::again);
    }
    pending.set.add(info.number);
    return {};
}

Result<> send_locked(const Target& target, const SigInfo& info, SignalEntries& dropped) {
    ProcessSignals& signals = target.process.signals;
    if (signals.exiting || (target.task && target.task->has_flag(task_flag::exiting)))
        return {}; // it is on its way out
    if (stop_signals.has(info.number))
        cancel_continue(target.process, dropped);
    else if (info.number == sig::cont)
        cancel_stops(target.process, dropped);
    const bool force = is_from_kernel(info);
    if (is_ignored(target, info, force))
        return {};
    TRY(enqueue(target, info));
    wake_for(target, info.number, force);
    signals.arrivals.wake_all();
    return {};
}

Result<> send(Target target, const SigInfo& info) {
    SignalEntries dropped;
    Result<> result;
    {
        core::LockGuard guard(target.process.signals.lock);
        result = send_locked(target, info, dropped);
    }
    release_entries(dropped);
    return result;
}

} // namespace

Result<> send_signal(Process& process, const SigInfo& info) {
    return send({process, nullptr}, info);
}

Result<> send_signal(Task& task, const SigInfo& info) { return send({*task.process, &task}, info); }

Result<> send_signal_locked(ProcessGroup& group, const SigInfo& info) {
    Result<> result = Failure(Errno::srch);
    for (Process& process : group.members) {
        const Result<> one = send_signal(process, info);
        if (one || !result)
            result = one;
    }
    return result;
}

Result<> send_signal(ProcessGroup& group, const SigInfo& info) {
    ProcessTableGuard guard(ProcessTable::lock());
    return send_signal_locked(group, info);
}

// The entry of a POSIX timer goes into a queue as it is, or stays where it still waits.
bool send_timer_signal(Process& process, Task* task, QueuedSignal& entry) {
    Target target{process, task};
    core::LockGuard guard(process.signals.lock);
    if (process.signals.exiting || entry.link.is_linked())
        return false;
    if (is_ignored(target, entry.info, false))
        return false;
    PendingSignals& pending = task ? task->signals.pending : process.signals.pending;
    pending.queue.push_back(entry);
    pending.set.add(entry.info.number);
    wake_for(target, entry.info.number, false);
    process.signals.arrivals.wake_all();
    return true;
}

void forget_timer_signal(Process& process, QueuedSignal& entry) {
    core::LockGuard guard(process.signals.lock);
    if (!entry.link.is_linked())
        return;
    entry.link.unlink();
    // The bit goes with the last entry of the number.
    const i32 number = entry.info.number;
    auto settle = [number](PendingSignals& pending) {
        for (QueuedSignal& other : pending.queue)
            if (other.info.number == number)
                return;
        pending.set.remove(number);
    };
    settle(process.signals.pending);
    for (Task& task : process.tasks)
        settle(task.signals.pending);
}

void force_signal(const SigInfo& info) {
    Task& task = Task::current();
    Process& process = *task.process;
    SignalEntries dropped;
    {
        core::LockGuard guard(process.signals.lock);
        const SignalSet one = SignalSet::of(info.number);
        SignalHandlers& handlers = *process.signals.handlers;
        const bool blocked = task.signals.blocked.has(info.number);
        if (blocked || !handlers.caught().has(info.number)) {
            SignalAction action = handlers.get(info.number);
            action.handler = handler_default;
            handlers.exchange(info.number, action);
            process.unkillable = false;
        }
        if (blocked) {
            task.signals.blocked = task.signals.blocked & ~one;
            update_due_locked(task);
        }
        (void)send_locked({process, &task}, info, dropped);
    }
    release_entries(dropped);
}

} // namespace linux
