// SPDX-License-Identifier: BSD-2-Clause
// The table: numbers of 22 bits in three levels (1024 x 64 x 64). A leaf exists while one of its
// numbers is in use, so the table costs what is alive.
#include "linux/process/process_table.h"

#include <bit>

namespace linux {

namespace {

struct Slot {
    Task* task;
    Process* process;
    ProcessGroup* group;
    Session* session;
    bool empty() const { return !task && !process && !group && !session; }
};

struct Leaf {
    u64 used = 0; // bit n: slot n is entered or reserved
    Slot slots[64] = {};
};
struct Branch {
    u32 leaf_count = 0;
    Leaf* leaves[64] = {};
};

constexpr Pid first_reused_pid = 300; // after a wrap, low numbers stay with daemons of the boot

constinit ProcessTableLock g_lock;
constinit Branch* g_branches[ProcessTable::pid_limit >> 12] = {}; // guarded by g_lock, as all below
constinit Pid g_last_pid = 0;
constinit Pid g_pid_maximum = 32768;
constinit u32 g_task_maximum = 32768;
constinit std::atomic<u32> g_process_count{0};
constinit std::atomic<u32> g_task_count{0};
constinit std::atomic<u64> g_total_forks{0};
constinit Process* g_init = nullptr;

Leaf* find_leaf(Pid pid) {
    const Branch* branch = g_branches[pid >> 12];
    return branch ? branch->leaves[(pid >> 6) & 63] : nullptr;
}

Slot* find_slot(Pid pid) {
    if (pid <= 0 || pid >= ProcessTable::pid_limit)
        return nullptr;
    Leaf* leaf = find_leaf(pid);
    return leaf ? &leaf->slots[pid & 63] : nullptr;
}

Slot& slot_in_use(Pid pid) {
    Slot* slot = find_slot(pid);
    VERIFY(slot && ((find_leaf(pid)->used >> (pid & 63)) & 1));
    return *slot;
}

Result<Leaf*> make_leaf(Pid pid) {
    Branch*& branch = g_branches[pid >> 12];
    if (!branch) {
        branch = new (base::fallible) Branch;
        if (!branch)
            return Failure(Errno::nomem);
    }
    Leaf*& leaf = branch->leaves[(pid >> 6) & 63];
    if (!leaf) {
        leaf = new (base::fallible) Leaf;
        if (!leaf)
            return Failure(Errno::nomem);
        ++branch->leaf_count;
    }
    return leaf;
}

void free_number(Pid pid) {
    Branch* branch = g_branches[pid >> 12];
    Leaf*& leaf = branch->leaves[(pid >> 6) & 63];
    leaf->used &= ~(u64{1} << (pid & 63));
    if (leaf->used != 0)
        return;
    delete leaf;
    leaf = nullptr;
    if (--branch->leaf_count == 0) {
        g_branches[pid >> 12] = nullptr;
        delete branch;
    }
}

void free_if_empty(Pid pid) {
    if (slot_in_use(pid).empty())
        free_number(pid);
}

// The lowest free number in from..limit-1, or 0.
Pid find_free(Pid from, Pid limit) {
    for (Pid pid = from; pid < limit; pid = (pid | 63) + 1) {
        const Leaf* leaf = find_leaf(pid);
        if (!leaf)
            return pid;
        const u64 free = ~leaf->used & (~u64{0} << (pid & 63));
        if (free == 0)
            continue;
        const Pid found = (pid & ~63) + std::countr_zero(free);
        return found < limit ? found : 0;
    }
    return 0;
}

template <typename T>
RefOrNull<T> share_locked(T* object) {
    return RefOrNull<T>::share(object);
}

} // namespace

ProcessTableLock& ProcessTable::lock() { return g_lock; }

Process* ProcessTable::find_locked(Pid pid) {
    const Slot* slot = find_slot(pid);
    return slot ? slot->process : nullptr;
}
Task* ProcessTable::find_task_locked(Pid tid) {
    const Slot* slot = find_slot(tid);
    return slot ? slot->task : nullptr;
}
ProcessGroup* ProcessTable::find_group_locked(Pid id) {
    const Slot* slot = find_slot(id);
    return slot ? slot->group : nullptr;
}
Session* ProcessTable::find_session_locked(Pid id) {
    const Slot* slot = find_slot(id);
    return slot ? slot->session : nullptr;
}

RefOrNull<Process> ProcessTable::find(Pid pid) {
    ProcessTableGuard guard(g_lock);
    return share_locked(find_locked(pid));
}
TaskRef ProcessTable::find_task(Pid tid) {
    ProcessTableGuard guard(g_lock);
    Task* task = find_task_locked(tid);
    return task ? TaskRef(*task) : TaskRef();
}
RefOrNull<ProcessGroup> ProcessTable::find_group(Pid id) {
    ProcessTableGuard guard(g_lock);
    return share_locked(find_group_locked(id));
}
RefOrNull<Session> ProcessTable::find_session(Pid id) {
    ProcessTableGuard guard(g_lock);
    return share_locked(find_session_locked(id));
}

Process* ProcessTable::next_locked(Pid from) {
    for (Pid pid = from < 1 ? 1 : from; pid < pid_limit;) {
        if (!g_branches[pid >> 12]) {
            pid = (pid | 4095) + 1;
            continue;
        }
        const Leaf* leaf = find_leaf(pid);
        const u64 used = leaf ? leaf->used & (~u64{0} << (pid & 63)) : 0;
        if (used == 0) {
            pid = (pid | 63) + 1;
            continue;
        }
        pid = (pid & ~63) + std::countr_zero(used);
        if (Process* process = leaf->slots[pid & 63].process)
            return process;
        ++pid;
    }
    return nullptr;
}

RefOrNull<Process> ProcessTable::next(Pid from) {
    ProcessTableGuard guard(g_lock);
    return share_locked(next_locked(from));
}

TaskRef ProcessTable::next_task(Process& process, Pid from) {
    ProcessTableGuard guard(g_lock);
    Task* best = nullptr;
    for (Task& task : process.tasks)
        if (task.tid >= from && (!best || task.tid < best->tid))
            best = &task;
    return best ? TaskRef(*best) : TaskRef();
}

TaskRef ProcessTable::any_task(Process& process) {
    ProcessTableGuard guard(g_lock);
    if (process.leader)
        return TaskRef(*process.leader);
    return process.tasks.empty() ? TaskRef() : TaskRef(process.tasks.front());
}

Result<Pid> ProcessTable::allocate(Pid wanted) {
    ProcessTableGuard guard(g_lock);
    Pid pid = wanted;
    if (wanted == 0) {
        pid = find_free(g_last_pid + 1, g_pid_maximum);
        if (pid == 0)
            pid = find_free(first_reused_pid, g_pid_maximum);
        if (pid == 0)
            return Failure(Errno::again);
    } else if (const Leaf* leaf = find_leaf(pid); leaf && ((leaf->used >> (pid & 63)) & 1)) {
        return Failure(Errno::exist);
    }
    Leaf* leaf = TRY(make_leaf(pid));
    leaf->used |= u64{1} << (pid & 63);
    if (wanted == 0)
        g_last_pid = pid;
    return pid;
}

void ProcessTable::release(Pid pid) {
    ProcessTableGuard guard(g_lock);
    free_if_empty(pid);
}

void ProcessTable::enter(Process& process) {
    slot_in_use(process.pid).process = &process;
    g_process_count.fetch_add(1, std::memory_order_relaxed);
    if (!g_init)
        g_init = &process;
}
void ProcessTable::enter(Task& task) {
    slot_in_use(task.tid).task = &task;
    g_task_count.fetch_add(1, std::memory_order_relaxed);
    g_total_forks.fetch_add(1, std::memory_order_relaxed);
}
void ProcessTable::enter(ProcessGroup& group) { slot_in_use(group.id).group = &group; }
void ProcessTable::enter(Session& session) { slot_in_use(session.id).session = &session; }

void ProcessTable::leave(Process& process) {
    slot_in_use(process.pid).process = nullptr;
    g_process_count.fetch_sub(1, std::memory_order_relaxed);
    free_if_empty(process.pid);
}
void ProcessTable::leave(Task& task) {
    slot_in_use(task.tid).task = nullptr;
    g_task_count.fetch_sub(1, std::memory_order_relaxed);
    free_if_empty(task.tid);
}
void ProcessTable::leave(ProcessGroup& group) {
    slot_in_use(group.id).group = nullptr;
    free_if_empty(group.id);
}
void ProcessTable::leave(Session& session) {
    slot_in_use(session.id).session = nullptr;
    free_if_empty(session.id);
}

u32 ProcessTable::process_count() { return g_process_count.load(std::memory_order_relaxed); }
u32 ProcessTable::task_count() { return g_task_count.load(std::memory_order_relaxed); }
u64 ProcessTable::total_forks() { return g_total_forks.load(std::memory_order_relaxed); }
Pid ProcessTable::last_pid() { return g_last_pid; }
Pid ProcessTable::pid_maximum() { return g_pid_maximum; }
Result<> ProcessTable::set_pid_maximum(Pid maximum) {
    if (maximum < first_reused_pid + 1 || maximum > pid_limit)
        return Failure(Errno::inval);
    g_pid_maximum = maximum;
    return {};
}
u32 ProcessTable::task_maximum() { return g_task_maximum; }
void ProcessTable::set_task_maximum(u32 maximum) { g_task_maximum = maximum; }

Process& ProcessTable::init() {
    VERIFY(g_init);
    return *g_init;
}
bool ProcessTable::has_init() { return g_init != nullptr; }

} // namespace linux
