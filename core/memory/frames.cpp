// SPDX-License-Identifier: BSD-2-Clause
// A buddy allocator under one lock, and small per-CPU caches of single frames over it. A free block
// is described by the record of its first frame alone: records of frames inside a block are never
// read before a split has written them, so that start-up touches one record per 4 MiB.
#include "core/memory/frames.h"

#include "base/memory_functions.h"
#include "core/debug/shadow.h"
#include "core/memory/buddy.h"
#include "core/memory/per_cpu.h"
#include "core/memory/physical.h"
#include "core/sync/lock.h"

namespace core {
namespace {

constexpr u64 dma_limit = u64{1} << (32 - page_shift); // frames below 4 GiB

using FreeList = List<Page, &Page::link>;

class Buddy {
public:
    void add(u64 first, u64 last) PITH_EXCLUDES(lock_) {
        LockGuard<lock_class::frames> guard(lock_);
        total_ += last - first;
        while (first < last) {
            unsigned order = maximum_order;
            while ((first & ((u64{1} << order) - 1)) != 0 || first + (u64{1} << order) > last)
                --order;
            insert(first, order);
            first += u64{1} << order;
        }
    }

    Page* take(unsigned order, bool low) PITH_EXCLUDES(lock_) {
        LockGuard<lock_class::frames> guard(lock_);
        return take_locked(order, low);
    }
    // Takes up to `wanted` single frames; returns how many.
    u32 take_many(Page** target, u32 wanted) PITH_EXCLUDES(lock_) {
        LockGuard<lock_class::frames> guard(lock_);
        u32 taken = 0;
        for (; taken < wanted; ++taken) {
            Page* page = take_locked(0, false);
            if (!page)
                break;
            target[taken] = page;
        }
        return taken;
    }
    void give(Page& page, unsigned order) PITH_EXCLUDES(lock_) {
        LockGuard<lock_class::frames> guard(lock_);
        give_locked(page, order);
    }
    void give_many(Page** pages, u32 count) PITH_EXCLUDES(lock_) {
        LockGuard<lock_class::frames> guard(lock_);
        for (u32 i = 0; i < count; ++i)
            give_locked(*pages[i], 0);
    }

    u64 total() const { return total_; }
    u64 free() const { return free_; }

private:
    // Memory above 4 GiB is taken first, so that devices which need low addresses find some.
    static unsigned zone_of(u64 frame) { return frame < dma_limit ? 0 : 1; }

    void insert(u64 frame, unsigned order) PITH_REQUIRES(lock_) {
        Page& page = g_pages[frame];
        page.use = PageUse::free;
        page.order = static_cast<u8>(order);
        page.link = {};
        lists_[zone_of(frame)][order].push_front(page);
        free_ += u64{1} << order;
        if (frame + (u64{1} << order) > end_)
            end_ = frame + (u64{1} << order);
    }

    Page* take_locked(unsigned order, bool low) PITH_REQUIRES(lock_) {
        for (unsigned zone = low ? 0 : 1; zone < 2; --zone) { // wraps below 0
            for (unsigned have = order; have <= maximum_order; ++have) {
                Page* page = lists_[zone][have].pop_front();
                if (!page)
                    continue;
                free_ -= u64{1} << have;
                const u64 frame = static_cast<u64>(page - g_pages);
                while (have > order) {
                    --have;
                    insert(frame + (u64{1} << have), have);
                }
                return page;
            }
        }
        return nullptr;
    }

    void give_locked(Page& page, unsigned order) PITH_REQUIRES(lock_) {
        u64 frame = static_cast<u64>(&page - g_pages);
        while (order < maximum_order) {
            const u64 other = frame ^ (u64{1} << order);
            if (other >= end_ || !is_free_block(other, order))
                break;
            g_pages[other].link.unlink();
            free_ -= u64{1} << order;
            frame &= ~(u64{1} << order);
            ++order;
        }
        insert(frame, order);
    }

    static bool is_free_block(u64 frame, unsigned order) {
        const Page& page = g_pages[frame];
        return page.use == PageUse::free && page.order == order && page.link.is_linked();
    }

