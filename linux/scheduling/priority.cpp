// SPDX-License-Identifier: BSD-2-Clause
// nice, getpriority, setpriority, ioprio: for a process, a group or a user at once.
#include <algorithm>

#include "core/sched/scheduler.h"
#include "linux/scheduling/parameters.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// Calls visit(task) for each task a call names, with the table's lock held. Errors: inval, srch.
template <typename Visit>
Result<> for_each_named(i32 which, i32 who, i32 first_kind, Visit visit) {
    ProcessTableGuard guard(ProcessTable::lock());
    bool any = false;
    auto take = [&](Task& task) {
        any = true;
        visit(task);
    };
    auto take_all = [&](Process& process) {
        for (Task& task : process.tasks)
            take(task);
    };
    switch (i64{which} - first_kind) {
    case 0: {
        Task* task = who != 0 ? ProcessTable::find_task_locked(who) : &Task::current();
        if (task)
            take(*task);
        break;
    }
    case 1: {
        ProcessGroup* group = who != 0 ? ProcessTable::find_group_locked(who)
                                       : Process::current().group.get();
        if (group)
            for (Process& process : group->members)
                take_all(process);
        break;
    }
    case 2: {
        const UserId user = who != 0 ? static_cast<UserId>(who) : current_credentials().real_user;
        for (Process* p = ProcessTable::next_locked(1); p;
             p = ProcessTable::next_locked(p->pid + 1))
            for (Task& task : p->tasks)
                if (task.credentials->real_user == user)
                    take(task);
        break;
    }
    default: return Failure(Errno::inval);
    }
    return any ? Result<>() : Failure(Errno::srch);
}

bool owns_locked(const Task& task) {
    const UserId mine = current_credentials().effective_user;
    return mine == task.credentials->real_user || mine == task.credentials->effective_user ||
           capable(Capability::sys_nice);
}

// Errors: perm (not ours), acces (more than allowed).
Result<> set_nice(Task& task, i32 nice) {
    if (!owns_locked(task))
        return Failure(Errno::perm);
    core::SchedulingParameters parameters = task.thread->scheduling.parameters;
    if (nice < parameters.nice && !capable(Capability::sys_nice) &&
        static_cast<u64>(20 - nice) > task.process->limit(Resource::nice))
        return Failure(Errno::acces);
    parameters.nice = static_cast<i8>(nice);
    core::Scheduler::set_parameters(*task.thread, parameters);
    return {};
}

constexpr i32 io_first_kind = 1;
constexpr u32 io_class_none = 0, io_class_real_time = 1, io_class_best = 2, io_class_idle = 3;

// The class and level that a task without its own has, by nice.
u32 io_priority_of(const Task& task) {
    const Process& process = *task.process;
    const u32 io_class = process.io_priority_class.load(std::memory_order_relaxed);
    const u32 level = process.io_priority_level.load(std::memory_order_relaxed);
    return io_class << 13 | level;
}

} // namespace

Result<u64> sys_setpriority(i32 which, i32 who, i32 nice) {
    nice = std::clamp(nice, -20, 19);
    Result<> outcome;
    TRY(for_each_named(which, who, priority_of::process, [&](Task& task) {
        if (const Result<> one = set_nice(task, nice); !one)
            outcome = one;
    }));
    TRY(std::move(outcome));
    return 0;
}

// 40 (most) to 1: the raw call has no negative results.
Result<u64> sys_getpriority(i32 which, i32 who) {
    i32 best = 20;
    TRY(for_each_named(which, who, priority_of::process, [&](Task& task) {
        best = std::min(best, nice_of(*task.thread));
    }));
    return static_cast<u64>(20 - best);
}

Result<u64> sys_nice(i32 increment) {
    const i32 change = std::clamp(increment, -40, 40);
    const i32 nice = std::clamp(nice_of(core::Thread::current()) + change, -20, 19);
    Task& task = Task::current();
    if (change < 0 && !capable(Capability::sys_nice) &&
        static_cast<u64>(20 - nice) > task.process->limit(Resource::nice))
        return Failure(Errno::perm);
    TRY(set_nice(task, nice));
    return 0;
}

Result<u64> sys_ioprio_set(i32 which, i32 who, i32 value) {
    const u32 io_class = static_cast<u32>(value) >> 13, level = static_cast<u32>(value) & 0x1fff;
    switch (io_class) {
    case io_class_real_time:
        if (!capable(Capability::sys_admin) && !capable(Capability::sys_nice))
            return Failure(Errno::perm);
        [[fallthrough]];
    case io_class_best:
        if (level >= 8)
            return Failure(Errno::inval);
        break;
    case io_class_idle: break;
    case io_class_none:
        if (level != 0)
            return Failure(Errno::inval);
        break;
    default: return Failure(Errno::inval);
    }
    Result<> outcome;
    TRY(for_each_named(which, who, io_first_kind, [&](Task& task) {
        if (!owns_locked(task)) {
            outcome = Failure(Errno::perm);
            return;
        }
        task.process->io_priority_class.store(static_cast<u8>(io_class), std::memory_order_relaxed);
        task.process->io_priority_level.store(static_cast<u8>(level), std::memory_order_relaxed);
    }));
    TRY(std::move(outcome));
    return 0;
}

Result<u64> sys_ioprio_get(i32 which, i32 who) {
    u32 best = io_class_idle << 13 | 7;
    bool any_set = false;
    TRY(for_each_named(which, who, io_first_kind, [&](Task& task) {
        const u32 value = io_priority_of(task);
        if (value >> 13 == io_class_none)
            return;
        any_set = true;
        best = std::min(best, value);
    }));
    return any_set ? best : 0;
}

} // namespace linux
