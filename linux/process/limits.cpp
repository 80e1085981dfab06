// SPDX-License-Identifier: BSD-2-Clause
// Resource limits.
#include "linux/process/limits.h"

#include <algorithm>

#include "core/memory/frames.h"
#include "linux/syscall/syscall.h"
#include "linux/time/process_timers.h"

namespace linux {

namespace {

constexpr u64 open_files_maximum = 1024 * 1024; // fs.nr_open

Result<Resource> checked(u32 resource) {
    if (resource >= static_cast<u32>(Resource::count))
        return Failure(Errno::inval);
    return static_cast<Resource>(resource);
}

// Errors: inval, perm.
Result<> check_change(const Process& process, Resource resource, const ResourceLimit& fresh) {
    if (fresh.current > fresh.maximum)
        return Failure(Errno::inval);
    if (resource == Resource::open_files && fresh.maximum > open_files_maximum)
        return Failure(Errno::perm);
    if (fresh.maximum > process.limits(resource).maximum && !capable(Capability::sys_resource))
        return Failure(Errno::perm);
    return {};
}

Result<> change(Process& process, Resource resource, const ResourceLimit& fresh) {
    TRY(check_change(process, resource, fresh));
    process.set_limits(resource, fresh);
    if (const RefOrNull<ProgramImage> image = image_of(process))
        apply_space_limits(process, *image->space);
    if (resource == Resource::cpu)
        TRY(watch_cpu_limit(process));
    return {};
}

// Errors: srch, perm.
Result<Ref<Process>> process_for_limits(Pid pid) {
    if (pid == 0)
        return Ref<Process>::share(Process::current());
    const TaskRef task = ProcessTable::find_task(pid);
    if (!task)
        return Failure(Errno::srch);
    if (task->process == Task::current().process)
        return task->process;
    const Credentials& mine = current_credentials();
    const Ref<const Credentials> theirs = credentials_of(*task);
    const bool same = mine.real_user == theirs->effective_user &&
                      mine.real_user == theirs->saved_user && mine.real_user == theirs->real_user &&
                      mine.real_group == theirs->effective_group &&
                      mine.real_group == theirs->saved_group &&
                      mine.real_group == theirs->real_group;
    if (!same && !mine.has(Capability::sys_resource))
        return Failure(Errno::perm);
    return task->process;
}

} // namespace

void apply_space_limits(const Process& process, core::AddressSpace& space) {
    space.limits.address_space = process.limit(Resource::address_space);
    space.limits.data = process.limit(Resource::data);
    space.limits.stack = process.limit(Resource::stack);
}

void set_default_task_limits(Process& process) {
    // As Linux: an eighth of memory in kernel stacks (16 KiB each) at most, half of it per user.
    const u64 tasks = std::max<u64>(core::frame_counts().total / 32, 20);
    const u64 maximum = std::min<u64>(tasks, ProcessTable::pid_limit - 1);
    ProcessTable::set_task_maximum(static_cast<u32>(maximum));
    process.set_limits(Resource::processes, {maximum / 2, maximum / 2});
    process.set_limits(Resource::pending_signals, {maximum / 2, maximum / 2});
}

Result<u64> sys_prlimit64(Pid pid, u32 resource, UserIn<ResourceLimit> fresh,
                          UserOut<ResourceLimit> old) {
    const Resource which = TRY(checked(resource));
    ResourceLimit wanted = {};
    if (fresh)
        wanted = TRY(fresh.read());
    Ref<Process> process = TRY(process_for_limits(pid));
    const ResourceLimit before = process->limits(which);
    if (fresh)
        TRY(change(*process, which, wanted));
    if (old)
        TRY(old.write(before));
    return 0;
}

Result<u64> sys_getrlimit(u32 resource, UserOut<ResourceLimit> target) {
    TRY(target.write(Process::current().limits(TRY(checked(resource)))));
    return 0;
}

Result<u64> sys_setrlimit(u32 resource, UserIn<ResourceLimit> source) {
    const ResourceLimit wanted = TRY(source.read());
    TRY(change(Process::current(), TRY(checked(resource)), wanted));
    return 0;
}

} // namespace linux
