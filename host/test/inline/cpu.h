// SPDX-License-Identifier: BSD-2-Clause
// arch/api/cpu.h for the test home: a Linux process. Threads stand for CPUs, so interrupts and
// preemption have nothing to disable; locks still exclude, and the sanitizers watch.
#pragma once

#include <ctime>

namespace arch {

inline bool interrupts_enabled() { return true; }
inline void enable_interrupts() {}
inline void disable_interrupts() {}
inline u64 save_and_disable_interrupts() { return 0; }
inline void restore_interrupts(u64) {}
inline void spin_pause() {}
inline void disable_preemption() {}
inline void enable_preemption() {}
inline void enable_preemption_without_switch() {}
inline bool preemption_enabled() { return true; }
inline u64 timestamp() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

} // namespace arch
