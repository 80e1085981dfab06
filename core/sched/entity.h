// SPDX-License-Identifier: BSD-2-Clause
// What the scheduler keeps in each thread.
#pragma once

#include <atomic>

#include "arch/api/cpu.h"
#include "base/units.h"
#include "core/sched/cpu_time.h"

namespace core {

enum class SchedulingClass : u8 { idle_task, real_time, fair };

// Linux's policies (sched.h) map onto classes: NORMAL, BATCH and IDLE are fair, FIFO and RR
// real-time.
struct SchedulingParameters {
    SchedulingClass scheduling_class = SchedulingClass::fair;
    bool round_robin = false;  // real-time only
    u8 real_time_priority = 0; // 1 (low) to 99 (high); real-time only
    i8 nice = 0;               // -20 (most) to 19; fair only
    bool idle_policy = false;  // fair with the least weight (SCHED_IDLE)
    bool batch_policy = false;
};

struct SchedulingEntity {
    SchedulingParameters parameters; // as asked for; changed under its queue's lock
    std::atomic<u32> boosts{0};      // the same; while it has any it is real-time
    u64 affinity = ~u64{0};          // bit n: may run on CPU n
    u32 cpu = 0;                     // where it runs or last ran
    bool queued = false;             // in a run queue (guarded by that queue's lock)
    bool moving = false;             // on its way to `cpu`'s queue (guarded by that queue's lock)
    bool gives_way = false;          // goes behind its equals: it yielded, or its slice is over
    std::atomic<bool> on_cpu{false}; // its registers are live on some CPU
    u32 weight = 1024;               // from nice
    u64 virtual_runtime = 0;         // cycles scaled by weight; fair only
    u64 accounted = 0;               // cycle counter up to which its time is counted
    u64 slice_used = 0;              // cycles since it was last chosen
    CpuTime consumed;
};

} // namespace core
