// SPDX-License-Identifier: BSD-2-Clause
// What KVM tells a guest of the cycle counter's rate (Linux, Documentation/virt/kvm/x86/cpuid.rst
// and msr.rst: MSR_KVM_SYSTEM_TIME_NEW).
#pragma once

#include "base/types.h"

namespace arch {

// As the hypervisor writes it: nanoseconds = ((cycles << shift) * multiplier) >> 32, or with a
// shift to the right where `shift` is below zero.
struct KvmClockTime {
    u32 version; // odd while it is being written
    u32 reserved0;
    u64 cycles;
    u64 nanoseconds;
    u32 multiplier;
    i8 shift;
    u8 flags;
    u8 reserved1[2];
};
static_assert(sizeof(KvmClockTime) == 32);

// Cycles in a second by that scale; 0 if it is none.
constexpr u64 rate_of_kvm_clock(u32 multiplier, i8 shift) {
    if (multiplier == 0 || shift < -31 || shift > 31)
        return 0;
    const u64 rate = (u64{1'000'000'000} << 32) / multiplier;
    return shift < 0 ? rate << -shift : rate >> shift;
}

// Asks KVM; 0 under another hypervisor or none. First CPU, once.
u64 rate_from_kvm_clock();

} // namespace arch
