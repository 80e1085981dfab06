// SPDX-License-Identifier: BSD-2-Clause
#include "linux/syscall/personality.h"

#include "linux/process/fork.h"
#include "linux/process/trace.h"
#include "linux/scheduling/rseq.h"
#include "linux/signal/deliver.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"
#include "linux/syscall/table.h"

namespace linux {

namespace {

void write_set_child_tid(Task& task) {
    const UserVirt address(std::exchange(task.set_child_tid, 0));
    (void)core::copy_to_user(address, &task.tid, sizeof(task.tid));
}

void run_notified(Task& task, arch::UserFrame& frame) {
    task.thread->clear_work(core::thread_work::notify);
    if (task.first_run.function) [[unlikely]] {
        const FirstRun run = std::exchange(task.first_run, {});
        run.function(run.argument);
    }
    if (task.set_child_tid != 0)
        write_set_child_tid(task);
    if (task.rseq_area != 0)
        update_rseq(task, frame);
    if (task.call_interrupted || task.process->signals.untold_change != 0)
        deliver_signals(frame);
}

void return_work(arch::UserFrame& frame) {
    Task& task = Task::current();
    if (task.thread->work() & core::thread_work::notify)
        run_notified(task, frame);
    if (task.thread->work() & (core::thread_work::interrupt | core::thread_work::kill))
        deliver_signals(frame);
}

void release(core::Thread& thread) {
    Task* task = static_cast<Task*>(thread.personality_data);
    thread.personality_data = nullptr;
    delete task;
}

u32 identity(const core::Thread& thread) {
    return thread.personality_data ? static_cast<u32>(Task::of(thread).tid) : 0;
}

constexpr core::CallTable traced_table = {nullptr, 0, &call_traced};
constexpr core::CallTable traced_compat_table = {nullptr, 0, &call_traced_compat};
constexpr core::CallTable traced_native_table = {nullptr, 0, &call_traced_native};

} // namespace

// Tables by arch::EntryWay: instruction, interrupt, compat_instruction, call_gate,
// native.
constinit const core::Personality linux_personality = {
    .name = "linux",
    .tables = {&call_table, &compat_call_table, &compat_call_table, nullptr, &native_call_table},
    .trap = signal_for_trap,
    .return_work = return_work,
    .release = release,
    .identity = identity,
};
constinit const core::Personality traced_linux_personality = {
    .name = "linux (traced)",
    .tables = {&traced_table, &traced_compat_table, &traced_compat_table, nullptr,
               &traced_native_table},
    .trap = signal_for_trap,
    .return_work = return_work,
    .release = release,
    .identity = identity,
};

void choose_personality(Task& task) {
    const bool traced = task.call_filter || task.trace;
    task.thread->personality = traced ? &traced_linux_personality : &linux_personality;
}

i64 call_failed(arch::UserFrame&, Errno error) {
    if (error >= Errno::restartsys && error != Errno::noioctlcmd) [[unlikely]] {
        Task& task = Task::current();
        task.call_interrupted = true;
        task.thread->add_work(core::thread_work::notify);
    }
    if (error == Errno::noioctlcmd)
        error = Errno::notty;
    return -static_cast<i64>(error);
}

} // namespace linux
