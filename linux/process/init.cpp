// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/init.h"

#include "core/observe/log.h"
#include "linux/exec/exec.h"
#include "linux/exec/vdso.h"
#include "linux/process/kernel_process.h"
#include "linux/system/random.h"

namespace linux {

namespace {

// The caller's: it may add programs until `ready` returns.
constinit const FirstProcess* g_first = nullptr;
constinit const char* g_executed = nullptr;

// In process 1, before it returns to a program for the first time.
void run_first_program(void*) {
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

// With no parent, in a session 0 and group 0 that are in no table, as Linux's init starts.
Result<> enter_first(Task& task) {
    Process& process = *task.process;
    Ref<Session> session = TRY(Ref<Session>::create(0));
    Ref<ProcessGroup> group = TRY(Ref<ProcessGroup>::create(0, session));
    session->groups = 2; // never empties: it has no slot to leave
    group->add_reference();
    ProcessTableGuard guard(ProcessTable::lock());
    core::LockGuard signal_guard(process.signals.lock);
    process.unkillable = true;
    process.exit_signal = signal_number::chld;
    enter_leader(process, task, *group);
    return {};
}

} // namespace

Result<> start_init(const FirstProcess& first) {
    g_first = &first;
    start_random();
    TRY(start_vdso());
    Ref<core::Thread> thread = TRY(make_kernel_process("init", TRY(ProcessTable::allocate()),
                                                       {&run_first_program},
                                                       TRY(FileContext::create())));
    TRY(enter_first(Task::of(*thread)));
    thread->start();
    return {};
}

void panic_because_init_ended(i32 status) {
    LOG_ERROR("Attempted to kill init! exitcode={:#010x}", static_cast<u32>(status));
    PANIC("Attempted to kill init!");
}

} // namespace linux
