// SPDX-License-Identifier: BSD-2-Clause
// getrusage, times.
#include "linux/process/usage.h"

#include <algorithm>

#include "abi/linux/time.h"
#include "core/time/clock.h"
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"

namespace linux {

ResourceUsage to_resource_usage(const Usage& usage) {
    ResourceUsage result = {};
    result.user_time = to_time_val(usage.user);
    result.system_time = to_time_val(usage.system);
    result.peak_resident = static_cast<i64>(usage.peak_resident * (page_size / 1024));
    result.minor_faults = static_cast<i64>(usage.minor_faults);
    result.major_faults = static_cast<i64>(usage.major_faults);
    result.voluntary_switches = static_cast<i64>(usage.voluntary_switches);
    result.involuntary_switches = static_cast<i64>(usage.involuntary_switches);
    return result;
}

namespace {

u64 own_peak_resident(Process& process) {
    const RefOrNull<ProgramImage> image = image_of(process);
    return image ? image->space->statistics().resident_peak.value : 0;
}

i64 to_ticks(Nanos time) {
    return static_cast<i64>(time.value / (base::nanos_per_second.value / ticks_per_second));
}

} // namespace

Result<u64> sys_getrusage(i32 who, UserOut<ResourceUsage> target) {
    Process& process = Process::current();
    Usage usage;
    switch (who) {
    case usage_of::self:
        usage = process.usage();
        usage.peak_resident = std::max(usage.peak_resident, own_peak_resident(process));
        break;
    case usage_of::children: {
        ProcessTableGuard guard(ProcessTable::lock());
        usage = process.waited_children;
        break;
    }
    case usage_of::thread:
        usage = usage_of_task(Task::current());
        usage.peak_resident = own_peak_resident(process);
        break;
    default: return Failure(Errno::inval);
    }
    TRY(target.write(to_resource_usage(usage)));
    return 0;
}

Result<u64> sys_times(UserOut<ProcessTimes> target) {
    if (target) {
        Process& process = Process::current();
        const Usage own = process.usage();
        Usage children;
        {
            ProcessTableGuard guard(ProcessTable::lock());
            children = process.waited_children;
        }
        TRY(target.write({to_ticks(own.user), to_ticks(own.system), to_ticks(children.user),
                          to_ticks(children.system)}));
    }
    return static_cast<u64>(to_ticks(core::now()));
}

} // namespace linux
