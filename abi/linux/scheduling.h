// SPDX-License-Identifier: BSD-2-Clause
// Scheduling calls (include/uapi/linux/sched.h, sched/types.h, ioprio.h, rseq.h).
#pragma once

#include "base/types.h"

namespace linux {

namespace policy {
inline constexpr i32 normal = 0, fifo = 1, round_robin = 2, batch = 3, idle = 5, deadline = 6;
inline constexpr i32 reset_on_fork = 0x4000'0000;
} // namespace policy

struct SchedulingParameter {
    i32 priority;
};

// struct sched_attr, first two versions.
struct SchedulingAttributes {
    u32 size, policy;
    u64 flags;
    i32 nice;
    u32 priority;
    u64 runtime, deadline, period;
    u32 utilization_minimum, utilization_maximum;
};
static_assert(sizeof(SchedulingAttributes) == 56);
inline constexpr u32 scheduling_attributes_first_size = 48;
namespace attribute_flag {
inline constexpr u64 reset_on_fork = 1, reclaim = 2, overrun = 4, keep_policy = 8;
inline constexpr u64 keep_parameters = 16, clamp_minimum = 32, clamp_maximum = 64;
} // namespace attribute_flag

namespace priority_of {
inline constexpr i32 process = 0, group = 1, user = 2;
} // namespace priority_of

// struct rseq, the original 32 bytes.
struct RseqArea {
    u32 cpu_id_start, cpu_id;
    u64 critical_section; // user address of a RseqSection, or 0
    u32 flags, node_id;
    u32 memory_map_cid, padding;
};
static_assert(sizeof(RseqArea) == 32);
struct RseqSection {
    u32 version, flags;
    u64 start, length, abort;
};
inline constexpr u32 rseq_unregister = 1;
inline constexpr u32 rseq_cpu_uninitialised = ~0u;

} // namespace linux
