// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/super_block.h"

#include "base/immortal.h"
#include "linux/vfs/dentry.h"

namespace linux {

namespace {

using ListGuard = core::LockGuard<core::lock_class::inode_list>;
using SyncGuard = core::LockGuard<core::lock_class::file_system_sync>;

// Inodes of disk file systems by (super block, number).
struct NumberBucket {
    core::Lock<core::lock_class::inode_list> lock;
    Inode* first = nullptr; // guarded by lock
};
constexpr u32 number_buckets = 1024;
constinit NumberBucket g_by_number[number_buckets];
constinit Immortal<core::WaitQueue> g_evictions; // an inode left the table

NumberBucket& bucket_of(const SuperBlock& super_block, u64 number) {
    const u64 mixed = (number ^ (reinterpret_cast<u64>(&super_block) >> 6)) * 0x9e37'79b9'7f4a'7c15;
    return g_by_number[mixed >> 54];
}

constinit std::atomic<u32> g_next_anonymous_minor{1};
constinit FileSystemType* g_types = nullptr;

} // namespace

SuperBlock::SuperBlock(const FileSystemType& type, Caching caching)
    : type_(type), caching_(caching),
      device_{0, g_next_anonymous_minor.fetch_add(1, std::memory_order_relaxed)} {}

SuperBlock::~SuperBlock() = default;

Result<> SuperBlock::attach_root(Ref<Inode> inode) {
    Dentry* root = Dentry::create(*this, nullptr, name_view("/"));
    if (!root)
        return Failure(Errno::nomem);
    root->set_root_inode(std::move(inode));
    root_ = root;
    return {};
}

Result<> SuperBlock::sync(bool) { return {}; }
Result<> SuperBlock::remount(const MountRequest& request) {
    return request.options.empty() ? Result<>() : Failure(Errno::inval);
}
void SuperBlock::describe_options(base::FormatSink&) const {}
void SuperBlock::shut_down() {}

void SuperBlock::last_reference_dropped() { delete this; }

bool SuperBlock::add_mount() {
    i32 count = mounts_.load(std::memory_order_relaxed);
    while (count >= 0)
        if (mounts_.compare_exchange_weak(count, count + 1, std::memory_order_acq_rel))
            return true;
    return false;
}

void SuperBlock::drop_mount() {
    i32 count = mounts_.load(std::memory_order_relaxed);
    while (!mounts_.compare_exchange_weak(count, count == 1 ? -1 : count - 1,
                                          std::memory_order_acq_rel)) {
    }
    if (count == 1)
        tear_down();
}

// The cached tree goes, everything is synced, then the root, then what is the file system's own.
// Inodes that the write-back thread is at hold references: its turn ends before ours begins.
void SuperBlock::tear_down() {
    DentryCache::forget_all(*this);
    SyncGuard guard(sync_lock_);
    (void)sync_locked(true);
    if (Dentry* root = std::exchange(root_, nullptr))
        root->drop_reference();
    (void)sync_locked(true);
    shut_down();
    is_torn_down_ = true;
}

Result<> SuperBlock::sync_all(bool wait) {
    SyncGuard guard(sync_lock_);
    return is_torn_down_ ? Result<>() : sync_locked(wait);
}

Result<> SuperBlock::sync_locked(bool wait) {
    Result<> outcome;
    // Only those dirty now: what gets dirty meanwhile is for the next time.
    List<Inode, &Inode::dirty_link> batch;
    {
        ListGuard guard(dirty_lock_);
        batch.splice_back(dirty_);
        for (Inode& inode : batch)
            inode.on_dirty_list_.store(false, std::memory_order_relaxed);
    }
    while (true) {
        Inode* inode;
        {
            ListGuard guard(dirty_lock_);
            inode = batch.pop_front();
            // Got dirty again while it stood in the batch.
            if (inode && inode->on_dirty_list_.load(std::memory_order_relaxed)) {
                inode->add_reference();
                dirty_.push_back(*inode);
            }
        }
        if (!inode)
            break;
        const Result<> one = inode->sync(false);
        if (!one) {
            note_write_error(one.error());
            if (outcome)
                outcome = one;
        }
        inode->drop_reference();
    }
    const Result<> volume = sync(wait);
    if (!volume && outcome)
        outcome = volume;
    return outcome;
}

void Inode::mark_dirty() {
    if (on_dirty_list_.load(std::memory_order_relaxed))
        return;
    add_reference();
    SuperBlock& owner = super_block_;
    {
        ListGuard guard(owner.dirty_lock_);
        if (!on_dirty_list_.exchange(true, std::memory_order_relaxed)) {
            // In a batch that sync_all works on its link is in use; sync_all puts it back.
            if (!dirty_link.is_linked()) {
                owner.dirty_.push_back(*this);
                return;
            }
        }
    }
    drop_reference();
}

void Inode::leave_dirty_list() {
    {
        ListGuard guard(super_block_.dirty_lock_);
        // Linked: otherwise sync_all works on it.
        if (reference_count() != 2 || !on_dirty_list_.load(std::memory_order_relaxed) ||
            !dirty_link.is_linked())
            return;
        on_dirty_list_.store(false, std::memory_order_relaxed);
        dirty_link.unlink();
    }
    drop_reference(); // the list's
}

// ---- inodes by number ---------------------------------------------------------------------------

RefOrNull<Inode> SuperBlock::find_inode(u64 number) {
    NumberBucket& bucket = bucket_of(*this, number);
    while (true) {
        bool dying = false;
        {
            ListGuard guard(bucket.lock);
            for (Inode* inode = bucket.first; inode; inode = inode->next_by_number) {
                if (&inode->super_block() != this || inode->number() != number)
                    continue;
                if (inode->try_add_reference())
                    return RefOrNull<Inode>::adopt(inode);
                dying = true;
            }
        }
        if (!dying)
            return nullptr;
        (void)g_evictions->wait([&] { return !is_listed(bucket.lock, bucket.first, number); },
                               core::Sleep::uninterruptible);
    }
}

bool SuperBlock::is_listed(core::Lock<core::lock_class::inode_list>& lock, Inode*& first,
                           u64 number) {
    ListGuard guard(lock);
    for (Inode* inode = first; inode; inode = inode->next_by_number)
        if (&inode->super_block() == this && inode->number() == number)
            return inode->reference_count() == 0;
    return false;
}

Ref<Inode> SuperBlock::publish_inode(Ref<Inode> inode) {
    NumberBucket& bucket = bucket_of(*this, inode->number());
    while (true) {
        if (RefOrNull<Inode> present = find_inode(inode->number()))
            return present.to_ref();
        ListGuard guard(bucket.lock);
        Inode* other = bucket.first;
        while (other && (&other->super_block() != this || other->number() != inode->number()))
            other = other->next_by_number;
        if (other)
            continue;
        inode->next_by_number = bucket.first;
        inode->is_by_number = true;
        bucket.first = inode.get();
        return inode;
    }
}

void SuperBlock::inode_evicted(Inode& inode) {
    NumberBucket& bucket = bucket_of(*this, inode.number());
    {
        ListGuard guard(bucket.lock);
        Inode** place = &bucket.first;
        while (*place != &inode)
            place = &(*place)->next_by_number;
        *place = inode.next_by_number;
    }
    g_evictions->wake_all();
}

// ---- kinds --------------------------------------------------------------------------------------

void register_file_system(FileSystemType& type) {
    FileSystemType** place = &g_types;
    while (*place)
        place = &(*place)->next_;
    *place = &type;
}

FileSystemType* next_file_system(FileSystemType* after) {
    FileSystemType* type = after ? after->next_ : g_types;
    while (type && !type->is_there())
        type = type->next_;
    return type;
}

FileSystemType* find_file_system(std::string_view name) {
    FileSystemType* type = next_file_system(nullptr);
    while (type && name != type->name_)
        type = next_file_system(type);
    return type;
}

} // namespace linux
