// SPDX-License-Identifier: BSD-2-Clause
// Exit: a task lets go of memory, files and names; the last of a process hands children to a
// reaper, tells the parent and stays as a zombie, or goes at once when the parent does not care.
#include "linux/process/exit.h"

#include "linux/futex/pi.h"
#include "linux/ipc/semaphore_undo.h"
#include "linux/process/call_filter.h"
#include "linux/process/init.h"
#include "linux/signal/internal.h"
#include "linux/syscall/syscall.h"
#include "linux/time/process_timers.h"

namespace linux {

namespace {

namespace sig = signal_number;

// Processes whose last reference is to be dropped once the table's lock is.
class ReapedList {
public:
    ~ReapedList() {
        while (Process* process = list_.pop_front())
            process->drop_reference();
    }
    void add(Ref<Process> process) { list_.push_back(*process.release()); }

private:
    List<Process, &Process::sibling_link> list_;
};

u64 ticks(Nanos time) { return time.value / (base::nanos_per_second.value / ticks_per_second); }

void let_go_of_memory_words(Task& task) {
    if (task.robust_list != 0)
        release_robust_list(task);
    pass_on_all_dead(task);
    release_clear_child_tid(task);
}

// From here on no signal is taken by this task.
void stop_taking_signals(Task& task) {
    Process& process = *task.process;
    bool stop_complete;
    {
        core::LockGuard guard(process.signals.lock);
        task.set_flag(task_flag::exiting);
        stop_complete = leave_stop_locked(task);
        if (!process.signals.exiting)
            retarget_locked(task, ~task.signals.blocked);
    }
    task.thread->clear_work(core::thread_work::interrupt | core::thread_work::kill);
    if (stop_complete)
        tell_parent(process, signal_code::child_stopped);
}

void let_go_of_memory(Task& task) {
    RefOrNull<core::AddressSpace> space = task.thread->replace_address_space(nullptr);
    if (!space)
        return;
    const u64 peak = space->statistics().resident_peak.value;
    core::LockGuard guard(task.process->signals.lock);
    if (peak > task.process->exited_tasks.peak_resident)
        task.process->exited_tasks.peak_resident = peak;
}

void let_go_of_files(Task& task) {
    // Closed here, by the task that ends, although somebody may still be looking at the table.
    if (task.files->sharers() == 1)
        task.files->close_range(0, ~0u);
    task.files->drop_sharer();
    ProcessTable::lock().acquire();
    Ref<core::HandleTable> files = std::move(task.files);
    Ref<FileContext> context = std::move(task.file_context);
    ProcessTable::lock().release();
}

void give_up_terminal(Process& process) {
    RefOrNull<ControllingTerminal> terminal;
    RefOrNull<Session> session;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        terminal = std::move(process.terminal);
        process.terminal = nullptr;
        if (process.is_session_leader && process.group)
            session = process.group->session;
    }
    if (terminal && session)
        terminal->session_ends(*session);
}

bool has_stopped_member(const ProcessGroup& group) {
    for (Process& process : const_cast<ProcessGroup&>(group).members)
        if (process.signals.stopped)
            return true;
    return false;
}

// A group that nobody outside can continue any more must not stay stopped for ever.
void hang_up_if_orphaned(Process& member, const Process* leaving) {
    ProcessGroup* group = member.group.get();
    if (!group || !is_orphaned(*group, leaving) || !has_stopped_member(*group))
        return;
    (void)send_signal_locked(*group, SigInfo::from_kernel(sig::hup));
    (void)send_signal_locked(*group, SigInfo::from_kernel(sig::cont));
}

// The nearest living ancestor that said it takes orphans, or the first process.
Process& find_reaper(Process& process) {
    if (process.has_subreaper_ancestor) {
        for (Process* p = process.parent.get(); p; p = p->parent.get())
            if (p->is_subreaper && p->state == ProcessState::alive && !p->tasks.empty())
                return *p;
    }
    return ProcessTable::init();
}

// Sends the exit signal; true if the parent wants no zombie.
bool tell_parent_of_exit(Process& process, const Usage& used) {
    Process* parent = process.parent.get();
    if (!parent)
        return true;
    const ChildReport report = report_of(process.exit_status);
    i32 number = process.exit_signal;
    SigInfo info = SigInfo::from_kernel(number, report.code);
    info.details.child = {process.pid, process.exit_user, report.status, 0,
                          static_cast<i64>(ticks(used.user)),
                          static_cast<i64>(ticks(used.system))};
    bool unwanted = false;
    if (number == sig::chld) {
        core::LockGuard guard(parent->signals.lock);
        const SignalAction action = parent->signals.handlers->get(sig::chld);
        unwanted = action.handler == handler_ignore ||
                   (action.flags & action_flag::no_child_wait) != 0;
        if (action.handler == handler_ignore)
            number = 0;
    }
    if (number > 0)
        (void)send_signal(*parent, info);
    parent->child_events.wake_all();
    return unwanted || process.goes_unwaited;
}

void send_parent_death_signals(Process& child) {
    for (Task& task : child.tasks)
        if (task.parent_death_signal != 0)
            (void)send_signal(child, SigInfo::from_kernel(task.parent_death_signal));
}

void hand_over_children(Process& process, ReapedList& reaped) {
    if (process.children.empty())
        return;
    Process& reaper = find_reaper(process);
    while (Process* child = process.children.pop_front()) {
        if (&reaper == &process) { // the first process itself ends: a panic follows
            (void)child->set_parent(nullptr);
            continue;
        }
        (void)child->set_parent(RefOrNull<Process>::share(&reaper)); // ours stays: we are current
        reaper.children.push_back(*child);
        child->exit_signal = sig::chld;
        send_parent_death_signals(*child);
        hang_up_if_orphaned(*child, &process);
        if (child->state == ProcessState::zombie &&
            tell_parent_of_exit(*child, child->exited_tasks))
            reaped.add(reap_locked(*child));
    }
}

void become_zombie(Process& process, ReapedList& reaped) {
    process.exit_user = Task::current().credentials->real_user;
    hand_over_children(process, reaped);
    process.state = ProcessState::zombie;
    hang_up_if_orphaned(process, &process);
    const bool unwanted = tell_parent_of_exit(process, process.exited_tasks);
    process.exit_events.wake_all();
    if (unwanted && process.parent)
        reaped.add(reap_locked(process));
}

// The task leaves its process; the last one makes it a zombie.
void leave_process(Task& task, i32 status, ReapedList& reaped) {
    Process& process = *task.process;
    const Usage used = usage_of_task(task);
    SignalEntries dropped;
    ProcessTableGuard guard(ProcessTable::lock());
    bool last;
    {
        core::LockGuard signal_guard(process.signals.lock);
        process.exited_tasks.add(used);
        process.tasks.remove(task);
        last = --process.task_count == 0;
        task.signals.pending.discard(~SignalSet{}, dropped);
        if (last) {
            process.signals.pending.discard(~SignalSet{}, dropped);
            process.exit_status =
                process.signals.exiting ? process.signals.exit_status : process.exit_status;
        }
    }
    release_entries(dropped);
    if (process.leader == &task) {
        process.leader = nullptr;
        if (!process.signals.exiting)
            process.exit_status = status; // wait reports the leader's, unless the group exits
    }
    ProcessTable::leave(task);
    if (last) {
        process.zombie_account = RefOrNull<UserAccount>::share(task.credentials->account.get());
        become_zombie(process, reaped);
    } else {
        task.credentials->account->processes.fetch_sub(1, std::memory_order_relaxed);
        process.exit_events.wake_all(); // an exec may wait for the others to go
    }
}

bool is_last_task(Process& process) {
    core::LockGuard guard(process.signals.lock);
    u32 left = 0;
    for (Task& task : process.tasks)
        if (!task.has_flag(task_flag::exiting))
            ++left;
    return left == 0;
}

} // namespace

