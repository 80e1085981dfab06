// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/init.h"

#include "core/observe/log.h"
#include "linux/exec/exec.h"
#include "linux/exec/vdso.h"
#include "linux/process/limits.h"
#include "linux/syscall/personality.h"
#include "linux/system/random.h"

namespace linux {

namespace {

// The caller's: it may add programs until `ready` returns.
constinit const FirstProcess* g_first = nullptr;
constinit const char* g_executed = nullptr;

// In process 1, before it returns to a program for the first time.
void run_first_program() {
    if (g_first->ready)
        g_first->ready();
    for (u32 i = 0; i < g_first->program_count; ++i) {
        const FirstProgram& program = g_first->programs[i];
        Result<ProgramArguments> arguments =
            ProgramArguments::from_kernel(program.arguments, program.environment);
        if (!arguments)
            continue;
        ExecRequest request{{-100, program.path, 0}, std::move(*arguments)};
        const Result<> started = execute(request);
        if (started) {
            g_executed = program.path;
            LOG_INFO("Run {} as init process", program.path);
            return;
        }
        if (started.error() != Errno::noent)
            LOG_ERROR("Starting init: {} exists but couldn't execute it (error {})", program.path,
                      -static_cast<i32>(started.error()));
    }
    if (g_first->all_failed)
        g_first->all_failed();
    PANIC("No working init found. Try passing init= option to kernel.");
}

Result<Ref<Process>> make_first_process() {
    const Pid pid = TRY(ProcessTable::allocate());
    Ref<Process> process = TRY(Process::create(pid, TRY(SignalHandlers::create())));
    process->unkillable = true;
    process->exit_signal = signal_number::chld;
    set_default_task_limits(*process);
    process->image = TRY(ProgramImage::create(TRY(core::AddressSpace::create())));
    return process;
}

// With no parent, in a session 0 and group 0 that are in no table, as Linux's init starts.
Result<> enter_first(Process& process, Task& task) {
    Ref<Session> session = TRY(Ref<Session>::create(0));
    Ref<ProcessGroup> group = TRY(Ref<ProcessGroup>::create(0, session));
    session->groups = 2; // never empties: it has no slot to leave
    group->add_reference();
    ProcessTableGuard guard(ProcessTable::lock());
    core::LockGuard signal_guard(process.signals.lock);
    process.tasks.push_back(task);
    process.task_count = 1;
    process.leader = &task;
    join_group(process, *group);
    ProcessTable::enter(task);
    ProcessTable::enter(process);
    process.add_reference(); // the table's
    return {};
}

} // namespace

Result<> start_init(const FirstProcess& first) {
    g_first = &first;
    start_random();
    TRY(start_vdso());
    Ref<Process> process = TRY(make_first_process());
    Ref<core::HandleTable> files = TRY(core::HandleTable::create());
    Ref<FileContext> context = TRY(FileContext::create());
    Ref<Credentials> root = TRY(Credentials::create_root());
    auto* task = new (base::fallible)
        Task(process, std::move(files), std::move(context),
             Ref<const Credentials>::adopt(root.release()));
    if (!task)
        return Failure(Errno::nomem);
    task->tid = process->pid;
    Ref<core::Thread> thread = TRY(core::Thread::create_user(
        "init", process->image->space, linux_personality, task));
    task->thread = thread.get();
    task->first_run = run_first_program;
    arch::prepare_start(thread->frame(), 0, 0, false);
    thread->add_work(core::thread_work::notify);
    TRY(enter_first(*process, *task));
    thread->start();
    return {};
}

void panic_because_init_ended(i32 status) {
    LOG_ERROR("Attempted to kill init! exitcode={:#010x}", static_cast<u32>(status));
    PANIC("Attempted to kill init!");
}

} // namespace linux
