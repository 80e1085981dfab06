// SPDX-License-Identifier: BSD-2-Clause
// sched_setscheduler and its kin, affinity.
#include "linux/scheduling/parameters.h"

#include <algorithm>

#include "core/sched/scheduler.h"
#include "linux/process/usage.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

using core::SchedulingClass;
using core::SchedulingParameters;

constexpr i32 highest_priority = 99;

bool is_real_time(i32 kind) { return kind == policy::fifo || kind == policy::round_robin; }
bool is_fair(i32 kind) {
    return kind == policy::normal || kind == policy::batch || kind == policy::idle;
}

// Whether the current task may change that one's scheduling.
bool owns(const Task& task) {
    const Credentials& mine = current_credentials();
    const Ref<const Credentials> theirs = credentials_of(task);
    return mine.effective_user == theirs->real_user ||
           mine.effective_user == theirs->effective_user;
}

// 20 - nice, as RLIMIT_NICE counts.
u64 nice_to_limit(i32 nice) { return static_cast<u64>(20 - nice); }

Result<> check_may_set(const Task& task, const SchedulingParameters& fresh, i32 kind,
                       bool clears_reset) {
    if (capable(Capability::sys_nice))
        return {};
    const SchedulingParameters& old = task.thread->scheduling.parameters;
    const Process& process = *task.process;
    if (is_fair(kind) && fresh.nice < old.nice &&
        nice_to_limit(fresh.nice) > process.limit(Resource::nice))
        return Failure(Errno::perm);
    if (is_real_time(kind)) {
        const u64 limit = process.limit(Resource::real_time_priority);
        if (policy_of(*task.thread) != kind && limit == 0)
            return Failure(Errno::perm);
        if (fresh.real_time_priority > old.real_time_priority && fresh.real_time_priority > limit)
            return Failure(Errno::perm);
    }
    if (old.idle_policy && kind != policy::idle &&
        nice_to_limit(old.nice) > process.limit(Resource::nice))
        return Failure(Errno::perm);
    if (!owns(task) || clears_reset)
        return Failure(Errno::perm);
    return {};
}

struct PolicyRequest {
    i32 kind;
    bool reset_on_fork;
    i32 priority;
    i32 nice;
};

Result<> apply(Task& task, const PolicyRequest& request) {
    if (!is_real_time(request.kind) && !is_fair(request.kind))
        return Failure(Errno::inval); // deadline scheduling is not configured
    if (is_real_time(request.kind) != (request.priority != 0) || request.priority < 0 ||
        request.priority > highest_priority)
        return Failure(Errno::inval);
    SchedulingParameters fresh = task.thread->scheduling.parameters;
    fresh.scheduling_class =
        is_real_time(request.kind) ? SchedulingClass::real_time : SchedulingClass::fair;
    fresh.round_robin = request.kind == policy::round_robin;
    fresh.real_time_priority = static_cast<u8>(request.priority);
    fresh.idle_policy = request.kind == policy::idle;
    fresh.batch_policy = request.kind == policy::batch;
    fresh.nice = static_cast<i8>(request.nice);
    const bool had_reset = task.has_flag(task_flag::reset_scheduling_on_fork);
    TRY(check_may_set(task, fresh, request.kind, had_reset && !request.reset_on_fork));
    core::Scheduler::set_parameters(*task.thread, fresh);
    if (request.reset_on_fork)
        task.set_flag(task_flag::reset_scheduling_on_fork);
    else
        task.clear_flag(task_flag::reset_scheduling_on_fork);
    return {};
}

} // namespace

Result<TaskRef> task_named(Pid tid) {
    if (tid == 0)
        return TaskRef(Task::current());
    TaskRef task = ProcessTable::find_task(tid);
    if (!task)
        return Failure(Errno::srch);
    return task;
}

i32 policy_of(const core::Thread& thread) {
    const SchedulingParameters& p = thread.scheduling.parameters;
    if (p.scheduling_class == SchedulingClass::real_time)
        return p.round_robin ? policy::round_robin : policy::fifo;
    return p.idle_policy ? policy::idle : p.batch_policy ? policy::batch : policy::normal;
}

