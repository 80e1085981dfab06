// SPDX-License-Identifier: BSD-2-Clause
#include "core/sched/cpu_time.h"

#include "core/time/clock.h"

namespace core {

CpuTimeSplit CpuTime::split(bool user_without_samples) const {
    const u64 total = cycles_to_nanos(cycles_).value;
    const u64 samples = user_ticks_ + system_ticks_;
    u64 system = user_without_samples ? 0 : total;
    if (samples != 0)
        system = total / samples * system_ticks_ + total % samples * system_ticks_ / samples;
    const u64 shown_system = shown_system_.load(std::memory_order_relaxed);
    if (system < shown_system)
        system = shown_system;
    u64 user = total > system ? total - system : 0;
    const u64 shown_user = shown_user_.load(std::memory_order_relaxed);
    if (user < shown_user) {
        user = shown_user;
        system = total - user > shown_system && total > user ? total - user : shown_system;
    }
    shown_user_.store(user, std::memory_order_relaxed);
    shown_system_.store(system, std::memory_order_relaxed);
    return {Nanos(user), Nanos(system)};
}

} // namespace core
