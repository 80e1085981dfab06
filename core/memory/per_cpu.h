// SPDX-License-Identifier: BSD-2-Clause
// One T per CPU, each on cache lines of its own. The caller keeps preemption (or interrupts) off
// while it holds the reference, or knows that the thread cannot move.
#pragma once

#include "arch/api/cpu.h"

namespace core {

template <typename T>
class PerCpu {
public:
    T& here() { return slots_[arch::cpu_index()].value; }
    T& of(u32 cpu) { return slots_[cpu].value; }

private:
    struct alignas(64) Slot {
        T value{};
    };
    Slot slots_[arch::maximum_cpus]{};
};

} // namespace core
