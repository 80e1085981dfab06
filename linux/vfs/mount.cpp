// SPDX-License-Identifier: BSD-2-Clause
// The tree of mounts: hash table, attaching, detaching. What mount(2) does with it is in
// mount_table.cpp.
#include "linux/vfs/mount_state.h"

namespace linux {

constinit MountState g_mounts;

core::Lock<core::lock_class::mount_table>& MountTable::lock() { return *g_mounts.lock; }
u64 MountTable::changes() { return g_mounts.changes.load(std::memory_order_relaxed); }
core::WaitQueue& MountTable::change_queue() { return *g_mounts.change_queue; }

void MountTable::changed() {
    g_mounts.changes.fetch_add(1, std::memory_order_relaxed);
    g_mounts.change_queue->wake_all();
}

namespace {

using HashGuard = core::LockGuard<core::lock_class::mount_hash>;

std::atomic<Mount*>& bucket_of(const Mount* parent, const Dentry* point) {
    const u64 mixed = ((reinterpret_cast<u64>(parent) >> 6) ^ (reinterpret_cast<u64>(point) >> 5)) *
                      0x9e37'79b9'7f4a'7c15;
    return g_mounts.buckets[mixed >> 56];
}

} // namespace

Mount::Mount(Ref<SuperBlock> super_block, Ref<Dentry> root, u32 flags)
    : parent_(this), mount_point_(root.get()), flags_(flags), super_block_(super_block.release()),
      root_(root.release()), id_(g_mounts.next_id.fetch_add(1, std::memory_order_relaxed)) {}

void Mount::destroy(core::Retired& retired) { delete static_cast<Mount*>(&retired); }

void Mount::last_reference_dropped() {
    root_->drop_reference();
    super_block_->drop_mount();
    super_block_->drop_reference();
    core::retire(*this, destroy);
}

Mount* Mount::on(const Mount& mount, const Dentry& dentry) {
    while (true) {
        const u64 before = g_mounts.sequence.load(std::memory_order_acquire);
        Mount* found = bucket_of(&mount, &dentry).load(std::memory_order_acquire);
        while (found && (found->parent() != &mount || found->mount_point() != &dentry))
            found = found->next_.load(std::memory_order_acquire);
        // A miss counts only if no mount moved meanwhile.
        if (found ||
            ((before & 1) == 0 && g_mounts.sequence.load(std::memory_order_acquire) == before))
            return found;
        arch::spin_pause();
    }
}

void MountTable::insert_hash(Mount& mount) {
    HashGuard guard(g_mounts.hash_lock);
    std::atomic<Mount*>& bucket = bucket_of(mount.parent(), mount.mount_point());
    // In front: the newest mount on a place hides older ones.
    mount.next_.store(bucket.load(std::memory_order_relaxed), std::memory_order_relaxed);
    bucket.store(&mount, std::memory_order_release);
}

void MountTable::remove_hash(Mount& mount) {
    HashGuard guard(g_mounts.hash_lock);
    g_mounts.sequence.fetch_add(1, std::memory_order_acq_rel);
    std::atomic<Mount*>* place = &bucket_of(mount.parent(), mount.mount_point());
    while (Mount* other = place->load(std::memory_order_relaxed)) {
        if (other == &mount) {
            place->store(mount.next_.load(std::memory_order_relaxed), std::memory_order_release);
            break;
        }
        place = &other->next_;
    }
    g_mounts.sequence.fetch_add(1, std::memory_order_acq_rel);
}

Result<Mount*> MountTable::create(Ref<SuperBlock> super_block, Ref<Dentry> root, u32 flags,
                                  std::string_view source) {
    SuperBlock& owner = *super_block;
    auto* mount = new (base::fallible) Mount(std::move(super_block), std::move(root), flags);
    if (!mount)
        return Failure(Errno::nomem);
    if (!owner.add_mount()) {
        // It is being torn down; dropping the mount must not count.
        mount->root_->drop_reference();
        owner.drop_reference();
        delete mount;
        return Failure(Errno::busy);
    }
    const usize length = source.size() < sizeof(mount->source) - 1 ? source.size()
                                                                   : sizeof(mount->source) - 1;
    __builtin_memcpy(mount->source, source.data(), length);
    return mount;
}

// Takes over the caller's reference to `mount`. The table's lock is held.
Result<> MountTable::attach(Mount& mount, Mount& parent, Dentry& point) {
    Inode& inode = *point.inode();
    {
        InodeGuard guard(inode.lock(),
                         inode.is_directory() ? InodeRole::directory : InodeRole::file);
        if (point.is_deleted())
            return Failure(Errno::noent);
        point.set_mount_point(true);
    }
    parent.add_reference();
    point.add_reference();
    mount.parent_.store(&parent, std::memory_order_release);
    mount.mount_point_.store(&point, std::memory_order_release);
    mount.attached_.store(true, std::memory_order_release);
    g_mounts.all->push_back(mount);
    insert_hash(mount);
    changed();
    return {};
}

// The caller gets the tree's reference. The table's lock is held.
void MountTable::detach(Mount& mount) {
    Mount* parent = mount.parent();
    Dentry* point = mount.mount_point();
    remove_hash(mount);
    g_mounts.all->remove(mount);
    mount.attached_.store(false, std::memory_order_release);
    mount.parent_.store(&mount, std::memory_order_release);
    mount.mount_point_.store(mount.root_, std::memory_order_release);
    bool still_used = false;
    for (Mount& other : *g_mounts.all)
        still_used |= other.mount_point() == point && other.parent() != &other;
    if (!still_used)
        point->set_mount_point(false);
    point->drop_reference();
    parent->drop_reference();
    changed();
}

bool MountTable::is_below(const Mount& mount, const Mount& ancestor) {
    const Mount* at = &mount;
    while (at != &ancestor) {
        if (at->parent() == at)
            return false;
        at = at->parent();
    }
    return true;
}

bool MountTable::has_children(const Mount& mount) {
    for (Mount& other : *g_mounts.all)
        if (other.parent() == &mount && &other != &mount)
            return true;
    return false;
}

Path topmost(Path path) {
    while (path.dentry().is_mount_point()) {
        Mount* above;
        {
            core::EpochGuard guard;
            above = Mount::on(path.mount(), path.dentry());
            if (!above || !above->try_add_reference())
                break;
        }
        above->root().add_reference();
        path = Path::adopt(*above, above->root());
    }
    return path;
}

} // namespace linux
