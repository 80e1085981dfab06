// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/kernel_process.h"

#include "linux/exec/exec.h"
#include "linux/process/exit.h"
#include "linux/process/limits.h"
#include "linux/syscall/personality.h"

namespace linux {

Result<Ref<core::Thread>> make_kernel_process(const char* name, Pid pid, FirstRun run,
                                              Ref<FileContext> context) {
    Ref<Process> process = TRY(Process::create(pid, TRY(SignalHandlers::create())));
    set_default_task_limits(*process);
    process->image = TRY(ProgramImage::create(TRY(core::AddressSpace::create())));
    Ref<core::HandleTable> files = TRY(core::HandleTable::create());
    Ref<Credentials> root = TRY(Credentials::create_root());
    auto* task = new (base::fallible) Task(process, std::move(files), std::move(context),
                                           Ref<const Credentials>::adopt(root.release()));
    if (!task)
        return Failure(Errno::nomem);
    task->tid = pid;
    Result<Ref<core::Thread>> thread =
        core::Thread::create_user(name, process->image->space, linux_personality, task);
    if (!thread) {
        task->credentials->account->processes.fetch_sub(1, std::memory_order_relaxed);
        delete task;
        return thread;
    }
    task->thread = thread->get();
    task->first_run = run;
    arch::prepare_start((*thread)->frame(), 0, 0, false);
    (*thread)->add_work(core::thread_work::notify);
    return thread;
}

namespace {

// What a helper is to do, and how that began: its own while it begins, its caller's afterwards.
struct Helper : RefCounted<Helper> {
    static constexpr usize path_capacity = 256;
    // `program` is shorter than that.
    Helper(std::string_view program, ProgramArguments words) : arguments(std::move(words)) {
        __builtin_memcpy(path, program.data(), program.size());
    }
    char path[path_capacity] = {};
    ProgramArguments arguments;
    Result<> executed;
};

void run_program(void* argument) {
    Result<> executed;
    {
        const Ref<Helper> helper = Ref<Helper>::adopt(static_cast<Helper*>(argument));
        ExecRequest request{{-100, helper->path, 0}, std::move(helper->arguments)};
        executed = helper->executed = execute(request);
    }
    if (!executed)
        end_process(0x7f00); // as a shell says of what it cannot run
}

// A child of process 1 that leads a session of its own; no zombie is left of it.
void enter_helper(Task& task, Session& session, ProcessGroup& group) {
    Process& process = *task.process;
    Process& first = ProcessTable::init();
    ProcessTableGuard guard(ProcessTable::lock());
    core::LockGuard signal_guard(process.signals.lock);
    process.goes_unwaited = true;
    process.is_session_leader = true;
    session.groups = 1;
    ProcessTable::enter(session);
    ProcessTable::enter(group);
    (void)process.set_parent(RefOrNull<Process>::share(&first));
    first.children.push_back(process);
    enter_leader(process, task, group);
}

} // namespace

void enter_leader(Process& process, Task& task, ProcessGroup& group) {
    process.tasks.push_back(task);
    process.task_count = 1;
    process.leader = &task;
    join_group(process, group);
    ProcessTable::enter(task);
    ProcessTable::enter(process);
    process.add_reference(); // the table's
}

Result<i32> run_helper(std::string_view path, const char* const* arguments,
                       const char* const* environment) {
    if (path.size() >= Helper::path_capacity)
        return Failure(Errno::nametoolong);
    ReservedPid pid = TRY(ReservedPid::take(0));
    Ref<Session> session = TRY(Ref<Session>::create(pid.number()));
    Ref<ProcessGroup> group = TRY(Ref<ProcessGroup>::create(pid.number(), session));
    Ref<Helper> helper =
        TRY(Ref<Helper>::create(path, TRY(ProgramArguments::from_kernel(arguments, environment))));
    const TaskRef first = ProcessTable::any_task(ProcessTable::init());
    const RefOrNull<FileContext> context = first ? file_context_of(*first) : nullptr;
    if (!context)
        return Failure(Errno::srch);
    Ref<core::Thread> thread = TRY(make_kernel_process(
        "helper", pid.number(), {&run_program, helper.get()}, TRY(context->clone())));
    pid.keep();
    helper->add_reference(); // the program's
    const Ref<Process> process = Task::of(*thread).process;
    enter_helper(Task::of(*thread), *session, *group);
    thread->start();
    const auto has_ended = [&] {
        ProcessTableGuard guard(ProcessTable::lock());
        return process->state != ProcessState::alive;
    };
    TRY(process->exit_events.wait(has_ended, core::Sleep::killable));
    TRY(helper->executed);
    return process->exit_status;
}

} // namespace linux
