// SPDX-License-Identifier: BSD-2-Clause
// Data of file systems in components: page cache and block device. Blocks get their place when
// dirty pages are written (delayed allocation); until then space is promised, so that nothing
// accepted is lost.
#include "abi/linux/file.h"
#include "linux/vfs/component_file_system.h"

namespace linux {

using component::FileExtent;
using core::BufferPiece;
using core::Page;
using core::file::MountedVolume;
using core::file::VolumeCall;
using BlockOperation = core::BlockRequest::Operation;
using Kind = FileExtent::Kind;
using Operation = core::file::FileSystem::Operation;

// Consecutive pages of a file as blocks.
class DiskInode::PageBlocks {
public:
    static constexpr u32 most_pieces = 32;

    PageBlocks(u64 first_page, std::span<Page* const> pages, u32 block_size)
        : pages_(pages), shift_(static_cast<u32>(__builtin_ctz(block_size))),
          first_(first_page << (page_shift - shift_)) {}

    u64 first() const { return first_; }
    u64 end() const { return first_ + (pages_.size() << (page_shift - shift_)); }
    void zero(u64 from, u64 to) {
        for (u64 block = from; block < to; ++block)
            __builtin_memset(bytes_of(block), 0, usize{1} << shift_);
    }
    // From the file's byte `size` on, as far as these pages go. Nobody else has them yet.
    void zero_from(u64 size) {
        const u64 base = first_ << shift_;
        const u64 limit = end() << shift_;
        for (u64 at = size > base ? size : base; at < limit;) {
            const u64 page_end = (at | (page_size - 1)) + 1;
            Page& page = *pages_[(at - base) >> page_shift];
            __builtin_memset(page.bytes() + (at & (page_size - 1)), 0, page_end - at);
            at = page_end;
        }
    }
    // Blocks from..to-1, which lie from `physical` on.
    Result<> read(MountedVolume& volume, u64 from, u64 to, u64 physical) {
        return transfer(volume, BlockOperation::read, {from, to, physical});
    }
    // The same to the disk. What lies behind the file's byte `size` goes there as zeroes; in the
    // pages it stays, because a program may be writing there.
    Result<> write(MountedVolume& volume, u64 from, u64 to, u64 physical, u64 size) {
        const u64 last = size >> shift_;
        const usize in_last = size & ((u64{1} << shift_) - 1);
        if (in_last == 0 || last < from || last >= to)
            return transfer(volume, BlockOperation::write, {from, to, physical});
        core::file::SpareBlock tail(volume);
        __builtin_memcpy(tail.bytes(), bytes_of(last), in_last);
        __builtin_memset(tail.bytes() + in_last, 0, (usize{1} << shift_) - in_last);
        TRY(transfer(volume, BlockOperation::write, {from, last, physical}));
        const BufferPiece piece{tail.physical(), u64{1} << shift_};
        return volume.transfer(BlockOperation::write, physical + (last - from), {&piece, 1});
    }

private:
    struct Stretch {
        u64 from, to, physical;
    };

    Result<> transfer(MountedVolume& volume, BlockOperation operation, Stretch left) {
        while (left.from < left.to) {
            BufferPiece pieces[most_pieces];
            u32 count = 0;
            const u64 begin = left.from;
            while (left.from < left.to && count < most_pieces) {
                const u64 in_page = (left.from - first_) & ((page_size >> shift_) - 1);
                const u64 in_this = (page_size >> shift_) - in_page;
                const u64 step = left.to - left.from < in_this ? left.to - left.from : in_this;
                pieces[count++] = {page_of_block(left.from).physical() + (in_page << shift_),
                                   step << shift_};
                left.from += step;
            }
            TRY(volume.transfer(operation, left.physical, {pieces, count}));
            left.physical += left.from - begin;
        }
        return {};
    }
    Page& page_of_block(u64 block) const {
        return *pages_[(block - first_) >> (page_shift - shift_)];
    }
    u8* bytes_of(u64 block) const {
        const u64 offset = ((block - first_) << shift_) & (page_size - 1);
        return page_of_block(block).bytes() + offset;
    }

