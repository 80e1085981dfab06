// SPDX-License-Identifier: BSD-2-Clause
// The scheduler: per-CPU run queues, a real-time and a fair class, balance between CPUs.
#pragma once

#include "base/result.h"
#include "core/sched/entity.h"
#include "core/task/thread.h"

namespace core {

class Scheduler {
public:
    // Gives up the CPU to whoever should run; returns when this thread is chosen again. Process
    // context.
    static void yield();
    // Wakes a sleeping thread; false if it was not asleep. Any context.
    static bool wake(Thread& thread);
    // Same, expecting the caller to sleep soon: keeps both on one CPU when that is cheaper.
    static bool wake_synchronously(Thread& thread);

    // Errors: inval (no allowed CPU is online).
    static Result<> set_affinity(Thread& thread, u64 mask);
    static void set_parameters(Thread& thread, const SchedulingParameters& parameters);
    // A thread runs before all fair ones, at the lowest real-time level at least, until each boost
    // is taken back; its parameters stay what they are. Any context that holds no run queue.
    static void boost(Thread& thread);
    static void take_boost_back(Thread& thread);
    static bool is_boosted(const Thread& thread) {
        return thread.scheduling.boosts.load(std::memory_order_relaxed) != 0;
    }

    // The mask of CPUs that run threads.
    static u64 online_cpus();
    static u32 cpu_count();
    // Threads that run or wait for a CPU, over all CPUs; and the 1, 5, 15 minute averages in
    // 1/2048.
    static u32 runnable_count();
    static void load_averages(u64 (&averages)[3]);
    // Nanoseconds since boot that CPU `cpu` spent in user mode, in the kernel, idle.
    struct CpuTimes {
        Nanos user, system, idle;
    };
    static CpuTimes cpu_times(u32 cpu);
    // Brings the current thread's CPU time up to this moment; otherwise it is as old as the last
    // tick.
    static void account_current();
    static u64 context_switches();
    // Debug builds: how often CPU `cpu` has looked for somebody to run. A count that stands still
    // means that it cannot (core/debug/watchdog.cpp).
    static u64 looks(u32 cpu);

    // For the thread and wait-queue code:
    // Sleeps if the thread's state still says so. Interrupts on, preemption on.
    static void block();
    // The same, and `next` goes on: at once with the rest of the slice, past the queue, if it
    // sleeps on this CPU and nobody has to come before it; otherwise it is woken as by
    // wake_synchronously.
    static void block_and_run(Thread& next);
    // Called by the timer interrupt and by wake-ups; picks who runs next. Preemption off allowed.
    static void reschedule();
    // In the timer interrupt: counts time, ends slices, balances.
    static void tick(bool from_user);
    // The new thread's first act after a switch away from \`previous\`.
    static void finish_switch(Thread& previous);
    // Makes a thread that never ran runnable.
    static void start(Thread& thread);
    // Turns the calling context into the idle thread of its CPU; needs its Thread.
    static void adopt_idle(Thread& idle);
    [[noreturn]] static void idle_loop();

private:
    static void switch_to(class RunQueue& queue, Thread& previous, Thread& next, u64 slice_used);
    static bool may_hand_off(const class RunQueue& queue, const Thread& previous,
                             const Thread& next);
};

} // namespace core