i32 nice_of(const core::Thread& thread) { return thread.scheduling.parameters.nice; }

void inherit_scheduling(core::Thread& child, const Task& parent) {
    child.scheduling.affinity = parent.thread->scheduling.affinity;
    SchedulingParameters parameters = parent.thread->scheduling.parameters;
    if (parent.has_flag(task_flag::reset_scheduling_on_fork)) {
        if (parameters.scheduling_class == SchedulingClass::real_time || parameters.nice < 0)
            parameters.nice = 0;
        parameters.scheduling_class = SchedulingClass::fair;
        parameters.real_time_priority = 0;
        parameters.round_robin = parameters.idle_policy = parameters.batch_policy = false;
    }
    if (parameters.scheduling_class != SchedulingClass::fair || parameters.nice != 0 ||
        parameters.idle_policy || parameters.batch_policy)
        core::Scheduler::set_parameters(child, parameters);
}

Result<u64> sys_sched_setscheduler(Pid tid, i32 kind, UserIn<SchedulingParameter> source) {
    if (tid < 0 || kind < 0 || !source)
        return Failure(Errno::inval);
    const SchedulingParameter parameter = TRY(source.read());
    const TaskRef task = TRY(task_named(tid));
    const bool reset = (kind & policy::reset_on_fork) != 0;
    TRY(apply(*task, {kind & ~policy::reset_on_fork, reset, parameter.priority,
                      nice_of(*task->thread)}));
    return 0;
}

Result<u64> sys_sched_setparam(Pid tid, UserIn<SchedulingParameter> source) {
    if (tid < 0 || !source)
        return Failure(Errno::inval);
    const SchedulingParameter parameter = TRY(source.read());
    const TaskRef task = TRY(task_named(tid));
    TRY(apply(*task, {policy_of(*task->thread), task->has_flag(task_flag::reset_scheduling_on_fork),
                      parameter.priority, nice_of(*task->thread)}));
    return 0;
}

Result<u64> sys_sched_getscheduler(Pid tid) {
    if (tid < 0)
        return Failure(Errno::inval);
    const TaskRef task = TRY(task_named(tid));
    const bool reset = task->has_flag(task_flag::reset_scheduling_on_fork);
    return static_cast<u64>(policy_of(*task->thread) | (reset ? policy::reset_on_fork : 0));
}

Result<u64> sys_sched_getparam(Pid tid, UserOut<SchedulingParameter> target) {
    if (tid < 0 || !target)
        return Failure(Errno::inval);
    const TaskRef task = TRY(task_named(tid));
    const SchedulingParameters& p = task->thread->scheduling.parameters;
    const bool real_time = p.scheduling_class == SchedulingClass::real_time;
    TRY(target.write({real_time ? p.real_time_priority : 0}));
    return 0;
}

Result<u64> sys_sched_setattr(Pid tid, UserVirt source, u32 flags) {
    if (source.is_null() || tid < 0 || flags != 0)
        return Failure(Errno::inval);
    u32 size = 0;
    TRY(core::copy_from_user(&size, source, sizeof(size)));
    if (size == 0)
        size = scheduling_attributes_first_size;
    SchedulingAttributes wanted = {};
    const auto too_big = [&]() -> Result<u64> {
        const u32 ours = sizeof(wanted);
        TRY(core::copy_to_user(source, &ours, sizeof(ours)));
        return Failure(Errno::e2big);
    };
    if (size < scheduling_attributes_first_size || size > page_size)
        return too_big();
    TRY(core::copy_from_user(&wanted, source, std::min<usize>(size, sizeof(wanted))));
    for (u64 at = sizeof(wanted); at < size; ++at) {
        u8 byte = 0;
        TRY(core::copy_from_user(&byte, source + at, 1));
        if (byte != 0)
            return too_big();
    }
    constexpr u64 known = attribute_flag::reset_on_fork | attribute_flag::reclaim |
                          attribute_flag::overrun | attribute_flag::keep_policy |
                          attribute_flag::keep_parameters;
    if ((wanted.flags & (attribute_flag::clamp_minimum | attribute_flag::clamp_maximum)) != 0)
        return Failure(Errno::opnotsupp);
    if ((wanted.flags & ~known) != 0 || static_cast<i32>(wanted.policy) < 0)
        return Failure(Errno::inval);
    const TaskRef task = TRY(task_named(tid));
    PolicyRequest request = {static_cast<i32>(wanted.policy),
                             (wanted.flags & attribute_flag::reset_on_fork) != 0,
                             static_cast<i32>(wanted.priority),
                             std::clamp(wanted.nice, -20, 19)};
    if ((wanted.flags & attribute_flag::keep_policy) != 0)
        request.kind = policy_of(*task->thread);
    if ((wanted.flags & attribute_flag::keep_parameters) != 0) {
        request.priority = task->thread->scheduling.parameters.real_time_priority;
        request.nice = nice_of(*task->thread);
    }
    if (is_real_time(request.kind))
        request.nice = nice_of(*task->thread);
    TRY(apply(*task, request));
    return 0;
}

