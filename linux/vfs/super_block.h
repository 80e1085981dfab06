// SPDX-License-Identifier: BSD-2-Clause
// A mounted file system (SuperBlock) and the kinds of them (FileSystemType). One super block may be
// mounted in several places (Mount, linux/vfs/mount.h).
#pragma once

#include "base/format.h"
#include "core/sync/lock.h"
#include "linux/vfs/inode.h"

namespace linux {

class FileSystemType;

// What mount(2) asks for. The flags are Linux's MS_*; those that belong to the mount rather than to
// the file system were taken out (nosuid, nodev, noexec, noatime, …).
struct MountRequest {
    std::string_view source;  // "/dev/vda", "tmpfs", …; at most 4095 bytes
    u32 flags = 0;            // mount_flag::read_only, synchronous, directory_sync, silent, …
    std::string_view options; // "size=4m,mode=755"; at most 4095 bytes
};

class SuperBlock {
public:
    // How the generic layer treats the tree.
    enum class Caching : u8 {
        normal,    // entries are a cache of what lookup() gives; misses are cached too
        // the entries ARE the tree (tmpfs): they stay until unlinked; lookup() is never asked
        memory,
        // each use of a cached entry asks the directory's revalidate() (procfs); no misses kept
        revalidate
    };

    const FileSystemType& type() const { return type_; }
    Caching caching() const { return caching_; }
    DeviceNumber device() const { return device_; } // st_dev
    u32 flags() const { return flags_.load(std::memory_order_relaxed); }
    bool is_read_only() const { return (flags() & 1) != 0; } // MS_RDONLY
    void set_flags(u32 flags) { flags_.store(flags, std::memory_order_relaxed); }

    // Set by the file system before it hands the super block out:
    u32 block_size = 4096;
    u64 maximum_size = 0x7fff'ffff'ffff'ffff; // of a file
    u32 name_maximum = 255;
    u64 magic = 0;
    bool has_xattr = false;
    bool has_inode_flags = false; // chattr(1) works
    bool has_birth_times = false; // Inode::birth_time means something
    // Open files that may write; a remount to read-only finds it busy. Kept by the generic layer.
    std::atomic<u32> writers{0};
    bool no_access_times = false; // MS_NOATIME for the whole file system (procfs, sysfs)

    // The root, set once by attach_root(); it lives as long as the super block.
    Dentry& root() const { return *root_; }
    // Makes the root dentry of an inode. Errors: nomem.
    Result<> attach_root(Ref<Inode> inode);

    // ---- operations; process context, may sleep -------------------------------------------------
    virtual Result<> statistics(FileSystemStatistics& statistics) = 0;
    // Everything dirty to the device. The generic layer called sync() of each dirty inode before;
    // this writes what is the volume's. With `wait` it is durable on return. Default: nothing to
    // do.
    virtual Result<> sync(bool wait);
    // Changes flags and options of a mounted file system. On failure nothing changed. Default:
    // accepts flags, refuses options it cannot know (inval).
    virtual Result<> remount(const MountRequest& request);
    // ",size=4096k,…" for /proc/mounts; begins with a comma if not empty. Default: nothing.
    virtual void describe_options(base::FormatSink& sink) const;
    // The last mount is gone, all inodes were evicted, everything was synced. Default:
    // nothing.
    virtual void shut_down();
    // Tells that pages of a disk file system could not be written (kept for syncfs). Any context.
    void note_write_error(Errno error) {
        write_error_.store(static_cast<i32>(error), std::memory_order_relaxed);
    }

    void add_reference() const { references_.fetch_add(1, std::memory_order_relaxed); }
    // Process context.
    void drop_reference() const {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            const_cast<SuperBlock*>(this)->last_reference_dropped();
    }

    // Syncs every inode on the dirty list, then sync(wait). What another thread's sync_all took
    // off the list is synced on return, too. Nothing once the file system is torn down. Errors: the
    // first.
    Result<> sync_all(bool wait);

    // ---- inodes by number, for file systems that look them up on a disk -------------------------
    // The inode in memory, or null: then the caller reads it in and calls publish_inode. Waits for
    // an eviction of that inode to finish. No lock of the inode held.
    RefOrNull<Inode> find_inode(u64 number);
    // Makes a new inode findable. If another one got there first, that one is returned and the
    // caller's goes away without evict() doing harm.
    Ref<Inode> publish_inode(Ref<Inode> inode);

protected:
    SuperBlock(const FileSystemType& type, Caching caching);
    virtual ~SuperBlock();
    // A device number of its own for what lies on no device (st_dev 0:N); disks call set_device.
    void set_device(DeviceNumber device) { device_ = device; }

private:
    friend class Inode;
    void last_reference_dropped();
    void tear_down();
    Result<> sync_locked(bool wait);
    void inode_evicted(Inode& inode);
    bool is_listed(core::Lock<core::lock_class::inode_list>& lock, Inode*& first, u64 number);

    const FileSystemType& type_;
    const Caching caching_;
    DeviceNumber device_;
    std::atomic<u32> flags_{0};
    mutable std::atomic<u32> references_{1};
    std::atomic<i32> write_error_{0};
    std::atomic<i32> mounts_{0}; // -1: torn down
    Dentry* root_ = nullptr;
    core::Lock<core::lock_class::file_system_sync> sync_lock_;
    bool is_torn_down_ = false; // guarded by sync_lock_
    core::Lock<core::lock_class::inode_list> dirty_lock_;
    List<Inode, &Inode::dirty_link> dirty_; // guarded by dirty_lock_; each holds a reference

public:
    ListLink all_link; // among all super blocks; guarded by the mount table's lock
    // Counts mounts of it (and users inside the kernel, which keep it for ever). False: it is being
    // torn down because the last one went; whoever keeps a table of them must not hand it out any
    // more.
    [[nodiscard]] bool add_mount();
    void drop_mount(); // process context; the last one tears down
};

// A kind of file system, found by name. Constant objects; registered once at start.
class FileSystemType {
public:
    constexpr FileSystemType(const char* name, bool on_device)
        : name_(name), on_device_(on_device) {}
    const char* name() const { return name_; }
    // Whether the source is a block device (/proc/filesystems says nodev otherwise).
    bool on_device() const { return on_device_; }

    // False while what reads it is not loaded: then it is not found.
    virtual bool is_there() const { return true; }

    // A super block with its root attached; may be one that is already mounted (procfs, devtmpfs,
    // or a disk that is). Errors: inval (options), and for devices noent, notblk, nxio, busy, rofs,
    // io.
    virtual Result<Ref<SuperBlock>> mount(const MountRequest& request) const = 0;

private:
    friend void register_file_system(FileSystemType& type);
    friend FileSystemType* find_file_system(std::string_view name);
    friend FileSystemType* next_file_system(FileSystemType* after);
    const char* name_;
    bool on_device_;
    FileSystemType* next_ = nullptr;
};

// `type` lives for ever. Start-up only, one thread.
void register_file_system(FileSystemType& type);
FileSystemType* find_file_system(std::string_view name); // null when there is none
FileSystemType* next_file_system(FileSystemType* after); // null starts, null ends

} // namespace linux
