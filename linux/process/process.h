// SPDX-License-Identifier: BSD-2-Clause
// Process: a thread group of Linux, with its place among parents, groups and sessions. Fields are
// grouped by the lock that guards them; ProcessTable::lock() is the global one of the tree.
//
// Life: made by fork; in the table until its parent has waited for it (the table holds a
// reference); a zombie once its last task has exited.
#pragma once

#include "abi/linux/process.h"
#include "base/box.h"
#include "core/object/object.h"
#include "core/vm/address_space.h"
#include "linux/process/task.h"

namespace linux {

class OpenFile;
class Process;
class ProcessTimers; // linux/time/process_timers.h

class Session;
class ProcessGroup;

// What a process needs of its controlling terminal; the terminal class derives from it. No lock of
// the process tree is held when these are called.
class ControllingTerminal : public core::Object {
public:
    // The session's leader exits or gives the terminal up: SIGHUP and SIGCONT to the foreground
    // group, and the terminal belongs to no session afterwards. Process context.
    virtual void session_ends(Session& session) = 0;
    virtual u32 device_number() const = 0;           // as /proc/PID/stat shows it
    virtual Pid foreground_group() const = 0;        // its id, -1 if none

protected:
    using Object::Object;
};

// A session; lives as long as anyone refers to it.
class Session : public RefCounted<Session> {
public:
    const Pid id;
    explicit Session(Pid number) : id(number) {}
    u32 groups = 0; // process groups in it; guarded by the table's lock
};

// The program in an address space; CLONE_VM shares it, exec replaces it.
class ProgramImage : public RefCounted<ProgramImage> {
public:
    static Result<Ref<ProgramImage>> create(Ref<core::AddressSpace> space);
    ~ProgramImage();
    // For fork: a copy around a copy-on-write clone of the space. Errors: nomem.
    Result<Ref<ProgramImage>> clone();

    const Ref<core::AddressSpace> space;
    core::Lock<core::lock_class::program_image> lock;
    // Guarded by `lock` (racy reads for procfs are fine: words).
    RefOrNull<OpenFile> executable; // /proc/PID/exe; its file refuses writers meanwhile
    u64 code_start = 0, code_end = 0, data_start = 0, data_end = 0;
    u64 heap_start = 0, heap_end = 0;
    u64 stack_start = 0;
    u64 arguments_start = 0, arguments_end = 0;
    u64 environment_start = 0, environment_end = 0;
    u64 auxiliary[48] = {}; // the auxiliary vector, as on the stack (/proc/PID/auxv)
    u32 auxiliary_words = 0;
    u64 vdso = 0;              // user address, 0 if none
    std::atomic<u8> dumpable{1}; // 0 no, 1 yes, 2 by root only
    std::atomic<u32> core_filter{0x33};
    u32 membarrier_registered = 0; // commands registered, guarded by lock
    u64 lock_future = 0;       // mlockall(MCL_FUTURE | MCL_ONFAULT) flags

    // Takes the file and denies writing to it; `lock` held or not yet shared.
    void set_executable(RefOrNull<OpenFile> file);

private:
    friend class Ref<ProgramImage>;
    void release_executable();
    explicit ProgramImage(Ref<core::AddressSpace> of_space);
};

// What getrusage(2) counts.
struct Usage {
    Nanos user, system;
    u64 minor_faults = 0, major_faults = 0;
    u64 voluntary_switches = 0, involuntary_switches = 0;
    u64 peak_resident = 0; // pages
    void add(const Usage& other); // sums; the peak is the larger
};

enum class ProcessState : u8 { alive, zombie, reaped };

class Process final : public core::Object {
public:
    static Result<Ref<Process>> create(Pid pid, Ref<SignalHandlers> handlers);
    ~Process() override;

    static Process& current() { return *Task::current().process; }

    const Pid pid;
    const Nanos start_time; // monotonic
    ProcessSignals signals; // its own lock

