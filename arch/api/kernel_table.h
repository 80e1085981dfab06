// SPDX-License-Identifier: BSD-2-Clause
// The kernel half of the page tables: one for all address spaces. CPUs may map and unmap different
// pages at the same time; whoever owns an address (core/memory/kernel_map.cpp) changes it alone.
#pragma once

#include "base/result.h"
#include "base/types.h"

namespace arch {

// Where KernelMapping may map: one slot of the root table.
inline constexpr u64 kernel_area_start = 0xffff'f000'0000'0000;
inline constexpr u64 kernel_area_end = kernel_area_start + (u64{1} << 39);

struct KernelPageRights {
    bool write = false;
    bool execute = false;
    bool uncached = false;
    bool write_combining = false;
};

// First CPU, once frames can be allocated: takes over the loader's tables.
void adopt_kernel_table();
// Removes the loader's map of low memory, once no CPU starts through it any more.
void drop_identity_map();
// The map of all memory shows the kernel's text and constants too: from now on read-only there as
// well. First CPU, once, after the last patch of the text.
void protect_image_alias(u64 image_physical);
u64 kernel_root();

Result<> map_kernel_page(u64 address, u64 physical, KernelPageRights rights); // errors: nomem
// The physical address that was mapped, 0 if none.
u64 unmap_kernel_page(u64 address);
u64 kernel_page_address(u64 address);
// Every CPU forgets these translations. Interrupts on (or a single CPU).
void flush_kernel_range(u64 start, u64 end);

// The calling CPU takes part in flushes from now on.
void cpu_is_online();
u64 online_cpu_mask();

} // namespace arch
