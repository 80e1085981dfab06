// SPDX-License-Identifier: BSD-2-Clause
// The record of one page frame, and PageRef, a counted reference to it. Records of all frames lie
// in one array; a record whose frame is free belongs to the frame allocator.
#pragma once

#include <atomic>
#include <utility>

#include "base/address.h"
#include "base/list.h"
#include "base/panic.h"
#include "base/units.h"

namespace core {

class MemoryObject;

enum class PageUse : u8 { reserved, free, kernel, page_table, slab, anonymous, object };

// Bits of Page::flags.
namespace page_flag {
inline constexpr u16 uptodate = 1 << 0;   // the content is what the object's store has
inline constexpr u16 dirty = 1 << 1;      // newer than the store
inline constexpr u16 writeback = 1 << 2;  // being written; may be read, not dropped
inline constexpr u16 referenced = 1 << 3; // touched since reclaim looked
inline constexpr u16 locked = 1 << 4;     // being read in or truncated
inline constexpr u16 error = 1 << 5;      // a write-back failed; kept dirty
inline constexpr u16 active = 1 << 6;
} // namespace page_flag

struct Page {
    std::atomic<u32> references;
    std::atomic<u16> flags;
    PageUse use;
    u8 order;              // free or kernel block: its size is 2^order pages
    std::atomic<u32> maps; // page-table entries that point here
    u32 private_word;      // the owner's
    MemoryObject* object;  // the object it belongs to; anonymous: the family (core/vm)
    u64 index;             // page index inside the object; anonymous: its virtual page number
    ListLink link;         // free list, or the object's dirty list, or reclaim's list

    PhysAddr physical() const;
    // The page through the kernel's map of all memory.
    u8* bytes() const;

    bool has(u16 flag) const { return (flags.load(std::memory_order_acquire) & flag) != 0; }
    void set(u16 flag) { flags.fetch_or(flag, std::memory_order_acq_rel); }
    void clear(u16 flag) { flags.fetch_and(static_cast<u16>(~flag), std::memory_order_acq_rel); }
    // Sets the flag; true if it was clear.
    bool test_and_set(u16 flag) {
        return (flags.fetch_or(flag, std::memory_order_acq_rel) & flag) == 0;
    }
};

// The record of the frame at `address`, which must be RAM.
Page& page_of(PhysAddr address);
Page& page_of_kernel(const void* address); // inside the map of all memory

// Drops a reference; frees the frame with the last one. Any context.
void release_page(Page& page);

// Owns one reference. Null only after a move or by default.
class PageRef {
public:
    PageRef() = default;
    static PageRef adopt(Page& page) { return PageRef(&page); }
    static PageRef share(Page& page) {
        page.references.fetch_add(1, std::memory_order_relaxed);
        return PageRef(&page);
    }
    PageRef(PageRef&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
    PageRef& operator=(PageRef&& other) noexcept {
        std::swap(page_, other.page_);
        return *this;
    }
    ~PageRef() {
        if (page_)
            release_page(*page_);
    }

    explicit operator bool() const { return page_ != nullptr; }
    Page* operator->() const { return page_; }
    Page& operator*() const { return *page_; }
    Page* get() const { return page_; }
    [[nodiscard]] Page* release() { return std::exchange(page_, nullptr); }

private:
    explicit PageRef(Page* page) : page_(page) {}
    Page* page_ = nullptr;
};

} // namespace core
