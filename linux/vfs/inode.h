// SPDX-License-Identifier: BSD-2-Clause
// An inode: one file, directory, link, device node, FIFO or socket of a file system, in memory. A
// file system derives its own class; the generic layer (walk, regular_file, the system calls) does
// permission checks, mount and read-only checks, times and the dentry cache, and calls the
// operations below.
//
// Locks: operations on entries are called with this directory's lock held (InodeRole::directory; a
// rename holds both directories, and the victims). resize, set_attributes, allocate and xattr
// changes hold the inode's lock. The rest holds none. No operation is called with a spinning lock
// held; all may sleep. Fields are atomics: written under the lock (times by whoever), read by
// anyone.
#pragma once

#include "base/list.h"
#include "base/ref.h"
#include "core/vm/page_cache.h"
#include "linux/vfs/attributes.h"
#include "linux/vfs/inode_lock.h"
#include "core/sync/epoch.h"
#include "linux/vfs/io_cursor.h"

namespace linux {

class Dentry;
class Inode;
class OpenFile;
class Path;
class SuperBlock;
struct InodeExtras;

// Takes entries of a directory. `position` is the cookie of the entry after this one: what lseek
// and the next call will hand in again. Positions 0 and 1 belong to "." and "..", which the generic
// layer makes; a file system's own start at 2 and stay valid while entries come and go.
class DirectorySink {
public:
    // False: no room, stop before this entry (the next call starts at it again).
    virtual bool add(std::string_view name, u64 number, u32 mode, u64 next_position) = 0;

protected:
    ~DirectorySink() = default;
};

// Copies the target of a link out: at most 4095 bytes.
struct LinkTarget {
    static constexpr usize capacity = 4096;
    std::span<char> buffer;
    usize length = 0;
};

// A rename, as Inode::rename of the old directory gets it. With flags::exchange both entries have
// inodes; otherwise `to` may have one, which is replaced: the file system drops its link. Locks as
// above.
struct RenameRequest {
    Dentry& from;
    Inode& new_directory; // may be the old one
    Dentry& to;
    u32 flags; // rename_flag::*
};
namespace rename_flag {
inline constexpr u32 no_replace = 1, exchange = 2, whiteout = 4; // linux/fs.h
}

class Inode : public core::Retired {
public:
    // ---- what it is -----------------------------------------------------------------------------
    SuperBlock& super_block() const { return super_block_; }
    u64 number() const { return number_; }
    u32 mode() const { return mode_.load(std::memory_order_relaxed); }
    u32 type() const { return mode() & file_mode::type_mask; }
    bool is_directory() const { return type() == file_mode::directory; }
    bool is_regular() const { return type() == file_mode::regular; }
    bool is_symlink() const { return type() == file_mode::symlink; }
    UserId user() const { return user_.load(std::memory_order_relaxed); }
    GroupId group() const { return group_.load(std::memory_order_relaxed); }
    u32 links() const { return links_.load(std::memory_order_relaxed); }
    DeviceNumber device() const { return device_; }
    u64 size() const { return size_.load(std::memory_order_acquire); }
    FileTime access_time, modify_time, change_time, birth_time;

    // For the file system that owns it (and for the default operations), lock held or not yet
    // shared:
    void set_mode(u32 mode) { mode_.store(mode, std::memory_order_relaxed); }
    void set_owner(UserId user, GroupId group) {
        user_.store(user, std::memory_order_relaxed);
        group_.store(group, std::memory_order_relaxed);
    }
    void set_links(u32 links) { links_.store(links, std::memory_order_relaxed); }
    void set_device(DeviceNumber device) { device_ = device; }
    // The size that programs see; resize() below changes the file. Keeps the page cache's in step
    // when there is one (pages beyond are dropped).
    void set_size(u64 size);
    void set_all_times(TimeSpec time);
    // Modification and change time now, and attributes_changed().
    void touch_modified();
    void touch_changed();

    InodeLock& lock() const { return lock_; }

    // ---- counted references (Ref<Inode>) --------------------------------------------------------
    void add_reference() const { references_.fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] bool try_add_reference() const;
    // Process context, no spinning lock held. The last one calls evict() and frees the memory once
    // no walk can see it any more.
    void drop_reference() const {
        // What has no name any more needs not be written either.
        if (on_dirty_list_.load(std::memory_order_relaxed) && links() == 0) [[unlikely]]
            const_cast<Inode*>(this)->leave_dirty_list();
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            const_cast<Inode*>(this)->last_reference_dropped();
    }
    u32 reference_count() const { return references_.load(std::memory_order_relaxed); }

    // ---- entries of a directory -----------------------------------------------------------------
    // Names are in the dentry (`entry.name()`): 1 to 255 bytes without '/' and NUL, never "." or
    // "..". None of these touches the dentry: the generic layer attaches, moves and drops.

