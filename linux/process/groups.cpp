// SPDX-License-Identifier: BSD-2-Clause
// Process groups and sessions.
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"

namespace linux {

void join_group(Process& process, ProcessGroup& group) {
    group.members.push_back(process);
    process.group = RefOrNull<ProcessGroup>::share(&group);
}

void leave_group(Process& process, ProcessGroup& group) {
    group.members.remove(process);
    if (!group.members.empty())
        return;
    ProcessTable::leave(group);
    Session& session = *group.session;
    if (--session.groups == 0)
        ProcessTable::leave(session);
}

bool is_orphaned(const ProcessGroup& group, const Process* except) {
    for (Process& member : const_cast<ProcessGroup&>(group).members) {
        if (&member == except || member.state != ProcessState::alive || !member.parent)
            continue;
        const Process& parent = *member.parent;
        if (&parent == &ProcessTable::init() || !parent.group)
            continue;
        if (parent.group.get() != &group && parent.group->session == group.session)
            return false;
    }
    return true;
}

namespace {

// The process a call names; 0 is the caller. The table's lock is held. Errors: srch.
Result<Process*> named(Pid pid) {
    if (pid == 0)
        return &Process::current();
    Process* process = ProcessTable::find_locked(pid);
    if (!process)
        return Failure(Errno::srch);
    return process;
}

// Whether the caller may move `target`: itself or a child that has not executed. Errors: srch,
// acces, perm.
Result<> check_may_move(const Process& target) {
    const Process& self = Process::current();
    if (&target != &self) {
        if (target.parent.get() != &self)
            return Failure(Errno::srch);
        if (!target.group || target.group->session != self.group->session)
            return Failure(Errno::perm);
        if (target.has_executed)
            return Failure(Errno::acces);
    }
    return target.is_session_leader ? Result<>(Failure(Errno::perm)) : Result<>();
}

} // namespace

Result<u64> sys_setpgid(Pid pid, Pid group_id) {
    if (group_id < 0)
        return Failure(Errno::inval);
    if (group_id == 0)
        group_id = pid != 0 ? pid : Process::current().pid;
    RefOrNull<ProcessGroup> old; // dropped after the lock
    RefOrNull<ProcessGroup> fresh;
    ProcessTableGuard guard(ProcessTable::lock());
    Process& target = *TRY(named(pid));
    TRY(check_may_move(target));
    ProcessGroup* group = ProcessTable::find_group_locked(group_id);
    if (group_id != target.pid) {
        if (!group || group->session != Process::current().group->session)
            return Failure(Errno::perm);
    } else if (!group) {
        fresh = TRY(Ref<ProcessGroup>::create(group_id, target.group->session));
        group = fresh.get();
        ProcessTable::enter(*group);
        ++group->session->groups;
    }
    if (target.group.get() == group)
        return 0;
    old = std::move(target.group);
    leave_group(target, *old);
    join_group(target, *group);
    return 0;
}

Result<u64> sys_getpgid(Pid pid) {
    ProcessTableGuard guard(ProcessTable::lock());
    const Process& process = *TRY(named(pid));
    if (!process.group)
        return Failure(Errno::srch);
    return static_cast<u64>(process.group->id);
}

Result<u64> sys_getpgrp() {
    // Only the process itself and its parent before exec change it; the id is read as a word.
    ProcessTableGuard guard(ProcessTable::lock());
    return static_cast<u64>(Process::current().group->id);
}

Result<u64> sys_getsid(Pid pid) {
    ProcessTableGuard guard(ProcessTable::lock());
    const Process& process = *TRY(named(pid));
    if (!process.group)
        return Failure(Errno::srch);
    return static_cast<u64>(process.group->session->id);
}

Result<u64> sys_setsid() {
    Process& self = Process::current();
    Ref<Session> session = TRY(Ref<Session>::create(self.pid));
    Ref<ProcessGroup> group = TRY(Ref<ProcessGroup>::create(self.pid, session));
    RefOrNull<ProcessGroup> old;
    RefOrNull<ControllingTerminal> terminal;
    ProcessTableGuard guard(ProcessTable::lock());
    if (self.is_session_leader || ProcessTable::find_group_locked(self.pid))
        return Failure(Errno::perm);
    ProcessTable::enter(*session);
    ProcessTable::enter(*group);
    session->groups = 1;
    old = std::move(self.group);
    leave_group(self, *old);
    join_group(self, *group);
    self.is_session_leader = true;
    terminal = std::move(self.terminal);
    return static_cast<u64>(self.pid);
}

} // namespace linux
