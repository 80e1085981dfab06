// SPDX-License-Identifier: BSD-2-Clause
// Job control and group exit: all tasks of a process stop, go on or end together.
#include "core/time/clock.h"
#include "linux/signal/internal.h"

namespace linux {

void begin_group_exit_locked(Process& process, i32 status) {
    ProcessSignals& signals = process.signals;
    if (signals.exiting)
        return;
    signals.exiting = true;
    signals.exit_status = status;
    signals.stopped = false;
    signals.tasks_to_stop = 0;
    for (Task& task : process.tasks) {
        task.signals.stop_signal = 0;
        doom_locked(task);
    }
    signals.resumed.wake_all();
}

void doom_locked(Task& task) {
    if (task.has_flag(task_flag::exiting))
        return;
    task.signals.doomed = true;
    release_from_stop(task);
    task.thread->add_work(core::thread_work::interrupt | core::thread_work::kill);
}

void release_from_stop(Task& task) { task.stopped.store(false, std::memory_order_release); }

namespace {

u64 ticks(Nanos time) { return time.value / (base::nanos_per_second.value / 100); }

// Marks every task that has to stop as well.
void begin_stop(Process& process, Task& current, i32 number) {
    ProcessSignals& signals = process.signals;
    if (!signals.stopped)
        signals.stop_signal = number;
    signals.tasks_to_stop = 1;
    for (Task& task : process.tasks) {
        if (&task == &current || task.has_flag(task_flag::exiting) ||
            task.stopped.load(std::memory_order_relaxed))
            continue;
        task.signals.stop_signal = number;
        ++signals.tasks_to_stop;
        task.thread->add_work(core::thread_work::interrupt);
    }
}

// One task less is on its way into the stop; true if that was the last.
bool count_stop(ProcessSignals& signals) {
    if (signals.tasks_to_stop == 0 || --signals.tasks_to_stop != 0)
        return false;
    if (signals.stopped)
        return false;
    signals.stopped = true;
    signals.report_stop = true;
    signals.report_continue = false;
    return true;
}

} // namespace

void take_part_in_stop(Process& process, i32 number) PITH_NO_ANALYSIS {
    Task& task = Task::current();
    ProcessSignals& signals = process.signals;
    if (task.signals.stop_signal == 0) {
        if (signals.exiting || task.signals.doomed || !task.signals.stop_dequeued)
            return; // SIGCONT or SIGKILL came meanwhile
        begin_stop(process, task, number);
    }
    task.signals.stop_signal = 0;
    task.signals.stop_dequeued = false;
    const bool complete = count_stop(signals);
    task.stopped.store(true, std::memory_order_release);
    signals.lock.release();
    if (complete)
        tell_parent(process, signal_code::child_stopped);
    // Ends by SIGCONT (stopped is false then) or by SIGKILL; what it returns does not matter.
    (void)signals.resumed.wait([&] { return !task.stopped.load(std::memory_order_acquire); },
                               core::Sleep::killable);
    signals.lock.acquire();
    release_from_stop(task);
}

bool leave_stop_locked(Task& task) {
    if (task.signals.stop_signal == 0)
        return false;
    task.signals.stop_signal = 0;
    return count_stop(task.process->signals);
}

void tell_parent(Process& process, i32 code) {
    const Usage used = process.usage();
    ProcessTableGuard guard(ProcessTable::lock());
    Process* parent = process.parent.get();
    if (!parent)
        return;
    SigInfo info = SigInfo::from_kernel(signal_number::chld, code);
    info.details.child.pid = process.pid;
    if (Task* task = process.leader ? process.leader
                                    : (process.tasks.empty() ? nullptr : &process.tasks.front()))
        info.details.child.uid = task->credentials->real_user;
    info.details.child.status = code == signal_code::child_continued
                                    ? signal_number::cont
                                    : process.signals.stop_signal & 0x7f;
    info.details.child.padding = 0;
    info.details.child.user_time = static_cast<i64>(ticks(used.user));
    info.details.child.system_time = static_cast<i64>(ticks(used.system));
    bool wanted;
    {
        core::LockGuard parent_guard(parent->signals.lock);
        const SignalAction action = parent->signals.handlers->get(signal_number::chld);
        wanted = action.handler != handler_ignore &&
                 (action.flags & action_flag::no_child_stop) == 0;
    }
    if (wanted)
        (void)send_signal(*parent, info);
    parent->child_events.wake_all();
}

bool has_due_locked(const Task& task) {
    const SignalSet pending = task.signals.pending.set | task.process->signals.pending.set;
    return !(pending & (~task.signals.blocked | task.signals.waiting_for)).empty() ||
           task.signals.stop_signal != 0 || task.signals.doomed || task.process->signals.exiting;
}

void update_due_locked(Task& task) {
    const bool due = has_due_locked(task);
    const bool marked = (task.thread->work() & core::thread_work::interrupt) != 0;
    if (due && !marked)
        task.thread->add_work(core::thread_work::interrupt);
    else if (!due && marked)
        task.thread->clear_work(core::thread_work::interrupt);
}

void set_signal_mask(SignalSet mask) {
    Task& task = Task::current();
    ProcessSignals& signals = task.process->signals;
    core::LockGuard guard(signals.lock);
    const SignalSet fresh = mask & ~unblockable_signals;
    // Signals to the process that this task was to take: another may do it.
    const SignalSet newly_blocked = fresh & ~task.signals.blocked & signals.pending.set;
    task.signals.blocked = fresh;
    if (!newly_blocked.empty()) [[unlikely]]
        retarget_locked(task, newly_blocked);
    update_due_locked(task);
}

void retarget_locked(Task& leaving, SignalSet which) {
    Process& process = *leaving.process;
    which = which & process.signals.pending.set;
    if (which.empty())
        return;
    for (Task& task : process.tasks) {
        if (&task == &leaving || task.has_flag(task_flag::exiting))
            continue;
        if ((which & ~task.signals.blocked).empty())
            continue;
        which = which & task.signals.blocked;
        task.thread->add_work(core::thread_work::interrupt);
        if (which.empty())
            return;
    }
}

void begin_temporary_mask(SignalSet mask) {
    Task& task = Task::current();
    task.signals.saved_blocked = task.signals.blocked;
    task.signals.restore_blocked = true;
    set_signal_mask(mask);
}

void end_temporary_mask(bool interrupted) {
    Task& task = Task::current();
    if (!task.signals.restore_blocked || interrupted)
        return; // an interruption restores on the way out, after the handler's frame was made
    task.signals.restore_blocked = false;
    set_signal_mask(task.signals.saved_blocked);
}

bool dequeue_signal(SignalSet wanted, SigInfo& info) {
    Task& task = Task::current();
    Process& process = *task.process;
    QueuedSignal* entry = nullptr;
    i32 number;
    {
        core::LockGuard guard(process.signals.lock);
        number = take_next_locked(task, wanted & ~unblockable_signals, info, entry);
        if (number != 0)
            update_due_locked(task);
    }
    if (number == 0)
        return false;
    finish_taking(process, entry, info);
    return true;
}

SignalSet pending_signals(const Task& task) {
    core::LockGuard guard(task.process->signals.lock);
    return task.signals.pending.set | task.process->signals.pending.set;
}

} // namespace linux
