// SPDX-License-Identifier: BSD-2-Clause
#include "arch/api/shadow.h"

#ifdef PITH_KASAN

#include <atomic>

#include "arch/api/kernel_table.h"
#include "arch/api/page_table.h"
#include "arch/x86_64/shadow.h"
#include "base/memory_functions.h"
#include "base/panic.h"
#include "core/memory/frames.h"

namespace arch {
namespace {

constexpr u64 small = page_size, large = u64{1} << 21;
constexpr u64 leaf_bits =
    page_bit::present | page_bit::no_execute | page_bit::global | page_bit::accessed;
// Accessed from the start: entries are compared, and a CPU sets the bit in those it goes through.
constexpr u64 table_bits = page_bit::present | page_bit::writable | page_bit::accessed;

// The tables of an empty shadow, the same for everybody: entries of level n point at g_shared[n -
// 1]. Level 0 is the page of zeros itself.
constinit u64 g_shared[4]{};

u64 shared_entry(unsigned level) {
    return level == 1 ? (g_shared[0] | leaf_bits) & supported_page_bits
                      : g_shared[level - 1] | table_bits;
}

Result<u64> fresh_page() {
    core::PageRef page =
        TRY(core::allocate_frame(core::PageUse::page_table, core::FrameContent::zeroed));
    return page.release()->physical().value;
}

Result<> make_shared() {
    for (unsigned level = 0; level < 4; ++level) {
        g_shared[level] = TRY(fresh_page());
        for (unsigned i = 0; level > 0 && i < 512; ++i)
            table_view(PhysAddr(g_shared[level]))[i] = shared_entry(level);
    }
    return {};
}

// The entry of `address` at `wanted` (1 is the leaf level), in tables that are nobody else's.
Result<u64*> own_entry(u64 address, unsigned wanted) {
    u64* table = table_view(PhysAddr(kernel_root()));
    for (unsigned level = 4;; --level) {
        u64& entry = table[address >> (12 + 9 * (level - 1)) & 511];
        if (level == wanted)
            return &entry;
        if (entry == shared_entry(level)) {
            const u64 made = TRY(fresh_page());
            memcpy(table_view(PhysAddr(made)), table_view(PhysAddr(g_shared[level - 1])),
                   page_size);
            // Release: another CPU may go through the table as soon as it is there.
            std::atomic_ref(entry).store(made | table_bits, std::memory_order_release);
        }
        const u64 next = entry & page_bit::address_mask;
        VERIFY((entry & page_bit::present) && !(entry & page_bit::huge));
        VERIFY(next != g_shared[level - 1]); // what is written there stands for everything
        table = table_view(PhysAddr(next));
    }
}

Result<> map_small(u64 address) {
    u64* entry = TRY(own_entry(address, 1));
    if (*entry != shared_entry(1))
        return {}; // has one, from a neighbour
    const u64 page = TRY(fresh_page());
    *entry = (page | leaf_bits | page_bit::writable | page_bit::dirty) & supported_page_bits;
    flush_kernel_range(address, address + small);
    return {};
}

Result<> map_large(u64 address) {
    u64* entry = TRY(own_entry(address, 2));
    if (*entry & page_bit::huge)
        return {};
    core::Page* block = TRY(core::allocate_block(9, core::PageUse::page_table));
    memset(block->bytes(), 0, large);
    *entry = (block->physical().value | leaf_bits | page_bit::writable | page_bit::dirty |
              page_bit::huge) &
             supported_page_bits;
    return {};
}

} // namespace

bool is_shared_shadow(u64 entry, unsigned level) {
    return g_shared[0] != 0 && entry == shared_entry(level);
}

Result<> start_shadow() {
    TRY(make_shared());
    u64* root = table_view(PhysAddr(kernel_root()));
    constexpr u64 span = u64{1} << 39; // of one entry of the root
    const u64 first = reinterpret_cast<u64>(shadow_of(kernel_half));
    const u64 last = reinterpret_cast<u64>(shadow_of(~u64{0}));
    for (u64 at = first; at < last; at += span)
        root[at >> 39 & 511] = shared_entry(4);
    // Stacks get theirs when other roots have copied this one's entries.
    (void)TRY(own_entry(reinterpret_cast<u64>(shadow_of(kernel_area_start)), 3));
    return {};
}

Result<> map_shadow(u64 start, u64 size, ShadowPages pages) {
    const u64 first = reinterpret_cast<u64>(shadow_of(start));
    const u64 last = reinterpret_cast<u64>(shadow_of(start + size - 1));
    const u64 step = pages == ShadowPages::small ? small : large;
    for (u64 at = first & ~(step - 1); at <= last; at += step)
        TRY(pages == ShadowPages::small ? map_small(at) : map_large(at));
    return {};
}

} // namespace arch

#endif