    // --- Guarded by ProcessTable::lock() ---
    RefOrNull<Process> parent;       // the real parent; null for the first process
    std::atomic<Pid> parent_pid{0};  // its pid; read without the lock
    ListLink sibling_link;           // among parent's children
    ListLink group_link;             // among the group's members
    List<Process, &Process::sibling_link> children; // with zombies
    RefOrNull<ProcessGroup> group;   // null once reaped
    RefOrNull<ControllingTerminal> terminal;
    List<Task, &Task::process_link> tasks; // also guarded by signals.lock: changed under both
    Task* leader = nullptr;          // the task whose tid is pid; null after it has exited
    u32 task_count = 0;
    ProcessState state = ProcessState::alive;
    i32 exit_status = 0;             // as wait(2) reports it; for a zombie
    i32 exit_signal = 0;             // sent to the parent at the end; 0 none
    bool is_session_leader = false;
    bool has_executed = false;       // since its fork (setpgid by the parent is refused then)
    bool is_subreaper = false;       // PR_SET_CHILD_SUBREAPER
    bool has_subreaper_ancestor = false;
    bool goes_unwaited = false;      // no zombie is left of it
    bool unkillable = false;         // init: signals without handler do nothing
    RefOrNull<UserAccount> zombie_account; // counts it until it is reaped
    UserId exit_user = 0;            // real user at exit, for SIGCHLD's siginfo
    RefOrNull<ProgramImage> image;   // null after exit
    Usage exited_tasks;              // of tasks that ended
    Usage waited_children;           // of children that were waited for
    u64 children_peak_resident = 0;

    // Woken when a child ends, stops or continues, for wait(2).
    core::WaitQueue child_events;
    // Woken when this process becomes a zombie (pidfd polls) and when its task count drops.
    core::WaitQueue exit_events;

    // Sets parent and parent_pid; gives the old reference, to be dropped without the lock.
    RefOrNull<Process> set_parent(RefOrNull<Process> fresh) {
        parent_pid.store(fresh ? fresh->pid : 0, std::memory_order_relaxed);
        std::swap(parent, fresh);
        return fresh;
    }

    // --- Words read without a lock ---
    u64 limit(Resource resource) const {
        return limits_[static_cast<u32>(resource)].current.load(std::memory_order_relaxed);
    }
    ResourceLimit limits(Resource resource) const;
    void set_limits(Resource resource, ResourceLimit limits);
    void copy_limits(const Process& from);
    std::atomic<i16> oom_score_adjust{0};
    std::atomic<i16> oom_score_adjust_minimum{0};
    std::atomic<u8> io_priority_class{0}, io_priority_level{0};

    // Interval and POSIX timers; made when first used. linux/time/process_timers.h.
    std::atomic<ProcessTimers*> timers{nullptr};

    // CPU time and counts of all its tasks, those that ended included. Any context but under
    // signals.lock.
    Usage usage() const;

private:
    friend class Ref<Process>;
    Process(Pid number, Ref<SignalHandlers> handlers);

    struct AtomicLimit {
        std::atomic<u64> current, maximum;
    };
    AtomicLimit limits_[static_cast<u32>(Resource::count)];
};

class ProcessGroup : public RefCounted<ProcessGroup> {
public:
    const Pid id;
    const Ref<Session> session;
    ProcessGroup(Pid number, Ref<Session> in_session)
        : id(number), session(std::move(in_session)) {}
    List<Process, &Process::group_link> members; // guarded by the table's lock
};

// What one living task used. Its process's signals.lock or the table's lock is held, or it is
// current.
Usage usage_of_task(const Task& task);

// References to what another task may drop at any moment (it exits); null when it already has.
// Process context.
RefOrNull<core::HandleTable> files_of(const Task& task);
RefOrNull<FileContext> file_context_of(const Task& task);
RefOrNull<ProgramImage> image_of(const Process& process);
// Whether the current task may look into another one's memory and secrets (ptrace's rule for
// reading, PTRACE_MODE_READ): the same user throughout and dumpable, or CAP_SYS_PTRACE.
bool may_inspect(const Task& target);
// The same for controlling it (PTRACE_MODE_ATTACH_REALCREDS).
bool may_attach(const Task& target);
// The letter of /proc/PID/stat: R S D T t Z X.
char state_letter(const Task& task);
char state_letter(const Process& process);

} // namespace linux
