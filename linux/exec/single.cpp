// SPDX-License-Identifier: BSD-2-Clause
// exec in a process of several tasks: the others end, and the caller takes over the leader's
// number.
#include "linux/exec/exec.h"
#include "linux/process/process_table.h"
#include "linux/signal/internal.h"

namespace linux {

namespace {

bool is_alone(Process& process) {
    core::LockGuard guard(process.signals.lock);
    return process.task_count == 1;
}

// The caller becomes what parents and tools know the process by.
void take_leadership(Process& process, Task& task) {
    ProcessTableGuard guard(ProcessTable::lock());
    if (process.leader == &task)
        return;
    ProcessTable::leave(task);
    task.tid = process.pid;
    ProcessTable::enter(task);
    core::LockGuard signal_guard(process.signals.lock);
    process.leader = &task;
}

} // namespace

Result<> become_single() {
    Task& task = Task::current();
    Process& process = *task.process;
    if (is_alone(process) && process.leader == &task)
        return {};
    {
        core::LockGuard guard(process.signals.lock);
        if (process.signals.exiting || task.signals.doomed)
            return Failure(Errno::again);
        for (Task& other : process.tasks) {
            if (&other == &task)
                continue;
            other.signals.stop_signal = 0;
            doom_locked(other);
        }
        process.signals.resumed.wake_all();
    }
    if (!process.exit_events.wait([&] { return is_alone(process); }, core::Sleep::killable))
        return Failure(Errno::again);
    take_leadership(process, task);
    return {};
}

} // namespace linux