Result<u64> sys_sched_getattr(Pid tid, UserVirt target, u32 size, u32 flags) {
    if (target.is_null() || tid < 0 || size > page_size ||
        size < scheduling_attributes_first_size || flags != 0)
        return Failure(Errno::inval);
    const TaskRef task = TRY(task_named(tid));
    const SchedulingParameters& p = task->thread->scheduling.parameters;
    SchedulingAttributes found = {};
    found.size = std::min<u32>(size, sizeof(found));
    found.policy = static_cast<u32>(policy_of(*task->thread));
    if (task->has_flag(task_flag::reset_scheduling_on_fork))
        found.flags |= attribute_flag::reset_on_fork;
    if (p.scheduling_class == SchedulingClass::real_time)
        found.priority = p.real_time_priority;
    else
        found.nice = p.nice;
    found.utilization_maximum = 1024;
    TRY(core::copy_to_user(target, &found, found.size));
    return 0;
}

Result<u64> sys_sched_get_priority_max(i32 kind) {
    if (is_real_time(kind))
        return highest_priority;
    if (is_fair(kind) || kind == policy::deadline)
        return 0;
    return Failure(Errno::inval);
}
Result<u64> sys_sched_get_priority_min(i32 kind) {
    if (is_real_time(kind))
        return 1;
    if (is_fair(kind) || kind == policy::deadline)
        return 0;
    return Failure(Errno::inval);
}

Result<u64> sys_sched_rr_get_interval(Pid tid, UserOut<TimeSpec> target) {
    if (tid < 0)
        return Failure(Errno::inval);
    const TaskRef task = TRY(task_named(tid));
    i64 slice = 0;
    if (policy_of(*task->thread) == policy::round_robin)
        slice = 100'000'000;
    else if (is_fair(policy_of(*task->thread)))
        slice = 4'000'000;
    TRY(target.write({0, slice}));
    return 0;
}

Result<u64> sys_sched_yield() {
    core::Scheduler::yield();
    return 0;
}

Result<u64> sys_sched_setaffinity(Pid tid, u32 size, UserVirt source) {
    u64 mask = 0;
    TRY(core::copy_from_user(&mask, source, std::min<usize>(size, sizeof(mask))));
    const TaskRef task = TRY(task_named(tid));
    if (!owns(*task) && !capable(Capability::sys_nice))
        return Failure(Errno::perm);
    TRY(core::Scheduler::set_affinity(*task->thread, mask));
    return 0;
}

Result<u64> sys_sched_getaffinity(Pid tid, u32 size, UserVirt target) {
    if (size * 8 < core::Scheduler::cpu_count() || size % sizeof(u64) != 0)
        return Failure(Errno::inval);
    const TaskRef task = TRY(task_named(tid));
    const u64 mask = task->thread->scheduling.affinity & core::Scheduler::online_cpus();
    TRY(core::copy_to_user(target, &mask, sizeof(mask)));
    return sizeof(mask);
}

Result<u64> sys_getcpu(UserOut<u32> cpu, UserOut<u32> node, u64) {
    if (cpu)
        TRY(cpu.write(arch::cpu_index()));
    if (node)
        TRY(node.write(0));
    return 0;
}

} // namespace linux
