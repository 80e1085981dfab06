// SPDX-License-Identifier: BSD-2-Clause
// What the auxiliary vector says of an x86-64 CPU: AT_HWCAP is CPUID leaf 1 EDX, AT_HWCAP2 bit 1
// would be user-mode FSGSBASE, which is off.
#include <cpuid.h>

#include "arch/api/thread_context.h"
#include "base/bits.h"
#include "linux/exec/loader.h"

namespace linux {

HardwareWords hardware_words() {
    static constinit std::atomic<u32> features{0};
    u32 edx = features.load(std::memory_order_relaxed);
    if (edx == 0) {
        u32 eax, ebx, ecx;
        if (__get_cpuid(1, &eax, &ebx, &ecx, &edx))
            features.store(edx, std::memory_order_relaxed);
    }
    // The frame, the vector state behind it, alignment of both.
    constexpr u64 frame_size = 440, slack = 64 + 16;
    return {edx, 0, base::align_up<u64>(frame_size + arch::vector_state_size() + 4 + slack, 16)};
}

} // namespace linux
