// SPDX-License-Identifier: BSD-2-Clause
// wait4 and waitid: children that ended, stopped or go on.
#include "linux/process/exit.h"
#include "linux/process/pidfd.h"
#include "linux/process/usage.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

struct WaitRequest {
    i32 kind = wait_kind::all;
    Pid id = 0;
    RefOrNull<ProcessGroup> group; // kind group
    i32 options = 0;
};

// What a wait found.
struct WaitOutcome {
    Pid pid = 0;
    UserId uid = 0;
    i32 code = 0;   // CLD_*
    i32 status = 0; // as siginfo has it
    i32 word = 0;   // as wait4 has it
    Usage usage;
    RefOrNull<Process> reaped; // dropped after the lock was
};

bool is_wanted(const Process& child, const WaitRequest& request) {
    if (request.kind == wait_kind::pid && child.pid != request.id)
        return false;
    if (request.kind == wait_kind::group &&
        (!child.group || child.group.get() != request.group.get()))
        return false;
    if ((request.options & wait_option::all) != 0)
        return true;
    const bool is_clone = child.exit_signal != signal_number::chld;
    return is_clone == ((request.options & wait_option::clone) != 0);
}

UserId real_user_of(const Process& child) {
    if (child.leader)
        return child.leader->credentials->real_user;
    return child.exit_user;
}

bool take_zombie(Process& child, const WaitRequest& request, WaitOutcome& outcome) {
    if (child.state != ProcessState::zombie || (request.options & wait_option::exited) == 0)
        return false;
    const ChildReport report = report_of(child.exit_status);
    outcome.pid = child.pid;
    outcome.uid = child.exit_user;
    outcome.code = report.code;
    outcome.status = report.status;
    outcome.word = child.exit_status;
    outcome.usage = child.exited_tasks;
    outcome.usage.add(child.waited_children);
    if ((request.options & wait_option::no_wait) != 0)
        return true;
    child.parent->waited_children.add(outcome.usage);
    outcome.reaped = reap_locked(child);
    return true;
}

bool take_change(Process& child, const WaitRequest& request, WaitOutcome& outcome) {
    ProcessSignals& signals = child.signals;
    const bool keep = (request.options & wait_option::no_wait) != 0;
    core::LockGuard guard(signals.lock);
    if ((request.options & wait_option::stopped) != 0 && signals.report_stop) {
        outcome.code = signal_code::child_stopped;
        outcome.status = signals.stop_signal;
        outcome.word = (signals.stop_signal << 8) | 0x7f;
        signals.report_stop = keep;
    } else if ((request.options & wait_option::continued) != 0 && signals.report_continue) {
        outcome.code = signal_code::child_continued;
        outcome.status = signal_number::cont;
        outcome.word = 0xffff;
        signals.report_continue = keep;
    } else {
        return false;
    }
    outcome.pid = child.pid;
    return true;
}

// One look at all children. 0: nothing yet. Errors: child (none that could ever match).
Result<bool> look(Process& self, const WaitRequest& request, WaitOutcome& outcome) {
    ProcessTableGuard guard(ProcessTable::lock());
    bool any = false;
    for (Process& child : self.children) {
        if (!is_wanted(child, request))
            continue;
        any = true;
        if (take_zombie(child, request, outcome))
            return true;
        if (child.state == ProcessState::alive && take_change(child, request, outcome)) {
            outcome.uid = real_user_of(child);
            return true;
        }
    }
    if (!any)
        return Failure(Errno::child);
    return false;
}

// The pid that was waited for, 0 with WNOHANG when there is nothing. Errors: child, restartsys.
Result<Pid> wait_for_child(const WaitRequest& request, WaitOutcome& outcome) {
    Process& self = Process::current();
    Result<bool> found = look(self, request, outcome);
    if (!found)
        return Failure(found.error());
    if (*found || (request.options & wait_option::no_hang) != 0)
        return outcome.pid;
    auto condition = [&] {
        found = look(self, request, outcome);
        return !found || *found;
    };
    const Result<> slept = self.child_events.wait(condition, core::Sleep::interruptible);
    if (!found)
        return Failure(found.error());
    if (!slept)
        return Failure(Errno::restartsys);
    return outcome.pid;
}