void release_clear_child_tid(Task& task) {
    const UserVirt address(std::exchange(task.clear_child_tid, 0));
    if (address.is_null())
        return;
    // Nobody else can look when the memory is ours alone: spare the copy of the page.
    const Process& process = *task.process;
    const bool shared = process.task_count > 1 ||
                        (process.image && process.image->reference_count() > 1);
    const u32 zero = 0;
    if (shared && core::copy_to_user(address, &zero, sizeof(zero)))
        wake_address(address, 1);
}

ChildReport report_of(i32 exit_status) {
    if ((exit_status & 0x80) != 0)
        return {signal_code::child_dumped, exit_status & 0x7f};
    if ((exit_status & 0x7f) != 0)
        return {signal_code::child_killed, exit_status & 0x7f};
    return {signal_code::child_exited, (exit_status >> 8) & 0xff};
}

Ref<Process> reap_locked(Process& zombie) {
    zombie.state = ProcessState::reaped;
    if (zombie.parent)
        zombie.parent->children.remove(zombie);
    RefOrNull<ProcessGroup> group = std::move(zombie.group);
    leave_group(zombie, *group);
    zombie.zombie_account->processes.fetch_sub(1, std::memory_order_relaxed);
    (void)zombie.set_parent(nullptr); // not the last reference: a parent outlives its children
    ProcessTable::leave(zombie);
    return Ref<Process>::adopt(&zombie);
}

void exit_task(i32 status) {
    Task& task = Task::current();
    {
        Process& process = *task.process;
        stop_taking_signals(task);
        const bool last = is_last_task(process);
        if (last && &process == &ProcessTable::init())
            panic_because_init_ended(status);
        let_go_of_memory_words(task);
        finish_vfork(task);
        if (last) {
            if (ProcessTimers* timers = process.timers.load(std::memory_order_acquire))
                timers->cancel_all();
            ProcessTable::lock().acquire();
            RefOrNull<ProgramImage> image = std::move(process.image);
            ProcessTable::lock().release();
            let_go_of_memory(task);
        } else {
            let_go_of_memory(task);
        }
        task.semaphore_undo = nullptr;
        let_go_of_files(task);
        if (last)
            give_up_terminal(process);
        ReapedList reaped;
        leave_process(task, status, reaped);
    }
    core::Thread::exit();
}

void end_process(i32 status) {
    Process& process = Process::current();
    {
        core::LockGuard guard(process.signals.lock);
        if (process.signals.exiting)
            status = process.signals.exit_status;
        else if (!Task::current().signals.doomed) // doomed by an exec: only this task ends
            begin_group_exit_locked(process, status);
    }
    exit_task(status);
}

Result<u64> sys_exit(i32 code) { exit_task((code & 0xff) << 8); }
Result<u64> sys_exit_group(i32 code) { end_process((code & 0xff) << 8); }

} // namespace linux
