// SPDX-License-Identifier: BSD-2-Clause
// clone: everything that can fail is made first; then the child is entered into the tree under one
// lock, where nothing fails any more, and started.
#include "linux/process/fork.h"

#include "linux/ipc/semaphore_undo.h"
#include "linux/process/call_filter.h"
#include "linux/process/exit.h"
#include "linux/process/pidfd.h"
#include "linux/scheduling/parameters.h"
#include "linux/signal/internal.h"
#include "linux/syscall/personality.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

Result<> check_flags(const CloneRequest& request) {
    const u64 flags = request.flags;
    auto has = [flags](u64 flag) { return (flags & flag) != 0; };
    if (has(clone_flag::new_mounts) && has(clone_flag::share_file_context))
        return Failure(Errno::inval);
    if (has(clone_flag::thread) && !has(clone_flag::share_handlers))
        return Failure(Errno::inval);
    if (has(clone_flag::share_handlers) && !has(clone_flag::share_memory))
        return Failure(Errno::inval);
    if (has(clone_flag::same_parent) && Process::current().unkillable)
        return Failure(Errno::inval);
    if (has(clone_flag::thread) && has(clone_flag::new_user | clone_flag::new_pid))
        return Failure(Errno::inval);
    if (has(clone_flag::pidfd) && has(clone_flag::thread | clone_flag::detached))
        return Failure(Errno::inval);
    if (has(clone_flag::namespaces | clone_flag::new_time)) // not configured
        return Failure(capable(Capability::sys_admin) || has(clone_flag::new_user) ? Errno::inval
                                                                                   : Errno::perm);
    return {};
}

Result<> check_limits() {
    const Credentials& self = current_credentials();
    const u32 tasks = self.account->processes.load(std::memory_order_relaxed);
    if (tasks >= Process::current().limit(Resource::processes) && self.real_user != 0 &&
        !self.has(Capability::sys_resource) && !self.has(Capability::sys_admin))
        return Failure(Errno::again);
    if (ProcessTable::task_count() >= ProcessTable::task_maximum())
        return Failure(Errno::again);
    return {};
}

Result<Ref<SignalHandlers>> handlers_for(u64 flags, const Task& parent) {
    const SignalHandlers& own = *parent.process->signals.handlers;
    if ((flags & clone_flag::share_handlers) != 0)
        return parent.process->signals.handlers;
    Ref<SignalHandlers> copy = TRY(own.clone());
    if ((flags & clone_flag::clear_handlers) != 0)
        copy->reset(false);
    return copy;
}

Result<Ref<Process>> make_process(Pid pid, u64 flags, const Task& parent) {
    Process& from = *parent.process;
    Ref<Process> process = TRY(Process::create(pid, TRY(handlers_for(flags, parent))));
    process->copy_limits(from);
    if ((flags & clone_flag::share_memory) != 0)
        process->image = from.image;
    else
        process->image = TRY(from.image->clone());
    process->oom_score_adjust.store(from.oom_score_adjust, std::memory_order_relaxed);
    process->oom_score_adjust_minimum.store(from.oom_score_adjust_minimum,
                                            std::memory_order_relaxed);
    process->io_priority_class.store(from.io_priority_class, std::memory_order_relaxed);
    process->io_priority_level.store(from.io_priority_level, std::memory_order_relaxed);
    return process;
}

void copy_task_state(Task& child, const Task& parent, const CloneRequest& request) {
    child.signals.blocked = parent.signals.blocked;
    const bool own_memory = (request.flags & clone_flag::share_memory) == 0;
    if (own_memory || (request.flags & clone_flag::vfork) != 0)
        child.signals.alternate = parent.signals.alternate;
    child.flags.store(parent.flags.load(std::memory_order_relaxed) &
                          (task_flag::no_new_privileges | task_flag::no_huge_pages),
                      std::memory_order_relaxed);
    child.personality_flags = parent.personality_flags;
    child.timer_slack = parent.timer_slack;
    if (own_memory) { // a copy of the memory has a copy of the rseq area
        child.rseq_area = parent.rseq_area;
        child.rseq_length = parent.rseq_length;
        child.rseq_signature = parent.rseq_signature;
    }
    if ((request.flags & clone_flag::child_clear_tid) != 0)
        child.clear_child_tid = request.child_tid;
    if ((request.flags & clone_flag::child_set_tid) != 0)
        child.set_child_tid = request.child_tid;
    share_call_filter(child, parent);
}

