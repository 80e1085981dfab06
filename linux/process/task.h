// SPDX-License-Identifier: BSD-2-Clause
// Linux's view of a thread. Task is the personality data of a core thread; Process is the thread
// group. What clone(2) may share sits behind references of its own: files, file-system context,
// handlers, credentials.
#pragma once

#include "abi/linux/types.h"
#include "core/object/handle_table.h"
#include "core/task/thread.h"
#include "linux/process/credentials.h"
#include "linux/process/file_context.h"
#include "linux/signal/signal_state.h"

namespace linux {

class Process;
class TaskTrace;     // linux/process/trace.h
class SemaphoreUndo; // linux/ipc/semaphore_undo.h
class CallFilter;    // linux/process/call_filter.h (seccomp)
struct VforkWaiter;  // linux/process/fork.cpp

// How restart_syscall(2) goes on with an interrupted sleep.
struct RestartBlock {
    using Function = Result<u64> (*)(RestartBlock& block);
    Function function = nullptr;
    u64 words[5] = {};
};

// The last trap that became a signal, for the signal frame.
struct TrapRecord {
    u64 number = 0, error_code = 0, address = 0;
};

// What a task does before it returns to a program for the first time, in its own context.
struct FirstRun {
    void (*function)(void* argument) = nullptr;
    void* argument = nullptr;
};

// Bits of Task::flags; set and tested by the task itself unless said otherwise.
namespace task_flag {
inline constexpr u32 exiting = 1 << 0;         // past the point of no return of exit
inline constexpr u32 no_new_privileges = 1 << 1;
inline constexpr u32 in_exec = 1 << 2;
inline constexpr u32 reset_scheduling_on_fork = 1 << 3; // SCHED_RESET_ON_FORK
// cleared by fork, set by exec (PF_FORKNOEXEC inverted)
inline constexpr u32 started_a_program = 1 << 4;
inline constexpr u32 parent_death_only_once = 1 << 5;
inline constexpr u32 single_stepping = 1 << 6;
inline constexpr u32 no_huge_pages = 1 << 7;   // PR_SET_THP_DISABLE
} // namespace task_flag

class Task {
public:
    static Task& current() {
        return *static_cast<Task*>(core::Thread::current().personality_data);
    }
    static Task& of(const core::Thread& thread) {
        return *static_cast<Task*>(thread.personality_data);
    }

    Pid tid = 0;
    core::Thread* thread = nullptr; // the task lives inside its thread's life
    Ref<Process> process;

    // Null once the task is exiting; others reach them through files_of() and its kin (process.h).
    Ref<core::HandleTable> files;          // CLONE_FILES shares it
    Ref<FileContext> file_context;         // root, working directory, umask; CLONE_FS shares it
    Ref<const Credentials> credentials;    // replaced whole; read without lock by the task itself
    TaskSignals signals;                   // mask, pending to this thread, alternate stack

    std::atomic<u32> flags{0};     // task_flag
    u64 clear_child_tid = 0;       // user address; set_tid_address, CLONE_CHILD_CLEARTID
    u64 set_child_tid = 0;         // user address; CLONE_CHILD_SETTID, written when it first runs
    u64 robust_list = 0;           // user address of the list head
    u64 rseq_area = 0;
    u32 rseq_length = 0;
    u32 rseq_signature = 0;
    u32 personality_flags = 0;     // personality(2)
    i32 parent_death_signal = 0;   // PR_SET_PDEATHSIG
    std::atomic<bool> stopped{false}; // it sleeps in a job-control or trace stop
    Nanos start_time;
    u64 timer_slack = 50'000;      // PR_SET_TIMERSLACK, nanoseconds
    RestartBlock restart;
    FirstRun first_run;
    bool call_interrupted = false; // the call now returning gave a restart error; own task only
    TrapRecord trap;
    VforkWaiter* vfork_waiter = nullptr; // the parent that waits for our exec or exit
    const CallFilter* call_filter = nullptr; // seccomp; a reference of its own
    TaskTrace* trace = nullptr;    // while it is traced
    RefOrNull<SemaphoreUndo> semaphore_undo; // made at its first SEM_UNDO; CLONE_SYSVSEM shares it

    Task(Ref<Process> in_process, Ref<core::HandleTable> with_files, Ref<FileContext> with_context,
         Ref<const Credentials> with_credentials);
    ~Task();

    bool has_flag(u32 flag) const { return (flags.load(std::memory_order_relaxed) & flag) != 0; }
    void set_flag(u32 flag) { flags.fetch_or(flag, std::memory_order_relaxed); }
    void clear_flag(u32 flag) { flags.fetch_and(~flag, std::memory_order_relaxed); }

    ListLink process_link; // among the process's tasks
};

} // namespace linux