    // The inode behind a name, or null when there is none. Errors: io, nomem, stale. Default: null.
    virtual Result<RefOrNull<Inode>> lookup(Dentry& entry);
    // Makes a node of any type and its entry; counts links (also of this directory, for a
    // directory). Errors: nospc, rofs, mlink, io, nomem, perm (this type is not possible). Default:
    // perm.
    virtual Result<Ref<Inode>> create(Dentry& entry, const NewNode& node);
    // A regular file without entry, links 0 (O_TMPFILE); link() may give it one. Default:
    // opnotsupp.
    virtual Result<Ref<Inode>> create_temporary(const NewNode& node);
    // Another entry for an inode of this file system that is no directory. Errors: mlink, nospc;
    // perm.
    virtual Result<> link(Dentry& entry, Inode& existing);
    // Removes an entry; the inode's link count drops. `entry` has an inode. Default: perm.
    virtual Result<> unlink(Dentry& entry);
    // The same for a directory. Errors: notempty. Default: perm.
    virtual Result<> remove_directory(Dentry& entry);
    // Default: perm; inval for flags not known.
    virtual Result<> rename(const RenameRequest& request);
    // Adds entries from `position` on (>= 2) until the sink is full. Default: notdir.
    virtual Result<> read_directory(u64 position, DirectorySink& sink);
    // True when a cached entry may be used; false makes the walk look it up again (procfs). Called
    // only when the super block asks for it. No lock held; may sleep.
    virtual bool revalidate(Dentry& entry);

    // ---- links ----------------------------------------------------------------------------------
    // The target, if the inode keeps it in memory for life: walks use it without a call.
    std::string_view cached_target() const { return cached_target_; }
    // Copies it otherwise. Errors: inval (no link), io.
    virtual Result<> read_link(LinkTarget& target);
    // Links that lead to an object instead of a name (/proc/PID/fd/N). Default: inval;
    // `is_magic_link` says that this is to be called instead of read_link when walking.
    virtual Result<Path> follow_magic_link();
    bool is_magic_link() const { return (kind_flags_ & magic_link) != 0; }

    // ---- attributes -----------------------------------------------------------------------------
    // What stat gives: the fields above, then what get_attributes() changes of them.
    Result<Attributes> attributes();
    // Only called for inodes of kind dynamic_attributes; the fields are already filled in. Default:
    // nothing.
    virtual Result<> get_attributes(Attributes& attributes);
    // Applies a permitted change to the fields and, when it lasts, to the disk. Default: the
    // fields.
    virtual Result<> set_attributes(const AttributeChange& change);
    // The generic layer changed size or times in memory (write, atime): remember to store them
    // before sync() is through. Any process context; must not sleep for long nor fail. Default:
    // nothing.
    virtual void attributes_changed(u32 fields);

    // ---- content --------------------------------------------------------------------------------
    // The cache of a regular file (or block device node), made at first use.
    Result<core::PageCache*> page_cache() {
        core::PageCache* cache = cache_.load(std::memory_order_acquire);
        if (cache) [[likely]]
            return cache;
        return make_page_cache();
    }
    core::PageCache* page_cache_if_any() const { return cache_.load(std::memory_order_acquire); }
    // Makes the page cache with the file system's Backing. Size is set afterwards. Default: inval.
    virtual Result<Ref<core::PageCache>> create_page_cache();
    // Sets the length: blocks beyond it are freed, set_size() called. Lock held. Errors: fbig,
    // nospc, io. Default: set_size.
    virtual Result<> resize(u64 size);
    // Before `length` bytes at `offset` are written through the cache or past the end: what has to
    // be known first (convert inline data, refuse an immutable file). Lock held. Default: nothing.
    virtual Result<> prepare_write(u64 offset, u64 length);
    // fallocate modes (space_mode in abi/linux/file.h); keeps size unless told. Default: opnotsupp.
    virtual Result<> allocate(u32 mode, u64 offset, u64 length);
    // SEEK_DATA (hole false) or SEEK_HOLE from offset < size. Errors: nxio. Default: all is data.
    virtual Result<u64> seek_data(u64 offset, bool hole);
    // O_DIRECT: alignment of offset, length and memory in bytes; 0 when not supported (open:
    // inval).
    virtual u32 direct_alignment() const { return 0; }
    // Aligned transfers that bypass the cache; the generic layer wrote back or dropped the cached
    // range. Bytes moved; short at the end of the file. A write may extend the file (lock held).
    virtual Result<usize> direct_read(IoCursor& target, u64 offset);
    virtual Result<usize> direct_write(IoCursor& source, u64 offset);
    // Writes data, then attributes unless data_only and they do not matter for reading it back.
    // Default: page cache write-back.
    virtual Result<> sync(bool data_only);
    // What sync() has written, and the names that lead to it, is on stable storage afterwards.
    // Default: nothing to do.
    virtual Result<> make_durable();
    // fsync, all of it.
    Result<> sync_durably(bool data_only) {
        TRY(sync(data_only));
        return make_durable();
    }

