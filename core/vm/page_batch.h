// SPDX-License-Identifier: BSD-2-Clause
// Pages taken out of page tables, kept until no CPU can reach them any more. For core/vm.
#pragma once

#include "arch/api/page_table.h"
#include "core/memory/page.h"

namespace core {

class PageBatch {
public:
    explicit PageBatch(arch::PageTable& table) : table_(table) {}
    ~PageBatch() { flush(); }
    PageBatch(const PageBatch&) = delete;
    PageBatch& operator=(const PageBatch&) = delete;

    // `address` no longer maps `page`, whose reference is ours now. No page: a special entry.
    void add(u64 address, Page* page) {
        if (address < start_)
            start_ = address;
        if (address + page_size > end_)
            end_ = address + page_size;
        if (page)
            pages_[count_++] = page;
    }
    // Rights of `address` were narrowed.
    void touch(u64 address) { add(address, nullptr); }
    bool full() const { return count_ == capacity; }

    // Flushes translation caches, then drops the references. Interrupts on.
    void flush() {
        if (start_ < end_)
            arch::flush_user_range(table_, start_, end_);
        for (u32 i = 0; i < count_; ++i) {
            pages_[i]->maps.fetch_sub(1, std::memory_order_relaxed);
            release_page(*pages_[i]);
        }
        count_ = 0;
        start_ = ~u64{0};
        end_ = 0;
    }

private:
    static constexpr u32 capacity = 128;

    arch::PageTable& table_;
    u64 start_ = ~u64{0}, end_ = 0;
    u32 count_ = 0;
    Page* pages_[capacity];
};

} // namespace core
