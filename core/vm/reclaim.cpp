// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/reclaim.h"

#include "core/init/task.h"
#include "core/memory/frames.h"
#include "core/observe/panic.h"
#include "core/sched/scheduler.h"
#include "core/sync/guarded.h"
#include "core/vm/page_cache.h"

namespace core {
namespace {

constinit Page* g_zero_page = nullptr;
constinit std::atomic<OutOfMemoryHook> g_hook{nullptr};

using PageList = List<Page, &Page::link>;
struct Reclaimable {
    PageList pages;
    u64 count = 0;
};
Guarded<Reclaimable, lock_class::reclaim>& reclaimable() {
    alignas(16) static constinit u8 storage[sizeof(Guarded<Reclaimable, lock_class::reclaim>)]{};
    return *reinterpret_cast<Guarded<Reclaimable, lock_class::reclaim>*>(storage);
}

// Takes the next candidate off the list together with a reference to its object, giving touched
// pages a second chance. False when `budget` looks found none.
bool take_candidate(u64& budget, RefOrNull<PageCache>& cache, u64& index) {
    auto list = reclaimable().lock();
    while (budget > 0 && !list->pages.empty()) {
        --budget;
        Page& page = list->pages.front();
        page.link.unlink();
        list->pages.push_back(page);
        const bool busy = page.maps.load(std::memory_order_relaxed) != 0 ||
                          page.references.load(std::memory_order_relaxed) > 1 ||
                          page.has(page_flag::dirty | page_flag::writeback | page_flag::locked);
        if (busy)
            continue;
        if (page.has(page_flag::referenced)) {
            page.clear(page_flag::referenced);
            continue;
        }
        auto* owner = static_cast<PageCache*>(page.object);
        if (!owner || !owner->try_add_reference())
            continue;
        cache = RefOrNull<PageCache>::adopt(owner);
        index = page.index;
        return true;
    }
    return false;
}

} // namespace

Page& zero_page() { return *g_zero_page; }

namespace {

void start_reclaim() {
    new (&reclaimable()) Guarded<Reclaimable, lock_class::reclaim>();
    g_zero_page =
        MUST(allocate_frame(PageUse::kernel, FrameContent::zeroed), "boot has memory").release();
}

} // namespace

void add_reclaimable(Page& page) {
    auto list = reclaimable().lock();
    list->pages.push_back(page);
    ++list->count;
}
void remove_reclaimable(Page& page) {
    auto list = reclaimable().lock();
    if (page.link.is_linked()) {
        page.link.unlink();
        --list->count;
    }
}

u64 reclaim_pages(u64 wanted) {
    u64 freed = 0;
    u64 budget = reclaimable().lock()->count * 2;
    while (freed < wanted) {
        RefOrNull<PageCache> cache;
        u64 index = 0;
        if (!take_candidate(budget, cache, index))
            break;
        const u64 before = cache->page_count();
        cache->drop(index, index + 1, false);
        freed += before - cache->page_count();
    }
    return freed;
}

void make_memory_available() {
    if (reclaim_pages(256) > 0)
        return;
    const OutOfMemoryHook hook = g_hook.load();
    if (!hook)
        panic("out of memory before there is a program to end");
    hook();
    Scheduler::yield();
}

void set_out_of_memory_hook(OutOfMemoryHook hook) { g_hook.store(hook); }

INIT_TASK(reclaim, "memory", "", &start_reclaim);

} // namespace core
