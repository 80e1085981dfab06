// SPDX-License-Identifier: BSD-2-Clause
// Block devices as files: every node of a device leads to one inode with one page cache.
#pragma once

#include "core/device/block_device.h"
#include "linux/vfs/cached_file.h"
#include "linux/vfs/inode.h"

namespace linux {

// The device's content: its page cache reads and writes the device. One per device number.
class BlockInode final : public Inode, public core::Backing {
public:
    BlockInode(SuperBlock& super_block, u64 number, Ref<core::BlockDevice> device);

    core::BlockDevice& device() const { return *device_; }
    // Counts openings; the last closing writes everything back and empties the cache, so that what
    // others write to the device meanwhile is seen.
    void opened();
    void closed();
    // The device's content or size is another by now; dirty pages were written back.
    void refresh();

    Result<Ref<core::PageCache>> create_page_cache() override;
    Result<> sync(bool data_only) override;
    u32 direct_alignment() const override { return device_->sector_size(); }
    Result<usize> direct_read(IoCursor& target, u64 offset) override;
    Result<usize> direct_write(IoCursor& source, u64 offset) override;

    Result<> read_pages(u64 first, std::span<core::Page* const> pages) override;
    Result<> write_pages(u64 first, std::span<core::Page* const> pages) override;
    Result<> prepare_dirty(u64 index) override;

private:
    u64 size_in_device() const;
    template <typename Move>
    Result<usize> direct(IoCursor& cursor, u64 offset, Move move);
    Result<> transfer(core::BlockRequest::Operation operation, u64 first,
                      std::span<core::Page* const> pages);

    Ref<core::BlockDevice> device_;
    std::atomic<u32> openings_{0};
};

class BlockFile final : public CachedFile {
public:
    BlockFile(const Path& path, BlockInode& content, u32 flags);
    ~BlockFile() override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    Result<> truncate(u64) override { return Failure(Errno::inval); }
    Result<> allocate(u32, u64, u64) override { return Failure(Errno::opnotsupp); }

    BlockInode& block() const { return static_cast<BlockInode&>(content()); }

private:
    Result<> rescan();

    core::BlockUse use_;
    const Ref<Inode> content_kept_; // the node may be gone before the file is closed
};

// What disks of one major number answer beside what all do. One kind of disk has that; start-up
// only. Errors: notty and its own.
using BlockIoctl = Result<u64> (*)(BlockFile& file, u32 request, u64 argument);
void set_block_ioctl(u32 major, BlockIoctl handler);

// Writes back what is dirty in the caches of devices (sync).
Result<> sync_block_devices(bool wait);

} // namespace linux
