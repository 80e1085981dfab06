// SPDX-License-Identifier: BSD-2-Clause
#include "core/iommu/translation_table.h"

#include "arch/api/cache.h"
#include "base/memory_functions.h"
#include "core/iommu/vtd_registers.h"

namespace core {
namespace {

constexpr u32 entries = 512;

u32 shift_of(u32 level) { return page_shift + 9 * (level - 1); }
u32 index_of(u64 page, u32 level) { return static_cast<u32>(page >> shift_of(level)) % entries; }
volatile u64* entries_of(Page& table) { return reinterpret_cast<volatile u64*>(table.bytes()); }
Page& table_behind(u64 entry) { return page_of(PhysAddr(entry & vtd::entry_address)); }

} // namespace

TranslationTable::~TranslationTable() {
    if (root_)
        free_tables(*root_, levels_);
}

void TranslationTable::free_tables(Page& table, u32 level) {
    for (u32 i = 0; i < entries && level > 1; ++i) {
        if (const u64 entry = entries_of(table)[i])
            free_tables(table_behind(entry), level - 1);
    }
    free_block(table, 0);
}

Result<Page*> TranslationTable::make_table() const {
    Page* table = TRY(allocate_block(0, PageUse::kernel));
    memset(table->bytes(), 0, page_size);
    constexpr usize line = 64;
    for (usize at = 0; at < page_size && walk_ == Walk::from_memory; at += line)
        arch::write_back_line(table->bytes() + at);
    return table;
}

void TranslationTable::store(Entry& entry, u64 value) const {
    entry = value;
    if (walk_ == Walk::from_memory)
        arch::write_back_line(const_cast<const u64*>(&entry));
}

Result<> TranslationTable::make_room(u64 start, u64 length) {
    if (length == 0 || (start + length - 1) >> shift_of(levels_ + 1))
        return Failure(Errno::range);
    if (!root_)
        root_ = TRY(make_table());
    const u64 leaf_bytes = u64{1} << shift_of(2);
    for (u64 at = start & ~(leaf_bytes - 1); at < start + length; at += leaf_bytes) {
        Page* table = root_;
        for (u32 level = levels_; level > 1; --level) {
            Entry& entry = entries_of(*table)[index_of(at, level)];
            if (!entry) {
                const Page* next = TRY(make_table());
                store(entry, next->physical().value | vtd::may_read | vtd::may_write);
            }
            table = &table_behind(entry);
        }
    }
    return {};
}

TranslationTable::Entry* TranslationTable::leaf(u64 page) const {
    Page* table = root_;
    for (u32 level = levels_; table && level > 1; --level) {
        const u64 entry = entries_of(*table)[index_of(page, level)];
        table = entry ? &table_behind(entry) : nullptr;
    }
    return table ? entries_of(*table) + index_of(page, 1) : nullptr;
}

void TranslationTable::set(u64 page, PhysAddr frame, u64 rights) {
    Entry* entry = leaf(page);
    VERIFY(entry);
    store(*entry, (frame.value & vtd::entry_address) | rights);
}

void TranslationTable::clear(u64 page) {
    if (Entry* entry = leaf(page))
        store(*entry, 0);
}

u64 TranslationTable::find(u64 page) const {
    const Entry* entry = leaf(page);
    return entry ? u64{*entry} : 0;
}

} // namespace core
