// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/kvm_clock.h"

#include <atomic>

#include "arch/x86_64/features.h"
#include "arch/x86_64/registers.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"

namespace arch {
namespace {

constexpr u32 leaf_signature = 0x4000'0000, leaf_features = 0x4000'0001;
constexpr u32 feature_clocksource2 = 1 << 3;
constexpr u32 msr_system_time = 0x4b56'4d01;
constexpr u64 enable = 1;

bool is_kvm() {
    const CpuidResult leaf = cpuid(leaf_signature);
    return leaf.ebx == 0x4b4d'564b && leaf.ecx == 0x564b'4d56 && leaf.edx == 0x4d; // "KVMKVMKVM"
}

} // namespace

u64 rate_from_kvm_clock() {
    if (!cpu_features().hypervisor || !is_kvm() ||
        (cpuid(leaf_features).eax & feature_clocksource2) == 0)
        return 0;
    // In a page of its own: the hypervisor writes there from now on, also once it is told to stop.
    alignas(page_size) static constinit KvmClockTime time{};
    const PhysAddr place = core::physical_of(KernelVirt(reinterpret_cast<u64>(&time)));
    write_msr(msr_system_time, place.value | enable);
    std::atomic_signal_fence(std::memory_order_seq_cst); // it is filled in before that returns
    volatile KvmClockTime& seen = time;
    const u64 rate = rate_of_kvm_clock(seen.multiplier, seen.shift);
    write_msr(msr_system_time, 0);
    return rate;
}

} // namespace arch