Result<Task*> make_task(Pid tid, Ref<Process> process, const CloneRequest& request) {
    Task& parent = Task::current();
    const bool share_files = (request.flags & clone_flag::share_files) != 0;
    Ref<core::HandleTable> files = share_files ? parent.files : TRY(parent.files->clone());
    Ref<FileContext> context = (request.flags & clone_flag::share_file_context) != 0
                                   ? parent.file_context
                                   : TRY(parent.file_context->clone());
    RefOrNull<SemaphoreUndo> semaphore_undo;
    if ((request.flags & clone_flag::share_semaphores) != 0)
        semaphore_undo = TRY(SemaphoreUndo::of_current());
    Task* task = new (base::fallible)
        Task(std::move(process), std::move(files), std::move(context), parent.credentials);
    if (!task)
        return Failure(Errno::nomem);
    if (share_files)
        task->files->add_sharer();
    task->tid = tid;
    task->semaphore_undo = std::move(semaphore_undo);
    copy_task_state(*task, parent, request);
    return task;
}

void copy_registers(core::Thread& child, const CloneRequest& request) {
    core::Thread& parent = core::Thread::current();
    child.frame() = parent.frame();
    arch::set_result(child.frame(), 0);
    if (request.stack != 0)
        arch::set_stack_pointer(child.frame(), request.stack);
    arch::save_user_state(parent.context);
    arch::copy_vector_state(child.context, parent.context);
    child.context.fs_base = parent.context.fs_base;
    child.context.gs_base = parent.context.gs_base;
    if ((request.flags & clone_flag::set_tls) != 0)
        child.context.fs_base = request.tls;
}

// Drops a task that never came to life.
void discard_task(Task* task) {
    if (task->files->sharers() > 1)
        task->files->drop_sharer();
    task->credentials->account->processes.fetch_sub(1, std::memory_order_relaxed);
    delete task;
}

Result<Ref<core::Thread>> make_thread(Task& task, const CloneRequest& request) {
    core::Thread& parent = core::Thread::current();
    Ref<core::AddressSpace> space = task.process->image->space;
    Ref<core::Thread> thread = TRY(core::Thread::create_user(parent.name(), std::move(space),
                                                             linux_personality, &task));
    task.thread = thread.get();
    copy_registers(*thread, request);
    inherit_scheduling(*thread, Task::current());
    if (task.set_child_tid != 0)
        thread->add_work(core::thread_work::notify);
    thread->notify_preemption = task.rseq_area != 0;
    choose_personality(task);
    return thread;
}

// Puts the child into the tree. Errors: restartnointr (a signal came: it must reach the child or be
// handled first).
Result<> enter_child(Task& child, Task& parent, const CloneRequest& request) {
    Process& process = *child.process;
    ProcessTableGuard guard(ProcessTable::lock());
    if (signal_is_due() && (request.flags & clone_flag::thread) == 0)
        return Failure(Errno::restartnointr);
    core::LockGuard signal_guard(process.signals.lock);
    const bool is_thread = (request.flags & clone_flag::thread) != 0;
    if (is_thread && (process.signals.exiting || parent.signals.doomed))
        return Failure(Errno::restartnointr);
    process.tasks.push_back(child);
    ++process.task_count;
    ProcessTable::enter(child);
    if (is_thread)
        return {};
    process.leader = &child;
    const bool same_parent = (request.flags & clone_flag::same_parent) != 0;
    Process& from = *parent.process;
    (void)process.set_parent(same_parent ? from.parent : RefOrNull<Process>::share(&from));
    process.exit_signal = same_parent ? from.exit_signal : request.exit_signal;
    process.has_subreaper_ancestor = from.has_subreaper_ancestor || from.is_subreaper;
    process.terminal = from.terminal;
    process.parent->children.push_back(process);
    join_group(process, *from.group);
    ProcessTable::enter(process);
    process.add_reference(); // the table's
    return {};
}

