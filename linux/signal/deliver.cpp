// SPDX-License-Identifier: BSD-2-Clause
// The taking half: before a task returns to its program it takes signals until one has a handler,
// none is left, or one ends it. Also restarts interrupted calls.
#include "linux/signal/deliver.h"

#include "linux/process/exit.h"
#include "linux/scheduling/rseq.h"
#include "linux/signal/internal.h"
#include "linux/time/process_timers.h"

namespace linux {

namespace sig = signal_number;

namespace {

i32 lowest(SignalSet set) { return __builtin_ctzll(set.bits) + 1; }

i32 take_from(PendingSignals& pending, SignalSet wanted, SigInfo& info, QueuedSignal*& entry) {
    SignalSet ready = pending.set & wanted;
    if (ready.empty())
        return 0;
    if (const SignalSet urgent = ready & synchronous_signals; !urgent.empty())
        ready = urgent;
    const i32 number = lowest(ready);
    entry = pending.take(number, info);
    return number;
}

enum class Verdict : u8 { none, handler, end };

// What becomes of one signal that was taken.
enum class Fate : u8 { nothing, handler, stop, end };

Fate fate_of(const Process& process, const SignalAction& action, i32 number) {
    if (action.handler == handler_ignore)
        return Fate::nothing;
    if (action.handler != handler_default)
        return Fate::handler;
    if (ignored_by_default.has(number))
        return Fate::nothing;
    if (process.unkillable && !unblockable_signals.has(number))
        return Fate::nothing;
    return stop_signals.has(number) ? Fate::stop : Fate::end;
}

// Whether the process may stop for a terminal's stop signal: not in an orphaned group.
bool may_stop_for_terminal(Process& process) {
    ProcessTableGuard guard(ProcessTable::lock());
    return process.group && !is_orphaned(*process.group);
}

class Taker {
public:
    explicit Taker(Task& task) : task_(task), process_(*task.process) {}

    Verdict run(Delivery& delivery) PITH_NO_ANALYSIS {
        ProcessSignals& signals = process_.signals;
        signals.lock.acquire();
        while (true) {
            if (signals.untold_change != 0) [[unlikely]] {
                tell_change();
                continue;
            }
            if (signals.exiting || task_.signals.doomed) {
                signals.lock.release();
                end_process(signals.exit_status);
            }
            if (task_.signals.stop_signal != 0) {
                take_part_in_stop(process_, task_.signals.stop_signal);
                continue;
            }
            QueuedSignal* entry = nullptr;
            const i32 number =
                take_next_locked(task_, ~task_.signals.blocked, delivery.info, entry);
            if (number == 0)
                break;
            if (decide(number, delivery, entry) == Verdict::handler)
                return Verdict::handler;
        }
        update_due_locked(task_);
        signals.lock.release();
        return Verdict::none;
    }

private:
    // The lock is held before, and after unless a handler is to run.
    Verdict decide(i32 number, Delivery& delivery, QueuedSignal* entry) PITH_NO_ANALYSIS {
        ProcessSignals& signals = process_.signals;
        delivery.action = signals.handlers->take_for_delivery(number);
        const Fate fate = fate_of(process_, delivery.action, number);
        if (fate == Fate::stop)
            task_.signals.stop_dequeued = true;
        if (fate == Fate::handler)
            update_due_locked(task_);
        signals.lock.release();
        finish_taking(process_, entry, delivery.info);
        if (fate == Fate::handler)
            return Verdict::handler;
        if (fate == Fate::end)
            end_by_signal(delivery.info);
        const bool stops = fate == Fate::stop &&
                           (number == sig::stop || may_stop_for_terminal(process_));
        signals.lock.acquire();
        if (stops)
            take_part_in_stop(process_, number);
        return Verdict::none;
    }

    void tell_change() PITH_NO_ANALYSIS {
        const i32 code = process_.signals.untold_change;
        process_.signals.untold_change = 0;
        process_.signals.lock.release();
        tell_parent(process_, code);
        process_.signals.lock.acquire();
    }

    [[noreturn]] void end_by_signal(const SigInfo& info) {
        i32 status = info.number;
        if (core_signals.has(info.number) && write_core_file(info))
            status |= 0x80;
        end_process(status);
    }

    Task& task_;
    Process& process_;
};

// After an interrupted call: which error the program sees, or that the call is made again.
void settle_interrupted_call(Task& task, arch::UserFrame& frame, const Delivery* handler) {
    task.call_interrupted = false;
    const auto error = static_cast<Errno>(-static_cast<i64>(arch::result(frame)));
    if (handler) {
        const bool again =
            error == Errno::restartnointr ||
            (error == Errno::restartsys && (handler->action.flags & action_flag::restart) != 0);
        if (again)
            arch::rewind_system_call(frame, arch::call_number(frame));
        else
            arch::set_result(frame, static_cast<u64>(-static_cast<i64>(Errno::intr)));
        return;
    }
    if (error == Errno::restart_restartblock)
        arch::rewind_system_call(frame, arch::is_compat(frame) ? 0 : 219); // restart_syscall
    else
        arch::rewind_system_call(frame, arch::call_number(frame));
}

void start_handler(Task& task, arch::UserFrame& frame, Delivery& delivery) {
    delivery.restored_mask =
        task.signals.restore_blocked ? task.signals.saved_blocked : task.signals.blocked;
    if (task.rseq_area != 0)
        update_rseq(task, frame); // a section that is interrupted by a handler starts over
    const Result<> pushed = push_signal_frame(frame, delivery);
    if (!pushed) {
        force_fatal_segv(delivery.info.number);
        return;
    }
    task.signals.restore_blocked = false;
    SignalSet mask = task.signals.blocked | delivery.action.mask;
    if ((delivery.action.flags & action_flag::no_defer) == 0)
        mask.add(delivery.info.number);
    set_signal_mask(mask);
}

} // namespace

i32 take_next_locked(Task& task, SignalSet wanted, SigInfo& info, QueuedSignal*& entry) {
    const i32 number = take_from(task.signals.pending, wanted, info, entry);
    return number != 0 ? number : take_from(task.process->signals.pending, wanted, info, entry);
}

void finish_taking(Process& process, QueuedSignal* entry, SigInfo& info) {
    if (entry && entry->of_timer) [[unlikely]]
        posix_timer_delivered(process, info);
    else
        release_entry(entry);
}

void force_fatal_segv(i32 failed_signal) {
    // A frame that cannot be built for SIGSEGV itself must end the process.
    if (failed_signal == sig::segv) {
        Process& process = Process::current();
        core::LockGuard guard(process.signals.lock);
        process.signals.handlers->exchange(sig::segv, {});
        process.unkillable = false;
    }
    force_signal(SigInfo::from_kernel(sig::segv));
}

void deliver_signals(arch::UserFrame& frame) {
    Task& task = Task::current();
    while (true) {
        Delivery delivery;
        if (Taker(task).run(delivery) == Verdict::none)
            break;
        if (task.call_interrupted)
            settle_interrupted_call(task, frame, &delivery);
        start_handler(task, frame, delivery);
    }
    if (task.call_interrupted)
        settle_interrupted_call(task, frame, nullptr);
    if (task.signals.restore_blocked) {
        task.signals.restore_blocked = false;
        set_signal_mask(task.signals.saved_blocked);
    }
}

} // namespace linux
