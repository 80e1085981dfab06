// SPDX-License-Identifier: BSD-2-Clause
// Every process, task, group and session by number, and the lock of the process tree. A number is
// in use while any of the four has it. Look-ups cost the same at 10 and at 10,000 processes.
#pragma once

#include "linux/process/process.h"

namespace linux {

// A task with a reference to its thread, which keeps it.
class TaskRef {
public:
    TaskRef() = default;
    explicit TaskRef(Task& task) : thread_(RefOrNull<core::Thread>::share(task.thread)) {}

    explicit operator bool() const { return static_cast<bool>(thread_); }
    Task* get() const { return thread_ ? &Task::of(*thread_) : nullptr; }
    Task* operator->() const { return get(); }
    Task& operator*() const { return *get(); }

private:
    RefOrNull<core::Thread> thread_;
};

using ProcessTableLock = core::Lock<core::lock_class::process_table>;
using ProcessTableGuard = core::LockGuard<core::lock_class::process_table>;

class ProcessTable {
public:
    // numbers are below; /proc/sys/kernel/pid_max at most
    static constexpr Pid pid_limit = 4'194'304;
    static ProcessTableLock& lock();

    // Look-ups with a reference, null when there is none. They take lock() themselves. Any context.
    static RefOrNull<Process> find(Pid pid);          // zombies too
    static TaskRef find_task(Pid tid);                // a living task
    static RefOrNull<ProcessGroup> find_group(Pid id);
    static RefOrNull<Session> find_session(Pid id);
    // The process with the lowest pid >= from (/proc); the task with the lowest tid >= from.
    static RefOrNull<Process> next(Pid from);
    static TaskRef next_task(Process& process, Pid from);
    // A living task of the process: the leader, or another if it has exited.
    static TaskRef any_task(Process& process);

    // The same with lock() held, borrowed until it is dropped.
    static Process* find_locked(Pid pid);
    static Task* find_task_locked(Pid tid);
    static ProcessGroup* find_group_locked(Pid id);
    static Session* find_session_locked(Pid id);
    static Process* next_locked(Pid from);

    // Reserves a number, `wanted` or the next free one for 0. Errors: again (none free), exist,
    // nomem.
    static Result<Pid> allocate(Pid wanted = 0);
    // Gives back a number nothing was entered under.
    static void release(Pid pid);

    // With lock() held. Removing the last thing under a number frees it.
    static void enter(Process& process);
    static void enter(Task& task);
    static void enter(ProcessGroup& group);
    static void enter(Session& session);
    static void leave(Process& process);
    static void leave(Task& task);
    static void leave(ProcessGroup& group);
    static void leave(Session& session);

    static u32 process_count();
    static u32 task_count();
    static u64 total_forks(); // since boot (/proc/stat "processes")
    static Pid last_pid();
    static Pid pid_maximum();            // /proc/sys/kernel/pid_max
    static Result<> set_pid_maximum(Pid maximum); // errors: inval
    static u32 task_maximum();           // /proc/sys/kernel/threads-max
    static void set_task_maximum(u32 maximum);

    // The first process; orphans go to it.
    static Process& init();
    static bool has_init();
};

// Puts a process that is in no group into one; takes it out of the one it is in, which leaves the
// table with its last member. With lock() held; the caller keeps a reference to the group it
// leaves.
void join_group(Process& process, ProcessGroup& group);
void leave_group(Process& process, ProcessGroup& group);

// Whether no member of the group has a parent in another group of its session, apart from `except`.
// With the table's lock held.
bool is_orphaned(const ProcessGroup& group, const Process* except = nullptr);

// A reserved number that is given back unless kept.
class ReservedPid {
public:
    static Result<ReservedPid> take(Pid wanted) {
        return ReservedPid(TRY(ProcessTable::allocate(wanted)));
    }
    ReservedPid(ReservedPid&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
    ~ReservedPid() {
        if (pid_ != 0)
            ProcessTable::release(pid_);
    }
    Pid number() const { return pid_; }
    void keep() { pid_ = 0; }

private:
    explicit ReservedPid(Pid pid) : pid_(pid) {}
    Pid pid_;
};

} // namespace linux