Result<> wait_for_vfork(Task& child_task, core::Thread& child, VforkWaiter& waiter) {
    const Result<> done = waiter.queue.wait(
        [&] { return waiter.done.load(std::memory_order_acquire); }, core::Sleep::killable);
    (void)child_task;
    (void)child;
    return done;
}

// What the program asked to be told, in its own memory.
Result<> report_numbers(Pid tid, Process& process, const CloneRequest& request) {
    if ((request.flags & clone_flag::pidfd) != 0) {
        const u32 fd = TRY(install_pidfd(Ref<Process>::share(process), false));
        const i32 value = static_cast<i32>(fd);
        if (!core::copy_to_user(UserVirt(request.pidfd), &value, sizeof(value))) {
            (void)Task::current().files->close(fd);
            return Failure(Errno::fault);
        }
    }
    if ((request.flags & clone_flag::parent_set_tid) != 0)
        (void)core::copy_to_user(UserVirt(request.parent_tid), &tid, sizeof(tid));
    return {};
}

} // namespace

void finish_vfork(Task& task) {
    VforkWaiter* waiter = std::exchange(task.vfork_waiter, nullptr);
    if (!waiter)
        return;
    waiter->done.store(true, std::memory_order_release);
    waiter->queue.wake_all();
    waiter->drop_reference();
}

Result<Pid> clone_task(const CloneRequest& request) {
    TRY(check_flags(request));
    TRY(check_limits());
    Task& parent = Task::current();
    const bool is_thread = (request.flags & clone_flag::thread) != 0;
    ReservedPid pid = TRY(ReservedPid::take(request.set_tid));
    const Pid tid = pid.number();
    Ref<Process> process =
        is_thread ? parent.process : TRY(make_process(tid, request.flags, parent));
    RefOrNull<VforkWaiter> waiter;
    if ((request.flags & clone_flag::vfork) != 0)
        waiter = TRY(Ref<VforkWaiter>::create());
    Task* task = TRY(make_task(tid, process, request));
    Result<Ref<core::Thread>> thread = make_thread(*task, request);
    if (!thread) {
        discard_task(task);
        return Failure(thread.error());
    }
    if (const Result<> told = report_numbers(tid, *process, request); !told) {
        discard_task(task);
        (*thread)->personality_data = nullptr;
        return Failure(told.error());
    }
    if (const Result<> entered = enter_child(*task, parent, request); !entered) {
        discard_task(task);
        (*thread)->personality_data = nullptr;
        return Failure(entered.error());
    }
    pid.keep();
    task->vfork_waiter = RefOrNull<VforkWaiter>(waiter).release();
    (*thread)->start();
    if (waiter)
        (void)wait_for_vfork(*task, **thread, *waiter);
    return tid;
}

Result<u64> sys_fork() {
    CloneRequest request;
    request.exit_signal = signal_number::chld;
    return static_cast<u64>(TRY(clone_task(request)));
}

Result<u64> sys_vfork() {
    CloneRequest request;
    request.flags = clone_flag::vfork | clone_flag::share_memory;
    request.exit_signal = signal_number::chld;
    return static_cast<u64>(TRY(clone_task(request)));
}

