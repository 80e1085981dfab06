// SPDX-License-Identifier: BSD-2-Clause
// The pages of a file, by index, with read-in and write-back through a Backing. tmpfs and shared
// anonymous memory use it with a backing that zero-fills and never writes.
#pragma once

#include <span>

#include "base/units.h"
#include "core/vm/memory_object.h"
#include "core/vm/page_tree.h"

namespace core {

// What stands behind a page cache. All calls in process context, may sleep; no spinning lock is
// held.
class Backing {
public:
    // Fills the pages of consecutive indices first, first+1, …; bytes beyond the file's end are
    // zeroed. Errors: io.
    virtual Result<> read_pages(u64 first, std::span<Page* const> pages) = 0;
    // Writes them out; returns when they are on their way to the device and safe to re-dirty.
    // Errors: io, nospc. Failed pages stay dirty.
    virtual Result<> write_pages(u64 first, std::span<Page* const> pages) = 0;
    // Before a clean page becomes dirty: reserves space for it. Errors: nospc, dquot.
    virtual Result<> prepare_dirty(u64 index) = 0;
    // How many pages to read from `index` on when `wanted` are asked for in sequence (read-ahead).
    virtual u32 read_ahead(u64, u32 wanted) { return wanted; }

protected:
    ~Backing() = default;
};

class PageCache : public MemoryObject {
public:
    // `backing` outlives the cache. `memory_only`: pages have no other home, never clean (tmpfs).
    static Result<Ref<PageCache>> create(Backing& backing, bool memory_only);
    ~PageCache() override;

    // The file's length in bytes: mappings fault beyond its last page.
    u64 size() const { return size_.load(std::memory_order_acquire); }
    // Grows or shrinks: pages beyond the end are dropped, also from mappings, and the tail of the
    // last page zeroed. The caller excludes other writers (inode lock).
    void set_size(u64 size);

    // The page, read in if need be. Errors: nomem, io.
    Result<PageRef> get(u64 index);
    // The page that the caller is about to overwrite whole: not read in. A `fresh` one has
    // undefined content and stays locked, unseen by others, until finish_overwrite(). The caller
    // must not touch program memory that may be this very page before that. Errors: nomem.
    Result<PageRef> get_for_overwrite(u64 index, bool& fresh);
    // All of a fresh page was written: it is up to date and unlocked.
    void finish_overwrite(Page& page);
    // Not all of it was: whoever wants it next reads it in.
    void abandon_overwrite(Page& page);
    // Only if cached and up to date.
    PageRef try_page(u64 index) override;
    Result<PageRef> page_for_mapping(u64 index, Access access) override;

    // Before writing into a page: reserves space, marks it dirty. Errors: as prepare_dirty.
    Result<> make_dirty(Page& page);

    // Drops clean pages in first..last-1 (fadvise, O_DIRECT); `even_dirty` for punch and truncate.
    void drop(u64 first, u64 last, bool even_dirty);
    // Writes the pages in first..last-1 that are dirty now and waits, also for those that another
    // writes at present. Errors: the first that occurred.
    Result<> write_back(u64 first = 0, u64 last = ~u64{0});
    Result<> write_back_pages(u64 first, u64 last) override { return write_back(first, last); }
    bool has_dirty_pages() const { return dirty_count_.load(std::memory_order_relaxed) != 0; }
    u64 dirty_pages() const { return dirty_count_.load(std::memory_order_relaxed); }
    // Pages held in memory (st_blocks of tmpfs, mincore).
    u64 page_count() const { return page_count_.load(std::memory_order_relaxed); }
    // The lowest index >= from that has a page; ~0 if none (SEEK_DATA of tmpfs, getdents of
    // nothing).
    u64 next_page(u64 from) const;

private:
    friend class Ref<PageCache>;
    PageCache(Backing& backing, bool memory_only) : backing_(backing), memory_only_(memory_only) {}

    Result<PageRef> find_or_insert(u64 index, bool& fresh);
    Result<> read_in(u64 index, Page& page);
    bool lock_stale(Page& page);
    void drop_page(Page& page);
    u32 take_dirty(u64& at, u64 last, std::span<Page*> batch, Page*& busy);
    void finish_writing(std::span<Page* const> batch, bool written);

    Backing& backing_;
    const bool memory_only_;
    std::atomic<u64> size_{0};
    std::atomic<u64> page_count_{0};
    std::atomic<u64> dirty_count_{0};
    std::atomic<u64> writeback_count_{0};
    mutable Lock<lock_class::page_tree> tree_lock_;
    PageTree tree_;      // writers hold tree_lock_
    WaitQueue unlocked_; // page_flag::locked or writeback cleared on one of ours
};

} // namespace core
