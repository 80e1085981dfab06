// SPDX-License-Identifier: BSD-2-Clause
// Pages taken out of page tables, kept until no CPU can reach them any more. For core/vm.
#pragma once

#include "arch/api/page_table.h"
#include "core/memory/frames.h"

namespace core {

class PageBatch {
public:
    explicit PageBatch(arch::PageTable& table) : table_(table) {}
    ~PageBatch() { flush(); }
    PageBatch(const PageBatch&) = delete;
    PageBatch& operator=(const PageBatch&) = delete;

    // A page that no entry maps any more, whose reference is ours now; its address is told to
    // touch().
    void add(Page& page) { pages_[count_++] = &page; }
    // Rights of start..end-1 were narrowed, or entries there removed.
    void touch(u64 start, u64 end) {
        if (start < start_)
            start_ = start;
        if (end > end_)
            end_ = end;
    }
    bool full() const { return count_ == capacity; }

    // Flushes translation caches, then drops the references. Interrupts on.
    void flush() {
        if (start_ < end_)
            arch::flush_user_range(table_, start_, end_);
        u32 dead = 0;
        for (u32 i = 0; i < count_; ++i) {
            Page& page = *pages_[i];
            page.maps.fetch_sub(1, std::memory_order_relaxed);
            // As release_page().
            if (page.references.fetch_sub(1, std::memory_order_acq_rel) == 1)
                pages_[dead++] = &page;
        }
        free_frames({pages_, dead});
        count_ = 0;
        start_ = ~u64{0};
        end_ = 0;
    }

private:
    static constexpr u32 capacity = 256;

    arch::PageTable& table_;
    u64 start_ = ~u64{0}, end_ = 0;
    u32 count_ = 0;
    Page* pages_[capacity];
};

} // namespace core
