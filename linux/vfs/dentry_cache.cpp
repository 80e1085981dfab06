// SPDX-License-Identifier: BSD-2-Clause
// Unused dentries: kept until there are many or memory is wanted, oldest go first, those used since
// the last look get another round.
#include "linux/vfs/dentry_cache.h"

#include <algorithm>

#include "base/bits.h"
#include "core/memory/buddy.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"
#include "linux/vfs/super_block.h"

namespace linux {

constinit DentryCacheState g_dentry_cache;

namespace {

using ListGuard = core::LockGuard<core::lock_class::dentry_list>;

void append(ListLink& ring, ListLink& link) {
    link.next = &ring;
    link.previous = ring.previous;
    ring.previous->next = &link;
    ring.previous = &link;
}

} // namespace

Result<> DentryCache::initialise() {
    // A bucket for four frames: as many as one block holds at most.
    constexpr u64 most = (u64{base::page_size} << core::maximum_order) / sizeof(Bucket);
    const u64 frames = core::frame_counts().total;
    const u64 count = u64{1} << base::log2_down(std::clamp(frames / 4, u64{256}, most));
    const u64 bytes = base::align_up(count * sizeof(Bucket), u64{base::page_size});
    unsigned order = base::log2_up(bytes >> base::page_shift);
    core::Page* block = TRY(core::allocate_block(order, core::PageUse::kernel));
    auto* const buckets = reinterpret_cast<Bucket*>(block->bytes());
    for (u64 i = 0; i < count; ++i)
        new (&buckets[i]) Bucket;
    g_dentry_cache.buckets = buckets;
    g_dentry_cache.shift = 64 - base::log2_down(count);
    g_dentry_cache.unused.next = g_dentry_cache.unused.previous = &g_dentry_cache.unused;
    g_dentry_cache.unused_limit = frames / 4 < 512 ? 512 : frames / 4;
    return {};
}

// Drops a reference that may be the last; true if the dentry now belongs to the caller, who takes
// it apart. Once the count is 0 others may free it: the guard keeps the memory while we look.
bool Dentry::drop_last() {
    core::EpochGuard walk;
    if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1)
        return false;
    if (has(on_list) && has(hashed)) {
        if (!has(recent))
            set(recent);
        return false;
    }
    ListGuard guard(g_dentry_cache.list_lock);
    if (has(hashed)) {
        if (!has(on_list) && references_.load(std::memory_order_relaxed) == 0) {
            set(on_list);
            append(g_dentry_cache.unused, list_);
            ++g_dentry_cache.unused_count;
        }
        return false;
    }
    u32 none = 0;
    if (!references_.compare_exchange_strong(none, dying, std::memory_order_acq_rel))
        return false;
    if (has(on_list)) {
        clear(on_list);
        list_.unlink();
        --g_dentry_cache.unused_count;
    }
    return true;
}

// Gives the parent, whose reference is the caller's to drop.
Dentry* Dentry::dismantle() {
    unlink_from_parent();
    open_file_ = nullptr;
    Dentry* directory = is_root() ? nullptr : parent();
    // Walks may still look at the inode pointer; the inode's memory outlives them, too.
    if (Inode* inode = inode_.load(std::memory_order_relaxed))
        inode->drop_reference();
    core::retire(*this, destroy);
    return directory;
}

void Dentry::drop_chain(Dentry* dentry) {
    while (dentry && dentry->drop_last())
        dentry = dentry->dismantle();
    if (g_dentry_cache.unused_count > g_dentry_cache.unused_limit) [[unlikely]] {
        // One at a time: reclaim itself drops dentries.
        if (!g_dentry_cache.reclaiming.exchange(true, std::memory_order_acquire)) {
            DentryCache::reclaim(32);
            g_dentry_cache.reclaiming.store(false, std::memory_order_release);
        }
    }
}

u64 DentryCache::reclaim(u64 count) {
    u64 freed = 0;
    for (u64 looks = count * 4; freed < count && looks > 0; --looks) {
        Dentry* victim = nullptr;
        {
            ListGuard guard(g_dentry_cache.list_lock);
            ListLink* link = g_dentry_cache.unused.next;
            if (link == &g_dentry_cache.unused)
                break;
            victim = Dentry::of_list(link);
            link->unlink();
            if (victim->reference_count() != 0) {
                // In use again; comes back when it is not. Sequentially consistent with
                // drop_last().
                victim->clear(Dentry::on_list);
                --g_dentry_cache.unused_count;
                std::atomic_thread_fence(std::memory_order_seq_cst);
                if (victim->reference_count() != 0)
                    continue;
                victim->set(Dentry::on_list);
                ++g_dentry_cache.unused_count;
            }
            append(g_dentry_cache.unused, *link);
            if (victim->has(Dentry::recent)) {
                victim->clear(Dentry::recent);
                continue;
            }
            // Ours from here on: a reference keeps it from others.
            if (!victim->try_add_reference())
                continue;
        }
        victim->forget();
        victim->drop_reference();
        ++freed;
    }
    return freed;
}

void DentryCache::forget_all(SuperBlock& super_block) {
    bool found = true;
    while (found) {
        found = false;
        for (u64 i = 0; i < u64{1} << (64 - g_dentry_cache.shift); ++i)
            while (Dentry* dentry = take_unused(g_dentry_cache.buckets[i], super_block)) {
                found = true;
                dentry->forget();
                dentry->drop_reference();
            }
    }
}

Dentry* DentryCache::take_unused(Bucket& bucket, SuperBlock& super_block) {
    core::LockGuard<core::lock_class::dentry> guard(bucket.lock);
    Dentry* dentry = bucket.first.load(std::memory_order_relaxed);
    for (; dentry; dentry = dentry->next_.load(std::memory_order_relaxed)) {
        if (&dentry->super_block_ != &super_block)
            continue;
        // A pinned one is used by the tree alone when its count is 1 and it has no children.
        if (dentry->has(Dentry::pinned) && dentry->reference_count() == 1) {
            dentry->clear(Dentry::pinned);
            return dentry;
        }
        if (dentry->reference_count() == 0 && dentry->try_add_reference())
            return dentry;
    }
    return nullptr;
}

u64 DentryCache::total() { return g_dentry_cache.total.load(std::memory_order_relaxed); }
u64 DentryCache::unused() { return g_dentry_cache.unused_count; }

} // namespace linux