SigInfo info_of(const WaitOutcome& outcome) {
    SigInfo info;
    if (outcome.pid == 0)
        return info;
    info.number = signal_number::chld;
    info.code = outcome.code;
    info.details.child = {outcome.pid, outcome.uid, outcome.status, 0, 0, 0};
    return info;
}

// waitid writes these fields and leaves the rest of the program's siginfo alone.
struct WaitInfo {
    i32 number, error, code, padding;
    Pid pid;
    UserId uid;
    i32 status;
};

Result<WaitRequest> request_of(i32 kind, Pid id, i32 options) {
    WaitRequest request;
    request.kind = kind;
    request.id = id;
    request.options = options;
    switch (kind) {
    case wait_kind::all: break;
    case wait_kind::pid:
        if (id <= 0)
            return Failure(Errno::inval);
        break;
    case wait_kind::group:
        if (id < 0)
            return Failure(Errno::inval);
        if (id == 0) {
            ProcessTableGuard guard(ProcessTable::lock());
            request.group = Process::current().group;
        } else {
            request.group = ProcessTable::find_group(id);
        }
        break;
    case wait_kind::pidfd: {
        if (id < 0)
            return Failure(Errno::inval);
        bool non_block = false;
        request.id = TRY(process_of_pidfd(static_cast<u32>(id), non_block))->pid;
        request.kind = wait_kind::pid;
        break;
    }
    default: return Failure(Errno::inval);
    }
    return request;
}

} // namespace

Result<u64> sys_wait4(Pid pid, UserOut<i32> status, i32 options, UserOut<ResourceUsage> usage) {
    constexpr i32 known = wait_option::no_hang | wait_option::untraced | wait_option::continued |
                          wait_option::no_thread | wait_option::clone | wait_option::all;
    if ((options & ~known) != 0)
        return Failure(Errno::inval);
    if (pid == INT32_MIN)
        return Failure(Errno::srch);
    const i32 kind = pid == -1 ? wait_kind::all : pid > 0 ? wait_kind::pid : wait_kind::group;
    const Pid id = pid < -1 ? -pid : pid;
    WaitRequest request = TRY(request_of(kind, id < 0 ? 0 : id, options | wait_option::exited));
    WaitOutcome outcome;
    const Pid found = TRY(wait_for_child(request, outcome));
    if (found == 0)
        return 0;
    if (status)
        TRY(status.write(outcome.word));
    if (usage)
        TRY(usage.write(to_resource_usage(outcome.usage)));
    return static_cast<u64>(found);
}

Result<u64> sys_waitid(i32 kind, Pid id, UserOut<u8> info, i32 options,
                       UserOut<ResourceUsage> usage) {
    constexpr i32 states = wait_option::exited | wait_option::stopped | wait_option::continued;
    constexpr i32 known = states | wait_option::no_hang | wait_option::no_wait |
                          wait_option::no_thread | wait_option::clone | wait_option::all;
    if ((options & ~known) != 0 || (options & states) == 0)
        return Failure(Errno::inval);
    const WaitRequest request = TRY(request_of(kind, id, options));
    WaitOutcome outcome;
    const Pid found = TRY(wait_for_child(request, outcome));
    if (usage && found != 0)
        TRY(usage.write(to_resource_usage(outcome.usage)));
    if (!info)
        return 0;
    const SigInfo full = info_of(outcome);
    const WaitInfo head = {full.number, 0, full.code, 0, outcome.pid, outcome.uid, outcome.status};
    TRY(core::copy_to_user(info.address(), &head, 3 * sizeof(i32)));
    TRY(core::copy_to_user(info.address() + 16, &head.pid, 3 * sizeof(i32)));
    return 0;
}

} // namespace linux