Result<u64> sys_clone(u64 flags, u64 stack, u64 parent_tid, u64 child_tid, u64 tls) {
    if ((flags & clone_flag::pidfd) != 0 && (flags & clone_flag::parent_set_tid) != 0)
        return Failure(Errno::inval); // both would go to the same place
    CloneRequest request;
    request.flags = (flags & 0xffff'ffff) & ~clone_flag::exit_signal;
    request.exit_signal = static_cast<i32>(flags & clone_flag::exit_signal);
    request.stack = stack;
    request.tls = tls;
    request.parent_tid = parent_tid;
    request.child_tid = child_tid;
    request.pidfd = parent_tid;
    return static_cast<u64>(TRY(clone_task(request)));
}

namespace {

// struct clone_args of any size a program knows. Errors: inval, e2big, fault.
Result<CloneArguments> read_clone_arguments(UserVirt address, u64 size) {
    constexpr u64 first_version = 64;
    if (size > page_size)
        return Failure(Errno::e2big);
    if (size < first_version)
        return Failure(Errno::inval);
    CloneArguments arguments = {};
    TRY(core::copy_from_user(&arguments, address, std::min<u64>(size, sizeof(arguments))));
    for (u64 at = sizeof(arguments); at < size; ++at) {
        u8 byte = 0;
        TRY(core::copy_from_user(&byte, address + at, 1));
        if (byte != 0)
            return Failure(Errno::e2big);
    }
    return arguments;
}

Result<> check_clone_arguments(const CloneArguments& arguments) {
    constexpr u64 known = 0xffff'ffff | clone_flag::clear_handlers | clone_flag::into_cgroup;
    if (arguments.set_tid_size > 32 || (arguments.set_tid == 0) != (arguments.set_tid_size == 0))
        return Failure(Errno::inval);
    if (arguments.exit_signal > 64)
        return Failure(Errno::inval);
    if ((arguments.flags & clone_flag::into_cgroup) != 0) // no control groups yet
        return Failure(arguments.cgroup > INT32_MAX ? Errno::inval : Errno::badf);
    const u64 exit_signal_bits = clone_flag::exit_signal & ~clone_flag::new_time;
    if ((arguments.flags & ~known) != 0 ||
        (arguments.flags & (clone_flag::detached | exit_signal_bits)) != 0)
        return Failure(Errno::inval);
    if ((arguments.flags & clone_flag::share_handlers) != 0 &&
        (arguments.flags & clone_flag::clear_handlers) != 0)
        return Failure(Errno::inval);
    if ((arguments.flags & (clone_flag::thread | clone_flag::same_parent)) != 0 &&
        arguments.exit_signal != 0)
        return Failure(Errno::inval);
    if ((arguments.stack == 0) != (arguments.stack_size == 0))
        return Failure(Errno::inval);
    if (arguments.stack + arguments.stack_size < arguments.stack ||
        arguments.stack + arguments.stack_size > core::user_end)
        return Failure(Errno::inval);
    return {};
}

} // namespace

Result<u64> sys_clone3(u64 address, u64 size) {
    const CloneArguments arguments = TRY(read_clone_arguments(UserVirt(address), size));
    TRY(check_clone_arguments(arguments));
    CloneRequest request;
    request.flags = arguments.flags;
    request.exit_signal = static_cast<i32>(arguments.exit_signal);
    request.stack = arguments.stack + arguments.stack_size;
    request.tls = arguments.tls;
    request.parent_tid = arguments.parent_tid;
    request.child_tid = arguments.child_tid;
    request.pidfd = arguments.pidfd;
    if (arguments.set_tid_size != 0) {
        if (arguments.set_tid_size > 1)
            return Failure(Errno::inval); // one pid namespace only
        TRY(core::copy_from_user(&request.set_tid, UserVirt(arguments.set_tid), sizeof(Pid)));
        if (request.set_tid < 1 || request.set_tid >= ProcessTable::pid_maximum())
            return Failure(Errno::inval);
        if (!capable(Capability::sys_admin) && !capable(Capability::checkpoint_restore))
            return Failure(Errno::perm);
    }
    return static_cast<u64>(TRY(clone_task(request)));
}

} // namespace linux
