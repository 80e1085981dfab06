// SPDX-License-Identifier: BSD-2-Clause
// The load averages of 1, 5 and 15 minutes: exponential averages of the runnable count, sampled
// every five seconds (Linux Documentation/filesystems/proc.rst, loadavg).
#include "core/sched/load_average.h"

#include "core/sched/scheduler.h"
#include "core/time/clock.h"
#include "core/time/timer.h"

namespace core {
namespace {

constexpr u64 one = 2048;
constexpr u64 decay[3] = {1884, 2014, 2037}; // one * exp(-5 s / period)

constinit std::atomic<u64> g_averages[3]{};

void sample(Timer& timer) {
    const u64 active = Scheduler::runnable_count() * one;
    for (unsigned i = 0; i < 3; ++i) {
        const u64 old = g_averages[i].load(std::memory_order_relaxed);
        u64 next = old * decay[i] + active * (one - decay[i]);
        if (active >= old)
            next += one - 1; // rounds up while rising, so that it gets there
        g_averages[i].store(next / one, std::memory_order_relaxed);
    }
    timer.arm(now() + base::seconds(5));
}

constinit Timer g_sampler(&sample);

} // namespace

void start_load_average() { g_sampler.arm(now() + base::seconds(5)); }

void Scheduler::load_averages(u64 (&averages)[3]) {
    for (unsigned i = 0; i < 3; ++i)
        averages[i] = g_averages[i].load(std::memory_order_relaxed);
}

} // namespace core
