// SPDX-License-Identifier: BSD-2-Clause
// System calls on actions, masks, pending signals and alternate stacks.
#include "core/time/clock.h"
#include "linux/process/usage.h"
#include "linux/signal/internal.h"
#include "linux/signal/deliver.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

Result<> check_set_size(u64 size) {
    return size == sizeof(SignalSet) ? Result<>() : Failure(Errno::inval);
}

bool is_valid(i32 number) { return number >= 1 && number <= signal_number::last; }

} // namespace

Result<u64> sys_rt_sigaction(i32 number, UserIn<SignalAction> fresh, UserOut<SignalAction> old,
                             u64 set_size) {
    TRY(check_set_size(set_size));
    SignalAction action;
    if (fresh)
        action = TRY(fresh.read());
    if (!is_valid(number) || (fresh && unblockable_signals.has(number)))
        return Failure(Errno::inval);
    Task& task = Task::current();
    SignalHandlers& handlers = *task.process->signals.handlers;
    SignalAction before;
    if (fresh) {
        action.flags &= action_flag::known; // unknown ones read back as absent (sigaction(2))
        action.mask = action.mask & ~unblockable_signals;
        before = handlers.exchange(number, action);
        if (handlers.ignored().has(number)) { // POSIX: pending ones go, blocked or not
            SignalEntries dropped;
            {
                core::LockGuard guard(task.process->signals.lock);
                const SignalSet one = SignalSet::of(number);
                task.process->signals.pending.discard(one, dropped);
                for (Task& each : task.process->tasks)
                    each.signals.pending.discard(one, dropped);
            }
            release_entries(dropped);
        }
    } else {
        before = handlers.get(number);
    }
    if (old)
        TRY(old.write(before));
    return 0;
}

Result<u64> sys_rt_sigprocmask(i32 how, UserIn<SignalSet> fresh, UserOut<SignalSet> old,
                               u64 set_size) {
    TRY(check_set_size(set_size));
    const SignalSet before = Task::current().signals.blocked;
    if (fresh) {
        const SignalSet set = TRY(fresh.read());
        switch (how) {
        case mask_how::block: set_signal_mask(before | set); break;
        case mask_how::unblock: set_signal_mask(before & ~set); break;
        case mask_how::set_mask: set_signal_mask(set); break;
        default: return Failure(Errno::inval);
        }
    }
    if (old)
        TRY(old.write(before));
    return 0;
}

Result<u64> sys_rt_sigpending(UserOut<u8> target, u64 set_size) {
    if (set_size > sizeof(SignalSet))
        return Failure(Errno::inval);
    Task& task = Task::current();
    const SignalSet set = pending_signals(task) & task.signals.blocked;
    TRY(core::copy_to_user(target.address(), &set, set_size));
    return 0;
}

Result<u64> sys_rt_sigsuspend(UserIn<SignalSet> mask, u64 set_size) {
    TRY(check_set_size(set_size));
    begin_temporary_mask(TRY(mask.read()));
    core::WaitQueue nothing;
    (void)nothing.wait([] { return signal_is_due(); }, core::Sleep::interruptible);
    return Failure(Errno::restartnohand);
}

Result<u64> sys_pause() {
    core::WaitQueue nothing;
    (void)nothing.wait([] { return signal_is_due(); }, core::Sleep::interruptible);
    return Failure(Errno::restartnohand);
}

Result<> write_siginfo(UserVirt target, const SigInfo& info) {
    TRY(core::copy_to_user(target, &info, sizeof(info)));
    return core::clear_user(target + sizeof(info), siginfo_size - sizeof(info));
}

namespace {

// Signals of `set` wake the task though they are blocked.
Result<> sleep_for_signals(Task& task, SignalSet set, Nanos deadline) {
    auto wait_for = [&](SignalSet which) {
        core::LockGuard guard(task.process->signals.lock);
        task.signals.waiting_for = which;
        update_due_locked(task);
    };
    wait_for(set);
    core::WaitQueue nothing;
    const Result<> slept =
        nothing.wait([] { return signal_is_due(); }, core::Sleep::interruptible, deadline);
    wait_for({});
    return slept;
}

} // namespace

Result<u64> sys_rt_sigtimedwait(UserIn<SignalSet> wanted, UserOut<u8> info_target,
                                UserIn<TimeSpec> timeout, u64 set_size) {
    TRY(check_set_size(set_size));
    const SignalSet set = TRY(wanted.read()) & ~unblockable_signals;
    Nanos deadline = core::no_deadline;
    if (timeout) {
        const TimeSpec time = TRY(timeout.read());
        if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= 1'000'000'000)
            return Failure(Errno::inval);
        deadline = deadline_after(time);
    }
    Task& task = Task::current();
    SigInfo info;
    if (!dequeue_signal(set, info)) {
        if (timeout && deadline <= core::now())
            return Failure(Errno::again);
        const Result<> slept = sleep_for_signals(task, set, deadline);
        if (!dequeue_signal(set, info))
            return Failure(!slept && slept.error() == Errno::timedout ? Errno::again : Errno::intr);
    }
    if (info_target)
        TRY(write_siginfo(info_target.address(), info));
    return static_cast<u64>(info.number);
}

// Errors: perm (the current one is in use), inval, nomem.
Result<> set_alternate_stack(const SignalStack& fresh, u64 stack_pointer, bool check_size) {
    SignalStack& current = Task::current().signals.alternate;
    if ((current.flags & stack_flag::auto_disarm) == 0 && current.size != 0 &&
        stack_pointer > current.address && stack_pointer - current.address <= current.size)
        return Failure(Errno::perm);
    const u32 mode = fresh.flags & ~stack_flag::auto_disarm;
    if (mode != 0 && mode != stack_flag::disable && mode != stack_flag::on_stack)
        return Failure(Errno::inval);
    if (mode == stack_flag::disable) {
        current = {};
        return {};
    }
    if (check_size && fresh.size < minimum_signal_stack)
        return Failure(Errno::nomem);
    current = fresh;
    current.padding = 0;
    current.flags = fresh.flags;
    return {};
}

Result<u64> sys_sigaltstack(UserIn<SignalStack> fresh, UserOut<SignalStack> old) {
    const u64 pointer = arch::stack_pointer(core::Thread::current().frame());
    SignalStack before = Task::current().signals.alternate;
    SignalStack wanted;
    if (fresh)
        wanted = TRY(fresh.read());
    const bool in_use = (before.flags & stack_flag::auto_disarm) == 0 && before.size != 0 &&
                        pointer > before.address && pointer - before.address <= before.size;
    before.flags = before.size == 0 ? stack_flag::disable
                                    : (before.flags & stack_flag::auto_disarm) |
                                          (in_use ? stack_flag::on_stack : 0);
    before.padding = 0;
    if (fresh)
        TRY(set_alternate_stack(wanted, pointer, true));
    if (old)
        TRY(old.write(before));
    return 0;
}

Result<u64> sys_restart_syscall() {
    RestartBlock& restart = Task::current().restart;
    RestartBlock::Function function = restart.function;
    if (!function)
        return Failure(Errno::intr);
    return function(restart);
}

} // namespace linux