    IrqSpinLock<lock_class::frames> lock_;
    FreeList lists_[2][maximum_order + 1];
    u64 total_ = 0;
    u64 free_ = 0;
    u64 end_ = 0;
};

Buddy& buddy() {
    // Constructed in place by the first add_frames, since there are no global constructors.
    alignas(Buddy) static constinit u8 storage[sizeof(Buddy)]{};
    return *reinterpret_cast<Buddy*>(storage);
}
constinit bool g_started = false;

struct Cache {
    static constexpr u32 capacity = 64, batch = 32;
    u32 count = 0;
    Page* pages[capacity]{};
    i64 by_use[8]{}; // frames handed out minus given back on this CPU, by PageUse
};
constinit PerCpu<Cache> g_caches;

void prepare_record(Page& page, PageUse use) {
    page.references.store(1, std::memory_order_relaxed);
    page.flags.store(0, std::memory_order_relaxed);
    page.use = use;
    page.order = 0;
    page.maps.store(0, std::memory_order_relaxed);
    page.object = nullptr;
    page.link = {};
}

void zero(Page& first, u64 pages = 1) {
    u64 count = pages * page_size / 8;
    void* target = first.bytes();
    asm volatile("rep stosq" : "+D"(target), "+c"(count) : "a"(0ull) : "memory");
}

// Whether the pages begin with a whole run of frames side by side, as allocate_frame_run() gives.
bool begin_with_run(std::span<Page* const> pages) {
    if (pages.size() < frame_run || static_cast<u64>(pages[0] - g_pages) % frame_run != 0)
        return false;
    for (u64 i = 1; i < frame_run; ++i) {
        if (pages[i] != pages[0] + i)
            return false;
    }
    return true;
}

} // namespace

void prepare_records(u64 first, u64 last) {
    constexpr u64 block = u64{1} << maximum_order;
    for (const u64 end : {first, last}) {
        const u64 start = end & ~(block - 1);
        memset(static_cast<void*>(g_pages + start), 0, block * sizeof(Page));
    }
}

void add_frames(u64 first, u64 last) {
    if (!g_started) {
        new (&buddy()) Buddy();
        g_started = true;
    }
    buddy().add(first, last);
}

Result<PageRef> allocate_frame(PageUse use, FrameContent content) {
    const u64 saved = arch::save_and_disable_interrupts();
    Cache& cache = g_caches.here();
    if (cache.count == 0) [[unlikely]] {
        cache.count = buddy().take_many(cache.pages, Cache::batch);
        if (cache.count == 0) {
            arch::restore_interrupts(saved);
            return Failure(Errno::nomem);
        }
    }
    Page& page = *cache.pages[--cache.count];
    ++cache.by_use[static_cast<unsigned>(use)];
    arch::restore_interrupts(saved);
    prepare_record(page, use);
    unpoison_memory(page.bytes(), page_size);
    if (content == FrameContent::zeroed)
        zero(page);
    return PageRef::adopt(page);
}

void free_frame(Page& page) {
    poison_memory(page.bytes(), page_size, Poison::frame_freed);
    const u64 saved = arch::save_and_disable_interrupts();
    Cache& cache = g_caches.here();
    --cache.by_use[static_cast<unsigned>(page.use)];
    page.use = PageUse::reserved; // not free in the buddy's eyes while cached
    if (cache.count == Cache::capacity) [[unlikely]] {
        cache.count -= Cache::batch;
        buddy().give_many(cache.pages + cache.count, Cache::batch);
    }
    cache.pages[cache.count++] = &page;
    arch::restore_interrupts(saved);
}

void free_frames(std::span<Page* const> pages) {
    while (!pages.empty()) {
        if (!begin_with_run(pages)) {
            free_frame(*pages[0]);
            pages = pages.subspan(1);
            continue;
        }
        Page& first = *pages[0];
        poison_memory(first.bytes(), page_size << frame_run_order, Poison::frame_freed);
        const u64 saved = arch::save_and_disable_interrupts();
        for (Page* page : pages.first(frame_run))
            --g_caches.here().by_use[static_cast<unsigned>(page->use)];
        arch::restore_interrupts(saved);
        buddy().give(first, frame_run_order);
        pages = pages.subspan(frame_run);
    }
}

Result<Page*> allocate_frame_run(PageUse use, FrameContent content) {
    Page* first = TRY(allocate_block(frame_run_order, use));
    for (u64 i = 0; i < frame_run; ++i)
        prepare_record(first[i], use);
    if (content == FrameContent::zeroed)
        zero(*first, frame_run);
    return first;
}

Result<Page*> allocate_block(unsigned order, PageUse use, bool below_4g) {
    Page* page = buddy().take(order, below_4g);
    if (!page)
        return Failure(Errno::nomem);
    prepare_record(*page, use);
    page->order = static_cast<u8>(order);
    unpoison_memory(page->bytes(), page_size << order);
    const u64 saved = arch::save_and_disable_interrupts();
    g_caches.here().by_use[static_cast<unsigned>(use)] += i64{1} << order;
    arch::restore_interrupts(saved);
    return page;
}

void free_block(Page& first, unsigned order) {
    poison_memory(first.bytes(), page_size << order, Poison::frame_freed);
    const u64 saved = arch::save_and_disable_interrupts();
    g_caches.here().by_use[static_cast<unsigned>(first.use)] -= i64{1} << order;
    arch::restore_interrupts(saved);
    buddy().give(first, order);
}

void release_page(Page& page) {
    // Release then acquire: writes through other references happen before the frame is reused.
    if (page.references.fetch_sub(1, std::memory_order_acq_rel) == 1)
        free_frame(page);
}

FrameCounts frame_counts() {
    i64 by_use[8]{};
    u64 cached_here = 0;
    for (u32 cpu = 0; cpu < arch::maximum_cpus; ++cpu) {
        const Cache& cache = g_caches.of(cpu);
        cached_here += cache.count;
        for (unsigned use = 0; use < 8; ++use)
            by_use[use] += cache.by_use[use];
    }
    auto count = [&](PageUse use) {
        const i64 n = by_use[static_cast<unsigned>(use)];
        return static_cast<u64>(n > 0 ? n : 0);
    };
    return {.total = buddy().total(),
            .free = buddy().free() + cached_here,
            .cached = count(PageUse::object),
            .anonymous = count(PageUse::anonymous),
            .slab = count(PageUse::slab),
            .page_tables = count(PageUse::page_table)};
}

} // namespace core