    std::span<Page* const> pages_;
    u32 shift_;
    u64 first_;
};

Result<Ref<core::PageCache>> DiskInode::create_page_cache() {
    if (!is_regular())
        return Failure(Errno::inval);
    return core::PageCache::create(*this, false);
}

// What holds `logical`, beginning there.
Result<FileExtent> DiskInode::map(u64 logical) {
    const FileExtent* known = extents_.find(logical);
    if (!known) {
        VolumeCall call(volume());
        call.arguments = about();
        call.arguments.other = logical;
        TRY(call.run(Operation::map));
        extents_.insert(call.exchange().extent);
        return call.exchange().extent;
    }
    FileExtent extent = *known;
    const u64 skip = logical - extent.logical;
    extent.logical = logical;
    extent.length -= static_cast<u32>(skip);
    if (extent.kind != Kind::hole)
        extent.physical += skip;
    return extent;
}

Result<FileExtent> DiskInode::grant(const MountedVolume::DataWrite& writing, u64 logical, u32 count,
                                    u64 file_size) {
    VolumeCall call(writing);
    call.arguments = about();
    call.arguments.other = logical;
    call.arguments.flags = count;
    call.exchange().attributes.size = file_size;
    TRY(call.run(Operation::grant));
    extents_.insert(call.exchange().extent);
    return call.exchange().extent;
}

Result<> DiskInode::read_pages(u64 first, std::span<Page* const> pages) {
    ExtentsGuard guard(extents_lock_);
    PageBlocks blocks(first, pages, block_size());
    const u64 size_now = size();
    const u64 file_end = (size_now + block_size() - 1) / block_size();
    const u64 end = blocks.end() < file_end ? blocks.end() : file_end;
    for (u64 at = blocks.first(); at < end;) {
        const FileExtent extent = TRY(map(at));
        const u64 to = end - at < extent.length ? end : at + extent.length;
        if (extent.kind == Kind::mapped)
            TRY(blocks.read(volume(), at, to, extent.physical));
        else
            blocks.zero(at, to);
        at = to;
    }
    blocks.zero_from(size_now);
    return {};
}

Result<> DiskInode::write_blocks(PageBlocks& blocks, u64 from, u64 file_size) {
    const u64 file_end = (file_size + block_size() - 1) / block_size();
    const u64 to = blocks.end() < file_end ? blocks.end() : file_end;
    bool committed = false;
    while (from < to) {
        FileExtent extent = TRY(map(from));
        const u64 wanted = to - from < extent.length ? to - from : extent.length;
        // Before the grant is published: no commit comes between it and the data.
        Result<> outcome;
        {
            MountedVolume::DataWrite writing(volume());
            if (extent.kind != Kind::mapped) {
                const Result<FileExtent> granted =
                    grant(writing, from, static_cast<u32>(wanted), file_size);
                if (granted)
                    extent = *granted;
                else
                    outcome = Failure(granted.error());
            }
            if (outcome) {
                const u64 end = from + (wanted < extent.length ? wanted : extent.length);
                TRY(blocks.write(volume(), from, end, extent.physical, file_size));
                from = end;
                continue;
            }
        }
        // Blocks freed lately become available with a commit, and so does room in the log.
        if (outcome.error() != Errno::again) {
            if (outcome.error() != Errno::nospc || committed)
                return outcome;
            committed = true;
        }
        TRY(volume().sync());
    }
    return {};
}

Result<> DiskInode::write_pages(u64 first, std::span<Page* const> pages) {
    ExtentsGuard guard(extents_lock_);
    PageBlocks blocks(first, pages, block_size());
    const u64 size_now = size();
    TRY(write_blocks(blocks, blocks.first(), size_now));
    const u64 pages_end = (first + pages.size()) << page_shift;
    const u64 written = size_now < pages_end ? size_now : pages_end;
    if (written > written_size_.load(std::memory_order_relaxed))
        written_size_.store(written, std::memory_order_relaxed);
    attributes_changed(attribute::size);
    settle_reservation(pages.size() * owner_.blocks_per_page());
    return {};
}

Result<> DiskInode::prepare_dirty(u64 index) {
    if (owner_.is_read_only())
        return Failure(Errno::rofs);
    const u32 per_page = owner_.blocks_per_page();
    {
        ExtentsGuard guard(extents_lock_);
        const FileExtent extent = TRY(map(index * per_page));
        if (extent.kind == Kind::mapped && extent.length >= per_page) {
            mark_dirty();
            return {};
        }
    }
    TRY(volume().reserve(per_page));
    reserved_.fetch_add(per_page, std::memory_order_relaxed);
    mark_dirty();
    return {};
}

// Gives back what was promised to pages now written, and everything once no page is dirty.
void DiskInode::settle_reservation(u64 written_blocks) {
    const core::PageCache* cache = page_cache_if_any();
    const u64 dirty = cache ? cache->dirty_pages() * owner_.blocks_per_page() : 0;
    u64 held = reserved_.load(std::memory_order_relaxed);
    u64 keep;
    do {
        keep = held > written_blocks ? held - written_blocks : 0;
        keep = keep < dirty ? keep : dirty;
    } while (!reserved_.compare_exchange_weak(held, keep, std::memory_order_relaxed));
    volume().unreserve(held - keep);
}

// Zeroes bytes from..to-1 of one page through the cache, so that the disk follows.
Result<> DiskInode::zero_range(u64 from, u64 to) {
    if (from >= to)
        return {};
    core::PageCache* cache = TRY(page_cache());
    const core::PageRef page = TRY(cache->get(from >> page_shift));
    TRY(cache->make_dirty(*page));
    __builtin_memset(page->bytes() + (from & (page_size - 1)), 0, to - from);
    return {};
}

Result<> DiskInode::resize(u64 new_size) {
    const u64 old_size = size();
    if (new_size < old_size) {
        const u64 page_end = (new_size + page_size - 1) & ~(page_size - 1);
        TRY(zero_range(new_size, page_end < old_size ? page_end : old_size));
    }
    // Pages beyond the end go first; a write-back on its way is waited for by the lock.
    if (new_size < old_size)
        set_size(new_size);
    {
        ExtentsGuard guard(extents_lock_);
        VolumeCall call(volume());
        call.arguments = about();
        call.arguments.flags = component::attribute::size;
        call.exchange().attributes.size = new_size;
        TRY(call.run(Operation::set_attributes));
        written_size_.store(new_size, std::memory_order_relaxed);
        extents_.forget((new_size + block_size() - 1) / block_size(), ~u64{0});
        blocks.store(call.exchange().attributes.sectors, std::memory_order_relaxed);
    }
    if (new_size > old_size)
        set_size(new_size);
    settle_reservation(0);
    return {};
}

Result<> DiskInode::preallocate(u64 offset, u64 length, bool keep_size) {
    ExtentsGuard guard(extents_lock_);
    const u64 end = offset + length;
    VolumeCall call(volume());
    call.arguments = about();
    call.exchange().extent.logical = offset / block_size();
    call.exchange().extent.physical = (end + block_size() - 1) / block_size();
    call.exchange().attributes.size = keep_size ? 0 : end;
    extents_.forget(call.exchange().extent.logical, call.exchange().extent.physical);
    TRY(call.run(Operation::preallocate));
    if (!keep_size && end > written_size_.load(std::memory_order_relaxed))
        written_size_.store(end, std::memory_order_relaxed);
    return {};
}

Result<> DiskInode::punch_hole(u64 offset, u64 length) {
    const u64 end = offset + length < size() ? offset + length : size();
    if (offset >= end)
        return {};
    core::PageCache* cache = TRY(page_cache());
    const u64 first_page = (offset + page_size - 1) >> page_shift;
    const u64 last_page = end >> page_shift;
    if (first_page > last_page)
        return zero_range(offset, end);
    TRY(zero_range(offset, first_page << page_shift));
    TRY(zero_range(last_page << page_shift, end));
    cache->drop(first_page, last_page, true);
    Result<u64> outcome;
    {
        ExtentsGuard guard(extents_lock_);
        const u32 per_page = owner_.blocks_per_page();
        VolumeCall call(volume());
        call.arguments = about();
        call.exchange().extent.logical = first_page * per_page;
        call.exchange().extent.physical = last_page * per_page;
        extents_.forget(first_page * per_page, last_page * per_page);
        outcome = call.run(Operation::punch);
    }
    // What was read in from the old blocks meanwhile.
    cache->drop(first_page, last_page, true);
    settle_reservation(0);
    if (!outcome)
        return Failure(outcome.error());
    return {};
}

Result<> DiskInode::allocate(u32 mode, u64 offset, u64 length) {
    if (mode & ~(space_mode::keep_size | space_mode::punch_hole | space_mode::zero_range))
        return Failure(Errno::opnotsupp);
    const bool keep_size = mode & space_mode::keep_size;
    if (mode & space_mode::punch_hole)
        return keep_size ? punch_hole(offset, length) : Failure(Errno::opnotsupp);
    if (mode & space_mode::zero_range)
        TRY(punch_hole(offset, length));
    // Blocks for dirty pages come first, so that they are not taken for holes.
    if (core::PageCache* cache = page_cache_if_any())
        TRY(cache->write_back());
    TRY(preallocate(offset, length, keep_size));
    if (!keep_size && offset + length > size())
        set_size(offset + length);
    return {};
}

Result<u64> DiskInode::seek_data(u64 offset, bool hole) {
    if (core::PageCache* cache = page_cache_if_any())
        TRY(cache->write_back());
    ExtentsGuard guard(extents_lock_);
    const u64 size_now = size();
    if (offset >= size_now)
        return Failure(Errno::nxio);
    for (u64 at = offset; at < size_now;) {
        const FileExtent extent = TRY(map(at / block_size()));
        if ((extent.kind != Kind::mapped) == hole)
            return at;
        at = (extent.logical + extent.length) * block_size();
    }
    return hole ? Result<u64>(size_now) : Failure(Errno::nxio);
}

} // namespace linux