    // ---- opening --------------------------------------------------------------------------------
    // The open file of `path`, whose inode this is; permissions were checked, O_TRUNC comes later.
    // Default: by type: cached regular file, directory, device table, FIFO; nxio for sockets.
    virtual Result<Ref<OpenFile>> open(const Path& path, u32 flags);

    // ---- extended attributes --------------------------------------------------------------------
    // Full names ("user.x"); name space permissions were checked. An empty `value` asks for the
    // size. Errors: nodata, range, opnotsupp (default), nospc.
    virtual Result<usize> get_xattr(std::string_view name, std::span<u8> value);
    // flags: 0, xattr_flag::create (exist), xattr_flag::replace (nodata).
    virtual Result<> set_xattr(std::string_view name, std::span<const u8> value, u32 flags);
    virtual Result<> remove_xattr(std::string_view name);
    // NUL-terminated names one after the other; an empty span asks for the size.
    virtual Result<usize> list_xattr(std::span<char> names);

    // ---- the end --------------------------------------------------------------------------------
    // The last reference is gone; nobody can find the inode any more but walks under an epoch.
    // links() says whether its storage goes too. Drops the page cache by default; heirs call it
    // last.
    virtual void evict();

    // ---- kept here for the generic layer --------------------------------------------------------
    // Locks, leases, seals, inotify marks, a FIFO's pipe, a bound socket: made at first use.
    Result<InodeExtras*> extras();
    InodeExtras* extras_if_any() const { return extras_.load(std::memory_order_acquire); }
    // Open files that may write, or, negative, users that deny it (a running program). Errors:
    // txtbsy.
    Result<> get_write_access();
    void put_write_access() { writers_.fetch_sub(1, std::memory_order_release); }
    Result<> deny_write_access();
    void allow_write_access() { writers_.fetch_add(1, std::memory_order_release); }
    // chattr flags (FS_*_FL): immutable and append matter to the generic layer.
    u32 inode_flags() const { return inode_flags_.load(std::memory_order_relaxed); }
    void set_inode_flags(u32 flags) { inode_flags_.store(flags, std::memory_order_relaxed); }
    // FS_IOC_SETFLAGS. Default: notty.
    virtual Result<> change_inode_flags(u32 flags);

    // A file without name that link() may give one (O_TMPFILE).
    bool is_linkable() const { return (kind_flags_ & linkable) != 0; }
    void set_linkable() { kind_flags_ |= linkable; }

    // The content is made while it is read (procfs): no cache, no writers counted.
    bool is_generated() const { return (kind_flags_ & generated) != 0; }
    // Pages that are not cached are zeroes: memory is the file's only home.
    bool holes_are_free() const { return (kind_flags_ & memory_content) != 0; }

    // Blocks of 512 bytes for stat; kept by disk file systems. Memory ones count their pages.
    std::atomic<u64> blocks{0};

    // Puts the inode on its super block's list of those with dirty pages or attributes; the
    // write-back thread comes by. For Backing::prepare_dirty and attributes_changed of disk file
    // systems. Any process context.
    void mark_dirty();

protected:
    // `mode` with type. Links start at 1, times at 0, size at 0. The super block outlives it.
    Inode(SuperBlock& super_block, u64 number, u32 mode);
    virtual ~Inode();

    // For cached_target(): storage that lives as long as the inode.
    void set_cached_target(std::string_view target) { cached_target_ = target; }
    static constexpr u8 magic_link = 1;
    static constexpr u8 linkable = 4;
    static constexpr u8 memory_content = 8;
    static constexpr u8 generated = 16;
    static constexpr u8 dynamic_attributes = 2; // get_attributes() must be asked each time
    void set_kind(u8 flags) { kind_flags_ |= flags; }

private:
    friend class SuperBlock;
    Result<core::PageCache*> make_page_cache();
    void last_reference_dropped();
    // If nobody but the caller and the list of dirty inodes holds it.
    void leave_dirty_list();
    static void destroy(core::Retired& retired);

    mutable std::atomic<u32> references_{1};
    std::atomic<u32> mode_;
    std::atomic<UserId> user_{0};
    std::atomic<GroupId> group_{0};
    std::atomic<u32> links_{1};
    std::atomic<u32> inode_flags_{0};
    SuperBlock& super_block_;
    const u64 number_;
    std::atomic<u64> size_{0};
    std::atomic<core::PageCache*> cache_{nullptr}; // owns one reference
    std::atomic<InodeExtras*> extras_{nullptr};    // owned
    std::string_view cached_target_;
    DeviceNumber device_;
    std::atomic<i32> writers_{0};
    u8 kind_flags_ = 0;
    std::atomic<bool> on_dirty_list_{false};
    mutable InodeLock lock_;

public:
    // Guarded by the super block's dirty lock.
    ListLink dirty_link;
    // The chain of inodes by number; guarded by the table's lock.
    Inode* next_by_number = nullptr;
    bool is_by_number = false;
};

} // namespace linux
