// SPDX-License-Identifier: BSD-2-Clause
// kill and its kin: who may send what to whom.
#include "linux/process/pidfd.h"
#include "linux/signal/internal.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

bool is_valid_or_test(i32 number) { return number >= 0 && number <= signal_number::last; }

// A task's credentials with the table's lock held.
const Credentials* credentials_locked(const Process& process) {
    if (process.leader)
        return process.leader->credentials.get();
    Process& writable = const_cast<Process&>(process);
    return process.task_count == 0 ? nullptr : writable.tasks.front().credentials.get();
}

bool may_signal_locked(const Process& target, i32 number) {
    const Process& self = Process::current();
    if (&target == &self)
        return true;
    const Credentials& mine = current_credentials();
    const Credentials* theirs = credentials_locked(target);
    if (!theirs) // a zombie: who could once may still
        return mine.has(Capability::kill) || mine.effective_user == target.exit_user ||
               mine.real_user == target.exit_user;
    if (mine.effective_user == theirs->saved_user || mine.effective_user == theirs->real_user ||
        mine.real_user == theirs->saved_user || mine.real_user == theirs->real_user)
        return true;
    if (number == signal_number::cont && target.group && self.group &&
        target.group->session == self.group->session)
        return true;
    return mine.has(Capability::kill);
}

// One process of a kill to many; the table's lock is held.
Result<> signal_locked(Process& process, const SigInfo& info) {
    if (!may_signal_locked(process, info.number))
        return Failure(Errno::perm);
    return info.number == 0 ? Result<>() : send_signal(process, info);
}

Result<> signal_group(ProcessGroup* group, const SigInfo& info) {
    if (!group)
        return Failure(Errno::srch);
    Result<> result = Failure(Errno::srch);
    for (Process& process : group->members) {
        const Result<> one = signal_locked(process, info);
        if (one || !result)
            result = one; // one success is success; else the last error
    }
    return result;
}

// Everything but the first process and the caller.
Result<> signal_all(const SigInfo& info) {
    Result<> result = Failure(Errno::srch);
    const Process& self = Process::current();
    bool any_allowed = false;
    for (Process* p = ProcessTable::next_locked(2); p; p = ProcessTable::next_locked(p->pid + 1)) {
        if (p == &self || p == &ProcessTable::init())
            continue;
        const Result<> one = signal_locked(*p, info);
        if (one || one.error() != Errno::perm)
            any_allowed = true;
        if (!one && one.error() == Errno::perm && !any_allowed)
            result = Failure(Errno::perm);
    }
    return any_allowed ? Result<>() : result;
}

Result<> send_to_pid(Pid pid, const SigInfo& info) {
    ProcessTableGuard guard(ProcessTable::lock());
    if (pid > 0) {
        Process* process = ProcessTable::find_locked(pid);
        if (!process) { // the number of another task of a process names the process
            const Task* task = ProcessTable::find_task_locked(pid);
            process = task ? task->process.get() : nullptr;
        }
        return process ? signal_locked(*process, info) : Failure(Errno::srch);
    }
    if (pid == -1)
        return signal_all(info);
    ProcessGroup* group =
        pid == 0 ? Process::current().group.get() : ProcessTable::find_group_locked(-pid);
    return signal_group(group, info);
}

Result<> send_to_task(Pid process_id, Pid tid, const SigInfo& info) {
    ProcessTableGuard guard(ProcessTable::lock());
    Task* task = ProcessTable::find_task_locked(tid);
    if (!task || (process_id > 0 && task->process->pid != process_id))
        return Failure(Errno::srch);
    if (!may_signal_locked(*task->process, info.number))
        return Failure(Errno::perm);
    return info.number == 0 ? Result<>() : send_signal(*task, info);
}

// What rt_sigqueueinfo and its kin read: only to itself may a program pose as the kernel or
// kill(2).
Result<SigInfo> read_siginfo(UserIn<u8> source, i32 number, bool to_self) {
    SigInfo info;
    TRY(core::copy_from_user(&info, source.address(), sizeof(info)));
    info.number = number;
    if ((info.code >= 0 || info.code == signal_code::tkill) && !to_self)
        return Failure(Errno::perm);
    return info;
}

} // namespace

SigInfo user_signal(i32 number, i32 code) {
    SigInfo info;
    info.number = number;
    info.code = code;
    info.details.user.pid = Process::current().pid;
    info.details.user.uid = current_credentials().real_user;
    return info;
}

Result<> check_signal_permission(Process& target, i32 number) {
    ProcessTableGuard guard(ProcessTable::lock());
    return may_signal_locked(target, number) ? Result<>() : Failure(Errno::perm);
}

Result<u64> sys_kill(Pid pid, i32 number) {
    if (pid == INT32_MIN)
        return Failure(Errno::srch);
    if (!is_valid_or_test(number))
        return Failure(Errno::inval);
    TRY(send_to_pid(pid, user_signal(number)));
    return 0;
}

Result<u64> sys_tkill(Pid tid, i32 number) {
    if (tid <= 0 || !is_valid_or_test(number))
        return Failure(Errno::inval);
    TRY(send_to_task(0, tid, user_signal(number, signal_code::tkill)));
    return 0;
}

Result<u64> sys_tgkill(Pid process_id, Pid tid, i32 number) {
    if (tid <= 0 || process_id <= 0 || !is_valid_or_test(number))
        return Failure(Errno::inval);
    TRY(send_to_task(process_id, tid, user_signal(number, signal_code::tkill)));
    return 0;
}

Result<u64> sys_rt_sigqueueinfo(Pid pid, i32 number, UserIn<u8> source) {
    const SigInfo info = TRY(read_siginfo(source, number, pid == Process::current().pid));
    if (!is_valid_or_test(number))
        return Failure(Errno::inval);
    if (pid <= 0)
        return Failure(Errno::srch);
    TRY(send_to_pid(pid, info));
    return 0;
}

Result<u64> sys_rt_tgsigqueueinfo(Pid process_id, Pid tid, i32 number, UserIn<u8> source) {
    if (process_id <= 0 || tid <= 0)
        return Failure(Errno::inval);
    const bool to_self = tid == Task::current().tid;
    const SigInfo info = TRY(read_siginfo(source, number, to_self));
    if (!is_valid_or_test(number))
        return Failure(Errno::inval);
    TRY(send_to_task(process_id, tid, info));
    return 0;
}

Result<u64> sys_pidfd_send_signal(u32 fd, i32 number, UserIn<u8> source, u32 flags) {
    if (flags != 0)
        return Failure(Errno::inval);
    bool non_block = false;
    Ref<Process> process = TRY(process_of_pidfd(fd, non_block));
    SigInfo info = user_signal(number);
    if (source) {
        TRY(core::copy_from_user(&info, source.address(), sizeof(info)));
        if (info.number != number)
            return Failure(Errno::inval);
        if ((info.code >= 0 || info.code == signal_code::tkill) &&
            process.get() != &Process::current())
            return Failure(Errno::perm);
    }
    if (!is_valid_or_test(number))
        return Failure(Errno::inval);
    ProcessTableGuard guard(ProcessTable::lock());
    if (process->state == ProcessState::reaped)
        return Failure(Errno::srch);
    TRY(signal_locked(*process, info));
    return 0;
}

} // namespace linux
