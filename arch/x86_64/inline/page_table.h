// SPDX-License-Identifier: BSD-2-Clause
// x86-64 bodies of arch/api/page_table.h: entry bits of Intel SDM volume 3A, 4.5.
#pragma once

namespace arch {

namespace page_bit {
inline constexpr u64 present = 1ull << 0;
inline constexpr u64 writable = 1ull << 1;
inline constexpr u64 user = 1ull << 2;
inline constexpr u64 write_through = 1ull << 3;
inline constexpr u64 cache_disable = 1ull << 4;
inline constexpr u64 accessed = 1ull << 5;
inline constexpr u64 dirty = 1ull << 6;
inline constexpr u64 huge = 1ull << 7;
inline constexpr u64 global = 1ull << 8;
inline constexpr u64 special = 1ull << 9;    // software: no Page record counted
inline constexpr u64 swap = 1ull << 10;      // software, in absent entries
inline constexpr u64 no_access = 1ull << 11; // software: PROT_NONE page kept; present bit is clear
inline constexpr u64 no_execute = 1ull << 63;
inline constexpr u64 address_mask = 0x000f'ffff'ffff'f000;
} // namespace page_bit

// EFER.NXE is there on every CPU that Pith starts on but a few; the mask takes the bit away on
// those.
extern u64 supported_page_bits;

inline u64 protection_bits(base::Protection protection) {
    using base::Protection;
    u64 bits = page_bit::user;
    if (protection == Protection::none)
        return bits | page_bit::no_access | page_bit::no_execute;
    bits |= page_bit::present;
    if (includes(protection, Protection::write))
        bits |= page_bit::writable;
    if (!includes(protection, Protection::execute))
        bits |= page_bit::no_execute;
    return bits;
}

inline PageEntry PageEntry::make_user(PhysAddr page, base::Protection protection) {
    return PageEntry((page.value | page_bit::accessed | protection_bits(protection)) &
                     supported_page_bits);
}
inline bool PageEntry::present() const {
    return (bits_ & (page_bit::present | page_bit::no_access)) != 0;
}
inline bool PageEntry::writable() const { return (bits_ & page_bit::writable) != 0; }
inline bool PageEntry::executable() const { return (bits_ & page_bit::no_execute) == 0; }
inline bool PageEntry::dirty() const { return (bits_ & page_bit::dirty) != 0; }
inline bool PageEntry::accessed() const { return (bits_ & page_bit::accessed) != 0; }
inline PhysAddr PageEntry::address() const { return PhysAddr(bits_ & page_bit::address_mask); }
inline PageEntry PageEntry::read_only() const { return PageEntry(bits_ & ~page_bit::writable); }
inline PageEntry PageEntry::writable_and_dirty() const {
    return PageEntry(bits_ | page_bit::writable | page_bit::dirty | page_bit::accessed);
}
inline PageEntry PageEntry::with_protection(base::Protection protection) const {
    constexpr u64 rights = page_bit::present | page_bit::writable | page_bit::no_execute |
                           page_bit::no_access | page_bit::user;
    return PageEntry(((bits_ & ~rights) | protection_bits(protection)) & supported_page_bits);
}
inline PageEntry PageEntry::not_accessed() const { return PageEntry(bits_ & ~page_bit::accessed); }
inline bool PageEntry::special() const { return (bits_ & page_bit::special) != 0; }
inline PageEntry PageEntry::as_special() const { return PageEntry(bits_ | page_bit::special); }
inline bool PageEntry::is_swap() const {
    return (bits_ & (page_bit::present | page_bit::no_access | page_bit::swap)) == page_bit::swap;
}

// core/memory gives the address of a table through the map of all memory.
u64* table_view(PhysAddr table);

// Visits what lies in start..end-1 under one table of the given level (1 is the leaf level), which
// covers addresses from `base` on. False if the visitor wants no more.
template <unsigned level, typename Visit>
bool visit_stretches(u64* table, u64 base, u64 start, u64 end, Visit& visit) {
    constexpr unsigned shift = 12 + 9 * (level - 1);
    constexpr u64 entries = 512;
    const u64 first = start > base ? (start - base) >> shift : 0;
    const u64 wanted = (end - base + (u64{1} << shift) - 1) >> shift;
    const u64 last = wanted < entries ? wanted : entries;
    if constexpr (level == 1) {
        const std::span<volatile u64> places(table + first, last - first);
        return visit(base + (first << shift), places);
    } else {
        for (u64 i = first; i < last; ++i) {
            if (!(table[i] & page_bit::present))
                continue;
            u64* below = table_view(PhysAddr(table[i] & page_bit::address_mask));
            if (!visit_stretches<level - 1>(below, base + (i << shift), start, end, visit))
                return false;
        }
        return true;
    }
}

template <typename Visit>
void PageTable::for_each_stretch(u64 start, u64 end, Visit visit) const {
    if (start < end)
        visit_stretches<4>(table_view(root_), 0, start, end, visit);
}

} // namespace arch
