// SPDX-License-Identifier: BSD-2-Clause
// tmpfs, ramfs and rootfs: file systems whose tree is the dentry cache and whose files are page
// caches without a backing store.
#pragma once

#include "linux/tmpfs/xattr_list.h"
#include "linux/vfs/path.h"
#include "linux/vfs/super_block.h"

namespace linux {

class OpenFile;

struct TmpfsLimits {
    u64 pages = 0;  // 0: no limit
    u64 inodes = 0; // 0: no limit
};

class TmpfsSuperBlock final : public SuperBlock {
public:
    // Errors: nomem.
    static Result<Ref<TmpfsSuperBlock>> create(const FileSystemType& type, TmpfsLimits limits,
                                               u32 mode);

    Result<> statistics(FileSystemStatistics& statistics) override;
    Result<> remount(const MountRequest& request) override;
    void describe_options(base::FormatSink& sink) const override;

    u64 next_number() { return next_number_.fetch_add(1, std::memory_order_relaxed); }
    Result<> take_inode(); // errors: nospc
    void give_inode() { inodes_used_.fetch_sub(1, std::memory_order_relaxed); }
    // Counts pages; whether the limit still holds.
    bool count_pages(i64 change);
    bool has_room(u64 pages) const;

    struct Options;
    Result<> apply(const Options& options);

private:
    TmpfsSuperBlock(const FileSystemType& type, TmpfsLimits limits);

    std::atomic<u64> page_limit_;
    std::atomic<u64> inode_limit_;
    std::atomic<i64> pages_used_{0};
    std::atomic<u64> inodes_used_{0};
    std::atomic<u64> next_number_{1};
    const u64 default_pages_;
    const u64 default_inodes_;
};

class TmpfsInode final : public Inode, public core::Backing {
public:
    // Counts against the limit of inodes. Errors: nospc, nomem.
    static Result<Ref<TmpfsInode>> create_inode(TmpfsSuperBlock& super_block, const NewNode& node);
    ~TmpfsInode() override;

    Result<Ref<Inode>> create(Dentry& entry, const NewNode& node) override;
    Result<Ref<Inode>> create_temporary(const NewNode& node) override;
    Result<> link(Dentry& entry, Inode& existing) override;
    Result<> unlink(Dentry& entry) override;
    Result<> remove_directory(Dentry& entry) override;
    Result<> rename(const RenameRequest& request) override;
    Result<> read_directory(u64 position, DirectorySink& sink) override;

    Result<Ref<core::PageCache>> create_page_cache() override;
    Result<> resize(u64 size) override;
    Result<> allocate(u32 mode, u64 offset, u64 length) override;
    Result<u64> seek_data(u64 offset, bool hole) override;
    void attributes_changed(u32 fields) override;
    void evict() override;
    Result<> change_inode_flags(u32 flags) override;

    Result<usize> get_xattr(std::string_view name, std::span<u8> value) override;
    Result<> set_xattr(std::string_view name, std::span<const u8> value, u32 flags) override;
    Result<> remove_xattr(std::string_view name) override;
    Result<usize> list_xattr(std::span<char> names) override;

    // Backing: pages start as zeroes and have nowhere to go.
    Result<> read_pages(u64 first, std::span<core::Page* const> pages) override;
    Result<> write_pages(u64 first, std::span<core::Page* const> pages) override;
    Result<> prepare_dirty(u64 index) override;

    // A directory's own place in the tree, for read_directory: set when it gets its dentry.
    void set_dentry(Dentry& dentry) { dentry_ = &dentry; }

private:
    TmpfsInode(TmpfsSuperBlock& super_block, u64 number, u32 mode)
        : Inode(super_block, number, mode), owner_(super_block) {}
    Result<> set_target(std::string_view target);
    Result<> charge();
    void recount();
    void entry_added(i64 count);
    Result<> reserve_range(u64 first, u64 last);
    Result<> punch_hole(u64 offset, u64 length);

    TmpfsSuperBlock& owner_;
    Dentry* dentry_ = nullptr;
    std::atomic<u64> counted_pages_{0};
    char* target_ = nullptr; // of a symbolic link, owned
    XattrList xattrs_;       // guarded by lock()
};

// Registers tmpfs, ramfs and rootfs. Start-up only.
void register_tmpfs();
// Makes the root of the mount tree. Start-up only. Errors: nomem.
Result<> mount_root_tmpfs();
// A place for an open file that has none (a pipe's), so that it can be opened through its
// descriptor. Errors: nomem.
Result<Path> path_of_nameless(OpenFile& file);
// A place for a file of a kind no directory shows, not yet open; `content` is the path's inode.
// Errors: nomem.
struct MemoryFilePlace {
    Path path;
    Inode* content;
};
Result<MemoryFilePlace> create_memory_place(std::string_view name, u64 size);
// An open file at such a place: memfd_create(2). `name` for /proc. Errors: nomem.
Result<Ref<OpenFile>> create_memory_file(std::string_view name, u64 size, u32 flags);

} // namespace linux
