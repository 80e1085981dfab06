// SPDX-License-Identifier: BSD-2-Clause
// Where a CPU sits and what caches it has: for /proc/cpuinfo and /sys/devices/system/cpu/cpuN. The
// architecture's to say; machines whose CPUs differ in their caches are not told apart. CPUs are
// those that run. Any context.
#pragma once

#include "base/types.h"

namespace linux {

struct CpuPlace {
    u32 package = 0;
    u32 core = 0; // within the package
    u64 core_cpus = 0; // bit n: CPU n
    u64 package_cpus = 0;
};
CpuPlace place_of_cpu(u32 cpu);

struct CpuCache {
    u32 level = 0;
    const char* type = nullptr; // "Data", "Instruction", "Unified"
    u32 line_bytes = 0;
    u32 partitions = 0; // lines with one tag
    u32 ways = 0;
    u32 sets = 0;
    u32 id = 0; // among those of its level and type
    u64 shared_by = 0; // bit n: CPU n

    u32 kibibytes() const { return line_bytes * partitions * ways * sets / 1024; }
};
// The cache of that index, from 0 on. False when there are not so many.
bool find_cpu_cache(u32 cpu, u32 index, CpuCache& cache);

} // namespace linux
