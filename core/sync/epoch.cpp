// SPDX-License-Identifier: BSD-2-Clause
#include "core/sync/epoch.h"

#include "core/sched/scheduler.h"
#include "core/sync/lock.h"

namespace core {

namespace detail {
constinit EpochCounter epoch_counters[arch::maximum_cpus];
} // namespace detail

namespace {

using detail::epoch_counters;

// Two generations: what is being collected, and what waits for the readers that were under way when
// it was closed. All guarded by `lock`.
struct Collector {
    Lock<lock_class::epoch> lock;
    Retired* fresh = nullptr;
    Retired* waiting = nullptr;
    u64 marks[arch::maximum_cpus] = {}; // counters when `waiting` was closed
    u32 cpus = 0;
};
constinit Collector g_collector;

// Whether every reader that ran when `waiting` was closed has ended.
bool is_quiet(const Collector& collector) {
    for (u32 cpu = 0; cpu < collector.cpus; ++cpu) {
        const u64 mark = collector.marks[cpu];
        if ((mark & 1) != 0 && epoch_counters[cpu].value.load(std::memory_order_acquire) == mark)
            return false;
    }
    return true;
}

void close_generation(Collector& collector) {
    collector.waiting = collector.fresh;
    collector.fresh = nullptr;
    collector.cpus = Scheduler::cpu_count();
    // The fence orders the unlinking of what is retired before the look at the counters.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (u32 cpu = 0; cpu < collector.cpus; ++cpu)
        collector.marks[cpu] = epoch_counters[cpu].value.load(std::memory_order_acquire);
}

} // namespace

void retire(Retired& retired, void (*destroy)(Retired&)) {
    retired.destroy_retired = destroy;
    Retired* free = nullptr;
    {
        LockGuard<lock_class::epoch> guard(g_collector.lock);
        retired.next_retired = g_collector.fresh;
        g_collector.fresh = &retired;
        if (is_quiet(g_collector)) {
            free = g_collector.waiting;
            close_generation(g_collector);
        }
    }
    while (free) {
        Retired* next = free->next_retired;
        free->destroy_retired(*free);
        free = next;
    }
}

} // namespace core
