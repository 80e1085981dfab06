// SPDX-License-Identifier: BSD-2-Clause
// The runnable threads of one CPU; for core/sched only.
#pragma once

#include "base/build_kind.h"
#include "base/heap.h"
#include "core/memory/per_cpu.h"
#include "core/sync/lock.h"
#include "core/task/thread.h"

namespace core {

inline constexpr unsigned real_time_levels = 100;

// Why a thread comes into a queue: it slept, it is new here, or it was pushed off the CPU.
enum class Arrival : u8 { woken, moved, preempted };

// Also a boosted one. With the lock of its queue held.
bool is_real_time(const Thread& thread);

class RunQueue {
public:
    IrqSpinLock<lock_class::run_queue> lock;

    Thread* current = nullptr; // what runs, in no list
    Thread* idle = nullptr;

    u32 waiting() const { return waiting_.load(std::memory_order_relaxed); }

    // All with the lock held.
    void enqueue(Thread& thread, Arrival arrival);
    void dequeue(Thread& thread);
    // Takes out whoever should run next; the idle thread if nobody is there.
    Thread& pick();
    // Whether `thread`, just enqueued, should push the current one aside.
    bool should_preempt(const Thread& thread) const;
    // Whether `thread`, which sleeps, may run next although others wait; and that it will. They
    // lose no more by it than the rest of the current slice.
    bool may_pass_queue(const Thread& thread) const;
    void pass_queue(Thread& thread);
    // Whether somebody as good as the current thread waits.
    bool somebody_waits_for(const Thread& thread) const;
    // Somebody who may move to CPU `cpu`, or null.
    Thread* find_movable(u32 cpu);
    // Counts the time since the last look to the current thread.
    void account(u64 cycles_now);
    // A tick found the current thread there.
    void sample(bool user);
    // It is asked who should run.
    void note_look() {
        if constexpr (base::debug_build)
            looks.store(looks.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    CpuTime busy;
    u64 idle_cycles = 0;
    std::atomic<u64> switches{0};
    std::atomic<u64> looks{0}; // debug builds: how often it was asked who should run
    Thread* leaving = nullptr; // switched away from, must go to another CPU

private:
    // Where a sleeper comes back into the race.
    void catch_up(SchedulingEntity& entity) const;
    struct LessRuntime {
        bool operator()(const Thread& a, const Thread& b) const {
            // Wraps never: 2^63 cycles are 97 years.
            return a.scheduling.virtual_runtime < b.scheduling.virtual_runtime;
        }
    };
    // Thread's node lies inside its entity; the heap wants a member of Thread.
    base::PairingHeap<Thread, &Thread::fair_node, LessRuntime> fair_;
    List<Thread, &Thread::run_link> real_time_[real_time_levels];
    u64 real_time_bits_[2] = {0, 0};
    std::atomic<u32> waiting_{0};
    u64 least_runtime_ = 0; // no fair thread is placed before this
};

RunQueue& run_queue(u32 cpu);

} // namespace core
