// SPDX-License-Identifier: BSD-2-Clause
// Second-level page tables of a remapping unit, in leaves of 4 KiB (Intel VT-d specification 4.1,
// 3.7 and 9.8). Making room may fail; entries in it do not. Tables once made stay, so that what was
// mapped once can be again when memory is short. The owner excludes others and invalidates.
#pragma once

#include "core/memory/frames.h"

namespace core {

class TranslationTable {
public:
    enum class Walk : u8 { coherent, from_memory };
    // `levels`: 3 for addresses of 39 bits, 4 for 48.
    TranslationTable(u32 levels, Walk walk) : levels_(levels), walk_(walk) {}
    ~TranslationTable();
    TranslationTable(const TranslationTable&) = delete;
    TranslationTable& operator=(const TranslationTable&) = delete;

    // The tables for pages start..start+length-1, and the root. Errors: nomem, range.
    Result<> make_room(u64 start, u64 length);
    // There is room at the page. `rights`: vtd::may_read, vtd::may_write.
    void set(u64 page, PhysAddr frame, u64 rights);
    void clear(u64 page);
    // The entry of a page, 0 if there is none.
    u64 find(u64 page) const;
    // After make_room().
    PhysAddr root() const { return root_->physical(); }
    u32 levels() const { return levels_; }

private:
    using Entry = volatile u64; // the unit reads it
    Result<Page*> make_table() const;
    Entry* leaf(u64 page) const;
    void store(Entry& entry, u64 value) const;
    static void free_tables(Page& table, u32 level);

    const u32 levels_;
    const Walk walk_;
    Page* root_ = nullptr; // a block of its own
};

} // namespace core
