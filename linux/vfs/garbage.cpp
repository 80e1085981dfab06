// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/garbage.h"

#include "core/sched/scheduler.h"
#include "core/sync/lock.h"

namespace linux {

namespace detail {
constinit WalkCounter walk_counters[arch::maximum_cpus];
} // namespace detail

namespace {

using detail::walk_counters;

// Two generations: what is being collected, and what waits for the walks that were under way when
// it was closed. All guarded by `lock`.
struct Collector {
    core::Lock<core::lock_class::dentry_list> lock;
    Garbage* fresh = nullptr;
    Garbage* waiting = nullptr;
    u64 marks[arch::maximum_cpus] = {}; // counters when `waiting` was closed
    u32 cpus = 0;
};
constinit Collector g_collector;

// Whether every walk that ran when `waiting` was closed has ended.
bool is_quiet(const Collector& collector) {
    for (u32 cpu = 0; cpu < collector.cpus; ++cpu) {
        const u64 mark = collector.marks[cpu];
        if ((mark & 1) != 0 && walk_counters[cpu].value.load(std::memory_order_acquire) == mark)
            return false;
    }
    return true;
}

void close_generation(Collector& collector) {
    collector.waiting = collector.fresh;
    collector.fresh = nullptr;
    collector.cpus = core::Scheduler::cpu_count();
    // The fence orders the unlinking of the garbage before the look at the counters.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (u32 cpu = 0; cpu < collector.cpus; ++cpu)
        collector.marks[cpu] = walk_counters[cpu].value.load(std::memory_order_acquire);
}

} // namespace

void retire(Garbage& garbage, void (*destroy)(Garbage&)) {
    garbage.destroy_garbage = destroy;
    Garbage* free = nullptr;
    {
        core::LockGuard<core::lock_class::dentry_list> guard(g_collector.lock);
        garbage.next_garbage = g_collector.fresh;
        g_collector.fresh = &garbage;
        if (is_quiet(g_collector)) {
            free = g_collector.waiting;
            close_generation(g_collector);
        }
    }
    while (free) {
        Garbage* next = free->next_garbage;
        free->destroy_garbage(*free);
        free = next;
    }
}

} // namespace linux
