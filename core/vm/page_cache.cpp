// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/page_cache.h"

#include "base/memory_functions.h"
#include "core/memory/frames.h"
#include "core/vm/reclaim.h"

namespace core {
namespace {

using TreeGuard = LockGuard<lock_class::page_tree>;
constexpr u32 read_ahead_pages = 32;
constexpr u32 write_batch = 32;

u64 pages_of(u64 size) { return (size + page_size - 1) >> page_shift; }

} // namespace

Result<Ref<PageCache>> PageCache::create(Backing& backing, bool memory_only) {
    PageCache* cache = new (base::fallible) PageCache(backing, memory_only);
    if (!cache)
        return Failure(Errno::nomem);
    return Ref<PageCache>::adopt(cache);
}

PageCache::~PageCache() { drop(0, ~u64{0}, true); }

PageRef PageCache::try_page(u64 index) {
    TreeGuard guard(tree_lock_);
    Page* page = tree_.find(index);
    if (!page || !page->has(page_flag::uptodate) || index >= pages_of(size()))
        return {};
    return PageRef::share(*page);
}

Result<PageRef> PageCache::find_or_insert(u64 index, bool& fresh) {
    fresh = false;
    {
        TreeGuard guard(tree_lock_);
        if (Page* page = tree_.find(index)) [[likely]]
            return PageRef::share(*page);
    }
    PageRef added = TRY(allocate_frame(PageUse::object, FrameContent::undefined));
    added->index = index;
    added->object = this;
    {
        TreeGuard guard(tree_lock_);
        if (Page* page = tree_.find(index)) { // another was faster
            added->object = nullptr;
            return PageRef::share(*page);
        }
        TRY(tree_.reserve(index));
        added->references.store(2, std::memory_order_relaxed); // the tree's and ours
        added->set(page_flag::locked);                         // until it is read in
        tree_.insert(index, *added);
        page_count_.fetch_add(1, std::memory_order_relaxed);
    }
    if (!memory_only_)
        add_reclaimable(*added);
    fresh = true;
    return added;
}

// Fills the page at `index`, which we hold locked, and absent neighbours after it.
Result<> PageCache::read_in(u64 index, Page& page) {
    Page* batch[read_ahead_pages] = {&page};
    u32 count = 1;
    const u64 end = pages_of(size());
    const u32 wanted = memory_only_ ? 1 : backing_.read_ahead(index, read_ahead_pages);
    while (count < wanted && count < read_ahead_pages && index + count < end) {
        bool fresh = false;
        auto next = find_or_insert(index + count, fresh);
        if (!next || !fresh)
            break;
        batch[count++] = next->release();
    }
    const Result<> outcome = backing_.read_pages(index, {batch, count});
    for (u32 i = 0; i < count; ++i) {
        if (outcome)
            batch[i]->set(page_flag::uptodate);
        batch[i]->clear(page_flag::locked);
        if (i != 0)
            release_page(*batch[i]);
    }
    unlocked_.wake_all();
    return outcome;
}

// Locks a page that could not be read in, to try again; false if another does, or has.
bool PageCache::lock_stale(Page& page) {
    if (!page.test_and_set(page_flag::locked))
        return false;
    if (!page.has(page_flag::uptodate))
        return true;
    page.clear(page_flag::locked);
    unlocked_.wake_all();
    return false;
}

Result<PageRef> PageCache::get(u64 index) {
    for (int tries = 0; tries < 3; ++tries) {
        bool fresh = false;
        PageRef page = TRY(find_or_insert(index, fresh));
        if (!fresh) {
            if (page->has(page_flag::uptodate)) [[likely]] {
                page->set(page_flag::referenced);
                return page;
            }
            TRY(unlocked_.wait([&] { return !page->has(page_flag::locked); },
                               Sleep::uninterruptible));
            if (page->has(page_flag::uptodate))
                return page;
            if (page->object != this)
                continue; // truncated while we waited
            if (!lock_stale(*page))
                continue; // another was quicker
        }
        TRY(read_in(index, *page));
        return page;
    }
    return Failure(Errno::io);
}

Result<PageRef> PageCache::get_for_overwrite(u64 index, bool& fresh) {
    while (true) {
        PageRef page = TRY(find_or_insert(index, fresh));
        if (fresh || page->has(page_flag::uptodate))
            return page;
        TRY(unlocked_.wait([&] { return !page->has(page_flag::locked); }, Sleep::uninterruptible));
        if (page->has(page_flag::uptodate))
            return page;
        // It could not be read in, or was truncated away: what is in it does not matter here.
        if (page->object == this && lock_stale(*page)) {
            fresh = true;
            return page;
        }
    }
}

void PageCache::finish_overwrite(Page& page) {
    page.set(page_flag::uptodate);
    page.clear(page_flag::locked);
    unlocked_.wake_all();
}

void PageCache::abandon_overwrite(Page& page) {
    page.clear(page_flag::locked);
    unlocked_.wake_all();
}

Result<PageRef> PageCache::page_for_mapping(u64 index, Access access) {
    if (index >= pages_of(size()))
        return Failure(Errno::fault);
    PageRef page = TRY(get(index));
    if (access == Access::write)
        TRY(make_dirty(*page));
    return page;
}

Result<> PageCache::make_dirty(Page& page) {
    if (page.has(page_flag::dirty)) [[likely]]
        return {};
    TRY(backing_.prepare_dirty(page.index));
    TreeGuard guard(tree_lock_);
    // One that was truncated away meanwhile is nobody's to write.
    if (page.object == this && page.test_and_set(page_flag::dirty))
        dirty_count_.fetch_add(1, std::memory_order_relaxed);
    return {};
}

void PageCache::drop_page(Page& page) {
    if (!memory_only_)
        remove_reclaimable(page);
    page_count_.fetch_sub(1, std::memory_order_relaxed);
    release_page(page);
}

void PageCache::drop(u64 first, u64 last, bool even_dirty) {
    u64 at = first;
    while (at < last) {
        Page* page;
        {
            TreeGuard guard(tree_lock_);
            page = tree_.next(at, last);
            if (!page)
                break;
            at = page->index + 1;
            const bool busy =
                page->has(page_flag::dirty | page_flag::writeback | page_flag::locked) ||
                page->maps.load(std::memory_order_relaxed) != 0 ||
                page->references.load(std::memory_order_relaxed) > 1;
            if (!even_dirty && busy)
                continue;
            tree_.remove(page->index);
            page->object = nullptr; // a fault that holds it must not map it any more
            if (page->has(page_flag::dirty)) {
                page->clear(page_flag::dirty);
                dirty_count_.fetch_sub(1, std::memory_order_relaxed);
            }
        }
        if (even_dirty && page->maps.load(std::memory_order_relaxed) != 0)
            unmap_pages(page->index, page->index + 1);
        drop_page(*page);
    }
}

void PageCache::set_size(u64 new_size) {
    const u64 old_size = size_.exchange(new_size, std::memory_order_acq_rel);
    if (new_size >= old_size)
        return;
    const u64 first = pages_of(new_size);
    unmap_pages(first, ~u64{0});
    drop(first, ~u64{0}, true);
    const u64 tail = new_size & (page_size - 1);
    if (tail == 0)
        return;
    if (PageRef page = try_page(new_size >> page_shift))
        memset(page->bytes() + tail, 0, page_size - tail);
}

// Takes consecutive dirty pages from `at` on, each with a reference; they are clean and under
// writeback then. A page that another writes at present ends the batch; if it would be the first,
// it comes back alone as `busy`, with a reference.
u32 PageCache::take_dirty(u64& at, u64 last, std::span<Page*> batch, Page*& busy) {
    TreeGuard guard(tree_lock_);
    u32 count = 0;
    for (Page* page = tree_.next(at, last); page && count < batch.size();
         page = tree_.next(at, last)) {
        const bool is_next = count == 0 || page->index == batch[count - 1]->index + 1;
        const bool is_busy = page->has(page_flag::writeback);
        if (count != 0 && (!is_next || is_busy || !page->has(page_flag::dirty)))
            break;
        at = page->index + 1;
        if (!is_busy && !page->has(page_flag::dirty))
            continue;
        page->references.fetch_add(1, std::memory_order_relaxed);
        if (is_busy) {
            busy = page;
            break;
        }
        page->set(page_flag::writeback);
        writeback_count_.fetch_add(1, std::memory_order_relaxed);
        page->clear(page_flag::dirty);
        dirty_count_.fetch_sub(1, std::memory_order_relaxed);
        batch[count++] = page;
    }
    return count;
}

// The same pages after the backing has had them.
void PageCache::finish_writing(std::span<Page* const> batch, bool written) {
    for (Page* page : batch) {
        // One that was truncated away meanwhile is nobody's to write again.
        TreeGuard guard(tree_lock_);
        if (!written && page->object == this) {
            if (page->test_and_set(page_flag::dirty))
                dirty_count_.fetch_add(1, std::memory_order_relaxed);
            page->set(page_flag::error);
        }
        page->clear(page_flag::writeback);
        writeback_count_.fetch_sub(1, std::memory_order_relaxed);
    }
    unlocked_.wake_all();
    for (Page* page : batch)
        release_page(*page);
}

Result<> PageCache::write_back(u64 first, u64 last) {
    if (memory_only_)
        return {};
    const auto has_work = [&] {
        return dirty_count_.load(std::memory_order_relaxed) != 0 ||
               writeback_count_.load(std::memory_order_relaxed) != 0;
    };
    Result<> outcome;
    for (u64 at = first; at < last && has_work();) {
        Page* pages[write_batch];
        Page* busy = nullptr;
        const u32 count = take_dirty(at, last, pages, busy);
        if (busy) {
            // What it held when we were called must be on disk when we return, and it may have
            // become dirty since.
            const PageRef page = PageRef::adopt(*busy);
            (void)unlocked_.wait([&] { return !page->has(page_flag::writeback); },
                                 Sleep::uninterruptible);
            at = page->index;
            continue;
        }
        if (count == 0)
            break;
        const std::span<Page* const> batch(pages, count);
        // A program that writes through a mapping from now on makes the page dirty again.
        for (Page* page : batch)
            if (page->maps.load(std::memory_order_relaxed) != 0)
                write_protect_page(*page);
        const Result<> written = backing_.write_pages(batch[0]->index, batch);
        finish_writing(batch, written.has_value());
        if (!written && outcome)
            outcome = written;
    }
    return outcome;
}

u64 PageCache::next_page(u64 from) const {
    TreeGuard guard(tree_lock_);
    const Page* page = tree_.next(from, ~u64{0});
    return page ? page->index : ~u64{0};
}

} // namespace core
