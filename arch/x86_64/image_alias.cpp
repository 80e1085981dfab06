// SPDX-License-Identifier: BSD-2-Clause
// The kernel's text and constants as the map of all memory shows them: read-only, like in their own
// place. The loader mapped that memory in the largest pages there are; those are split here.
#include "arch/api/kernel_table.h"
#include "arch/api/page_table.h"
#include "arch/x86_64/registers.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"

extern "C" {
extern const u8 kernel_image_start[];
extern const u8 kernel_constants_end[];
}

namespace arch {
namespace {

// Replaces a large page by a table of the next smaller ones with the same rights.
void split(u64& entry, unsigned level) {
    core::PageRef page =
        MUST(core::allocate_frame(core::PageUse::page_table, core::FrameContent::undefined),
             "boot has memory");
    const u64 span = u64{1} << (12 + 9 * (level - 2));
    const u64 bits = level == 2 ? entry & ~page_bit::huge : entry;
    const u64 table = page.release()->physical().value;
    for (u64 i = 0; i < 512; ++i)
        table_view(PhysAddr(table))[i] = bits + i * span;
    entry = table | page_bit::present | page_bit::writable;
}

u64& leaf_of(u64 address) {
    u64* table = table_view(PhysAddr(kernel_root()));
    for (unsigned level = 4; level > 1; --level) {
        u64& entry = table[address >> (12 + 9 * (level - 1)) & 511];
        if (entry & page_bit::huge)
            split(entry, level);
        table = table_view(PhysAddr(entry & page_bit::address_mask));
    }
    return table[address >> 12 & 511];
}

} // namespace

void protect_image_alias(u64 image_physical) {
    const u64 size = static_cast<u64>(kernel_constants_end - kernel_image_start);
    const u64 start = reinterpret_cast<u64>(core::physical_view(PhysAddr(image_physical)));
    for (u64 at = start; at < start + size; at += page_size)
        leaf_of(at) &= ~page_bit::writable;
    const u64 control = read_cr4(); // global entries go with CR4.PGE
    write_cr4(control & ~cr4::global_pages);
    write_cr4(control);
}

} // namespace arch
