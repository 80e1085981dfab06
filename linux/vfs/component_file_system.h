// SPDX-License-Identifier: BSD-2-Clause
// File systems whose format a component knows (ext4): a mounted volume (core/file) as super block
// and inodes. Names, attributes and blocks are asked of the component; data moves here, between the
// page cache and the block device, with the extents the core remembers.
#pragma once

#include "core/file/extent_cache.h"
#include "core/file/mounted_volume.h"
#include "linux/vfs/super_block.h"

namespace linux {

class DiskInode;

class DiskSuperBlock final : public SuperBlock {
public:
    // Takes a volume that is mounted. Errors: io, nomem, uclean.
    static Result<Ref<SuperBlock>> create(const FileSystemType& type,
                                          Ref<core::file::MountedVolume> volume, u32 flags);

    Result<> statistics(FileSystemStatistics& statistics) override;
    Result<> sync(bool wait) override;
    Result<> remount(const MountRequest& request) override;
    void shut_down() override;

    core::file::MountedVolume& volume() const { return *volume_; }
    // The inode that has these attributes, from memory or made anew. Errors: nomem.
    Result<Ref<Inode>> inode_of(const component::FileAttributes& attributes);
    // Blocks of the volume in a page.
    u32 blocks_per_page() const { return static_cast<u32>(page_size / volume_->info().block_size); }

private:
    DiskSuperBlock(const FileSystemType& type, Ref<core::file::MountedVolume> volume);

    Ref<core::file::MountedVolume> volume_;
};

class DiskInode final : public Inode, public core::Backing {
public:
    DiskInode(DiskSuperBlock& super_block, const component::FileAttributes& attributes);

    Result<RefOrNull<Inode>> lookup(Dentry& entry) override;
    Result<Ref<Inode>> create(Dentry& entry, const NewNode& node) override;
    Result<Ref<Inode>> create_temporary(const NewNode& node) override;
    Result<> link(Dentry& entry, Inode& existing) override;
    Result<> unlink(Dentry& entry) override;
    Result<> remove_directory(Dentry& entry) override;
    Result<> rename(const RenameRequest& request) override;
    Result<> read_directory(u64 position, DirectorySink& sink) override;
    Result<> read_link(LinkTarget& target) override;

    Result<> set_attributes(const AttributeChange& change) override;
    void attributes_changed(u32 fields) override;
    Result<> change_inode_flags(u32 flags) override;
    Result<> sync(bool data_only) override;
    Result<> make_durable() override;
    void evict() override;

    Result<Ref<core::PageCache>> create_page_cache() override;
    Result<> resize(u64 size) override;
    Result<> allocate(u32 mode, u64 offset, u64 length) override;
    Result<u64> seek_data(u64 offset, bool hole) override;

    Result<usize> get_xattr(std::string_view name, std::span<u8> value) override;
    Result<> set_xattr(std::string_view name, std::span<const u8> value, u32 flags) override;
    Result<> remove_xattr(std::string_view name) override;
    Result<usize> list_xattr(std::span<char> names) override;

    // Backing. Called without locks of order file_extents or above.
    Result<> read_pages(u64 first, std::span<core::Page* const> pages) override;
    Result<> write_pages(u64 first, std::span<core::Page* const> pages) override;
    Result<> prepare_dirty(u64 index) override;

private:
    using Extent = component::FileExtent;
    using ExtentsGuard = core::LockGuard<core::lock_class::file_extents>;
    class PageBlocks;

    core::file::MountedVolume& volume() const { return owner_.volume(); }
    u32 block_size() const { return volume().info().block_size; }
    // A call about this inode.
    core::file::FileSystem::Arguments about() const { return {number(), 0, 0, 0, 0}; }

    void take_attributes(const component::FileAttributes& attributes);
    // The size of a directory; a file's in memory is ahead of the volume's.
    void take_space(const component::FileSpace& space);
    Result<> store_attributes();
    Result<> remove_name(Dentry& entry, core::file::FileSystem::Operation operation);
    Result<Ref<Inode>> make(Dentry* entry, const NewNode& node);

    Result<Extent> map(u64 logical) PITH_REQUIRES(extents_lock_);
    Result<Extent> grant(const core::file::MountedVolume::DataWrite& writing, u64 logical,
                         u32 count, u64 file_size) PITH_REQUIRES(extents_lock_);
    Result<> write_blocks(PageBlocks& blocks, u64 from, u64 file_size) PITH_REQUIRES(extents_lock_);
    void settle_reservation(u64 written_blocks);
    Result<> zero_range(u64 from, u64 to);
    Result<> punch_hole(u64 offset, u64 length);
    Result<> preallocate(u64 offset, u64 length, bool keep_size);

    DiskSuperBlock& owner_;
    core::Lock<core::lock_class::file_extents> extents_lock_;
    core::file::ExtentCache extents_;  // guarded by extents_lock_
    std::atomic<u64> written_size_{0}; // so far data is on disk; changed under extents_lock_
    std::atomic<u64> reserved_{0};     // blocks promised to dirty pages
    std::atomic<u32> unsaved_{0};      // attribute::* newer here than on the volume
};

// Registers ext4, ext3 and ext2. Start-up only.
void register_component_file_systems();

} // namespace linux
