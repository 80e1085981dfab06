// SPDX-License-Identifier: BSD-2-Clause
// Job control: the session a terminal controls, its foreground group, hang-ups. The links between
// processes, session and terminal are guarded by the process table's lock.
#include "core/vm/user_memory.h"
#include "linux/signal/send.h"
#include "linux/tty/terminal.h"
#include "linux/tty/terminal_file.h"

namespace linux {

namespace {

bool is_ignored_or_blocked(i32 number) {
    const Task& task = Task::current();
    return task.signals.blocked.has(number) ||
           task.process->signals.handlers->explicitly_ignored().has(number);
}

Session* session_of_locked(const Process& process) {
    return process.group ? process.group->session.get() : nullptr;
}

// Every process of the session lets go of its terminal. With the table's lock held.
void clear_session_locked(Session& session, ControllingTerminal& terminal) {
    for (Process* process = ProcessTable::next_locked(1); process;
         process = ProcessTable::next_locked(process->pid + 1))
        if (session_of_locked(*process) == &session && process->terminal.get() == &terminal)
            process->terminal = nullptr;
}

} // namespace

Result<> Terminal::check_background(i32 signal) {
    RefOrNull<ProcessGroup> group;
    bool orphaned;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        const Process& self = Process::current();
        if (self.terminal.get() != this || !foreground_ || self.group == foreground_)
            return {};
        group = self.group;
        orphaned = is_orphaned(*group);
    }
    if (is_ignored_or_blocked(signal))
        return signal == signal_number::ttin ? Failure(Errno::io) : Result<>();
    if (orphaned)
        return Failure(Errno::io);
    (void)send_signal(*group, SigInfo::from_kernel(signal));
    return Failure(Errno::restartsys);
}

void Terminal::signal_foreground(i32 number) {
    RefOrNull<ProcessGroup> group;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        group = foreground_;
    }
    if (group)
        (void)send_signal(*group, SigInfo::from_kernel(number));
}

void Terminal::try_become_controlling() {
    const auto self_ref = RefOrNull<ControllingTerminal>::share(this);
    ProcessTableGuard guard(ProcessTable::lock());
    Process& self = Process::current();
    if (!self.is_session_leader || self.terminal || session_)
        return;
    self.terminal = self_ref;
    session_ = RefOrNull<Session>::share(session_of_locked(self));
    foreground_ = self.group;
}

Result<u64> Terminal::set_controlling(const TerminalFile& file, bool steal) {
    const bool privileged = capable(Capability::sys_admin);
    const auto self_ref = RefOrNull<ControllingTerminal>::share(this);
    ProcessTableGuard guard(ProcessTable::lock());
    Process& self = Process::current();
    Session* const session = session_of_locked(self);
    if (self.is_session_leader && session_.get() == session)
        return 0;
    if (!self.is_session_leader || self.terminal)
        return Failure(Errno::perm);
    if (session_) {
        if (!steal || !privileged)
            return Failure(Errno::perm);
        clear_session_locked(*session_, *this);
    }
    if (!file.is_readable() && !privileged)
        return Failure(Errno::perm);
    self.terminal = self_ref;
    session_ = RefOrNull<Session>::share(session);
    foreground_ = self.group;
    return 0;
}

Result<u64> Terminal::give_up_controlling() {
    RefOrNull<ProcessGroup> group;
    bool leader;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        Process& self = Process::current();
        if (self.terminal.get() != this)
            return Failure(Errno::notty);
        leader = self.is_session_leader;
        group = foreground_;
    }
    if (leader && group) {
        (void)send_signal(*group, SigInfo::from_kernel(signal_number::hup));
        (void)send_signal(*group, SigInfo::from_kernel(signal_number::cont));
    }
    const auto keep = Ref<Terminal>::share(*this);
    ProcessTableGuard guard(ProcessTable::lock());
    Process& self = Process::current();
    if (leader) {
        if (Session* session = session_of_locked(self))
            clear_session_locked(*session, *this);
        session_ = nullptr;
        foreground_ = nullptr;
    }
    if (self.terminal.get() == this)
        self.terminal = nullptr;
    return 0;
}

Result<u64> Terminal::get_group(bool from_master) {
    ProcessTableGuard guard(ProcessTable::lock());
    if (!from_master && Process::current().terminal.get() != this)
        return Failure(Errno::notty);
    return foreground_ ? static_cast<u64>(foreground_->id) : 0;
}

Pid Terminal::foreground_group() const {
    ProcessTableGuard guard(ProcessTable::lock());
    return foreground_ ? foreground_->id : -1;
}

Result<u64> Terminal::get_session(bool from_master) {
    ProcessTableGuard guard(ProcessTable::lock());
    if ((!from_master && Process::current().terminal.get() != this) || !session_)
        return Failure(Errno::notty);
    return static_cast<u64>(session_->id);
}

Result<u64> Terminal::set_group(Pid wanted) {
    if (wanted < 0)
        return Failure(Errno::inval);
    ProcessTableGuard guard(ProcessTable::lock());
    const Process& self = Process::current();
    Session* const session = session_of_locked(self);
    if (self.terminal.get() != this || session_.get() != session)
        return Failure(Errno::notty);
    ProcessGroup* group = ProcessTable::find_group_locked(wanted);
    if (!group)
        return Failure(Errno::srch);
    if (group->session.get() != session)
        return Failure(Errno::perm);
    foreground_ = RefOrNull<ProcessGroup>::share(group);
    return 0;
}

void Terminal::hang_up(bool whole_session) {
    const auto keep = Ref<Terminal>::share(*this);
    RefOrNull<Process> leader;
    RefOrNull<ProcessGroup> group;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        if (session_) {
            leader = RefOrNull<Process>::share(ProcessTable::find_locked(session_->id));
            clear_session_locked(*session_, *this);
        }
        group = foreground_;
        session_ = nullptr;
        foreground_ = nullptr;
    }
    hang_ups_.fetch_add(1, std::memory_order_release);
    if (leader) {
        (void)send_signal(*leader, SigInfo::from_kernel(signal_number::hup));
        (void)send_signal(*leader, SigInfo::from_kernel(signal_number::cont));
    }
    if (group && whole_session)
        (void)send_signal(*group, SigInfo::from_kernel(signal_number::hup));
    flush(flush_queue::both);
    read_queue_.wake_all(poll_event::in | poll_event::hang_up | poll_event::error);
    write_queue_.wake_all(poll_event::out | poll_event::hang_up | poll_event::error);
}

void Terminal::session_ends(Session& session) {
    RefOrNull<ProcessGroup> group;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        if (session_.get() != &session)
            return;
        group = foreground_;
    }
    if (!driver_.is_pty()) {
        hang_up(true);
        return;
    }
    if (group)
        (void)send_signal(*group, SigInfo::from_kernel(signal_number::hup));
    const auto keep = Ref<Terminal>::share(*this);
    ProcessTableGuard guard(ProcessTable::lock());
    clear_session_locked(session, *this);
    session_ = nullptr;
    foreground_ = nullptr;
}

} // namespace linux
