// SPDX-License-Identifier: BSD-2-Clause
// A mount: a file system (or a subtree of it) standing on an entry of another mount. All mounts
// form one tree, changed under the mount table's lock; walks find "what stands here" in a hash
// table without locks. There is one mount namespace.
#pragma once

#include "linux/vfs/dentry.h"
#include "linux/vfs/path.h"
#include "linux/vfs/super_block.h"

namespace linux {

// Flags of a mount (not of the file system), as mount(2) has them.
namespace mount_flag {
inline constexpr u32 read_only = 1, no_suid = 2, no_devices = 4, no_execute = 8, synchronous = 16;
inline constexpr u32 remount = 32, mandatory_locks = 64, directory_sync = 128, no_symlinks = 256;
inline constexpr u32 no_access_time = 1024, no_directory_access_time = 2048, bind = 4096;
inline constexpr u32 move = 8192, recursive = 16384, silent = 32768, posix_acl = 1 << 16;
inline constexpr u32 unbindable = 1 << 17, make_private = 1 << 18, slave = 1 << 19;
inline constexpr u32 shared = 1 << 20, relative_access_time = 1 << 21, strict_access_time = 1 << 24;
inline constexpr u32 lazy_time = 1 << 25;
// Those a Mount keeps.
inline constexpr u32 of_mount = read_only | no_suid | no_devices | no_execute | no_symlinks |
                                no_access_time | no_directory_access_time | relative_access_time;
// Those a SuperBlock keeps.
inline constexpr u32 of_file_system = read_only | synchronous | mandatory_locks | directory_sync |
                                      silent | posix_acl | lazy_time;
} // namespace mount_flag

enum class Propagation : u8 { make_private, shared, slave, unbindable };

class Mount final : public core::Retired {
public:
    SuperBlock& super_block() const { return *super_block_; }
    Dentry& root() const { return *root_; }
    u32 id() const { return id_; }
    u32 flags() const { return flags_.load(std::memory_order_relaxed); }
    void set_flags(u32 flags) { flags_.store(flags, std::memory_order_relaxed); }
    bool is_read_only() const {
        return (flags() & mount_flag::read_only) || super_block_->is_read_only();
    }

    // Where it stands; the root of the tree stands on itself (parent() == this). Walks read it
    // racily; exact with the mount table's lock held.
    Mount* parent() const { return parent_.load(std::memory_order_acquire); }
    Dentry* mount_point() const { return mount_point_.load(std::memory_order_acquire); }
    bool is_attached() const { return attached_.load(std::memory_order_acquire); }

    // Open files that may write through it; a remount to read-only finds it busy.
    std::atomic<u32> writers{0};

    void add_reference() const { references_.fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] bool try_add_reference() const {
        u32 count = references_.load(std::memory_order_relaxed);
        while (count != 0)
            if (references_.compare_exchange_weak(count, count + 1, std::memory_order_acquire))
                return true;
        return false;
    }
    void drop_reference() const { // process context
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            const_cast<Mount*>(this)->last_reference_dropped();
    }
    u32 reference_count() const { return references_.load(std::memory_order_relaxed); }

    // What stands on (`mount`, `dentry`), topmost not followed; null if nothing. Inside a
    // EpochGuard.
    static Mount* on(const Mount& mount, const Dentry& dentry);

private:
    friend class MountTable;
    Mount(Ref<SuperBlock> super_block, Ref<Dentry> root, u32 flags);
    ~Mount() = default;
    static void destroy(core::Retired& retired);
    void last_reference_dropped();

    std::atomic<Mount*> next_{nullptr}; // in the hash table
    std::atomic<Mount*> parent_;        // owns a reference while attached
    std::atomic<Dentry*> mount_point_;  // owns a reference while attached
    mutable std::atomic<u32> references_{1};
    std::atomic<u32> flags_;
    std::atomic<bool> attached_{false}; // the tree holds a reference
    SuperBlock* super_block_;
    Dentry* root_;
    u32 id_;

public:
    // Guarded by the mount table's lock:
    Propagation propagation = Propagation::make_private;
    u32 peer_group = 0;  // of a shared mount, 0 if none
    u32 master_group = 0; // of a slave
    ListLink all_link; // all attached mounts, parents before children
    char source[64] = {};      // the device or name given to mount(2), cut
    bool expiry_marked = false; // MNT_EXPIRE
};

// Changes the tree. All calls in process context, without locks; permission was checked.
class MountTable {
public:
    static core::Lock<core::lock_class::mount_table>& lock();

    // The root of everything; null before mount_root().
    static Path root();
    // Mounts the first file system. Start-up only.
    static Result<> mount_root(Ref<SuperBlock> super_block, std::string_view source);

    // A mount outside the tree, for files without a place in it. Lives for ever. Errors: nomem.
    static Result<Mount*> create_internal(Ref<SuperBlock> super_block, std::string_view source);
    // Mounts a file system on `where`. Errors: busy (the same file system with the same root is on
    // top there), notdir, noent (removed), nomem.
    static Result<> mount(Ref<SuperBlock> super_block, const Path& where, u32 flags,
                          std::string_view source);
    // MS_BIND, with MS_REC. Errors: inval, nomem, notdir, loop.
    static Result<> bind(const Path& from, const Path& where, bool recursive);
    // MS_MOVE. Errors: inval (not a mount's root, a shared parent), loop (into itself).
    static Result<> move(const Path& from, const Path& where);
    // MS_REMOUNT | MS_BIND: flags of the mount alone. Errors: inval, busy.
    static Result<> change_flags(const Path& path, u32 flags);
    // MS_REMOUNT: flags and options of the file system. Errors: busy (files open for writing),
    // inval.
    static Result<> remount(SuperBlock& super_block, const MountRequest& request);
    // Errors: inval (not the root of a mount).
    static Result<> set_propagation(const Path& path, Propagation kind, bool recursive);
    // umount2 flags. Errors: inval, busy, again (MNT_EXPIRE, first time).
    static Result<> unmount(const Path& path, u32 flags);
    // Errors: busy, inval, notdir.
    static Result<> pivot_root(const Path& new_root, const Path& put_old);

    // Calls `visit` for each mount reachable from `root`, in the order they were made, with the
    // table locked.
    static void for_each(bool (*visit)(Mount& mount, void* argument), void* argument);
    // Counts changes, for poll on /proc/self/mounts; woken at each.
    static u64 changes();
    static core::WaitQueue& change_queue();
    static Result<> sync_all_file_systems(bool wait);

private:
    static Result<Mount*> create(Ref<SuperBlock> super_block, Ref<Dentry> root, u32 flags,
                                 std::string_view source);
    static Result<> attach(Mount& mount, Mount& parent, Dentry& point);
    static void detach(Mount& mount);
    static void detach_tree(Mount& mount, List<Mount, &Mount::all_link>& gone);
    static Result<Mount*> copy(Mount& from, Dentry& root);
    static Result<> copy_children(Mount& from, const Dentry& root, Mount& to);
    static void inherit_propagation(Mount& mount, const Mount& parent);
    static Result<> check_point(const Path& where, const Dentry& root);
    static void insert_hash(Mount& mount);
    static void remove_hash(Mount& mount);
    static bool is_below(const Mount& mount, const Mount& ancestor);
    static bool has_children(const Mount& mount);
    static void changed();
    static Result<> remount_read_only(SuperBlock& super_block);
};

// Follows what is mounted on a place to the top. Takes references.
Path topmost(Path path);
// Whether `path` is at or below `root` (chroot, pivot_root).
bool is_reachable(const Path& path, const Path& root);

} // namespace linux
