// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/content.h"

#include "abi/linux/file.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/permission.h"
#include "linux/vfs/super_block.h"

namespace linux {

namespace {

constexpr u64 in_page = page_size - 1;

u32 seals_of(const Inode& inode) {
    const InodeExtras* extras = inode.extras_if_any();
    return extras ? extras->seals.load(std::memory_order_acquire) : 0;
}

bool is_being_killed() { return core::Thread::current().sleep_interrupted(core::Sleep::killable); }

} // namespace

Result<usize> read_content(Inode& inode, IoCursor& target, u64 offset) {
    core::PageCache& cache = *TRY(inode.page_cache());
    usize done = 0;
    while (!target.empty()) {
        const u64 size = inode.size();
        if (offset >= size)
            break;
        usize part = page_size - (offset & in_page);
        part = part < size - offset ? part : size - offset;
        core::PageRef page = cache.try_page(offset >> page_shift);
        Result<usize> moved = usize{0};
        if (!page && inode.holes_are_free()) {
            moved = target.fill_zero(part);
        } else {
            if (!page) [[unlikely]] {
                Result<core::PageRef> read_in = cache.get(offset >> page_shift);
                if (!read_in)
                    return done ? Result<usize>(done) : Failure(read_in.error());
                page = std::move(*read_in);
            }
            moved = target.copy_to(page->bytes() + (offset & in_page), part);
        }
        if (!moved) [[unlikely]]
            return done ? Result<usize>(done) : Failure(moved.error());
        done += *moved;
        offset += *moved;
        if (*moved < part || is_being_killed())
            break;
    }
    return done;
}

namespace {

// One page's share of a write.
struct PageWrite {
    u64 index;
    usize start; // inside the page
    usize length;
    bool covers; // everything in the page that the file has
};

// The page with the program's bytes copied in.
struct WrittenPage {
    core::PageRef page;
    usize moved;
};

Result<WrittenPage> copy_into_page(core::PageCache& cache, IoCursor& source,
                                   const PageWrite& write) {
    bool fresh = false;
    // A fresh page is locked while it is filled: the source must not need it to be paged in.
    const bool overwrites =
        write.covers && TRY(source.fault_in(write.length, core::Access::read)) == write.length;
    core::PageRef page =
        TRY(overwrites ? cache.get_for_overwrite(write.index, fresh) : cache.get(write.index));
    u8* bytes = page->bytes();
    const Result<usize> moved = source.copy_from(bytes + write.start, write.length);
    if (fresh &&
        (!moved || *moved != write.length)) { // unmapped since: the page stays as the file has it
        cache.abandon_overwrite(*page);
        return Failure(Errno::fault);
    }
    if (fresh) {
        const usize end = write.start + write.length;
        __builtin_memset(bytes, 0, write.start);
        __builtin_memset(bytes + end, 0, page_size - end);
        cache.finish_overwrite(*page);
    }
    if (!moved)
        return Failure(moved.error());
    return WrittenPage{std::move(page), *moved};
}

Result<usize> write_page(Inode& inode, core::PageCache& cache, IoCursor& source,
                         const PageWrite& write) {
    WrittenPage written = TRY(copy_into_page(cache, source, write));
    // The size before the dirt: write-back must not take the page for one beyond the end.
    const u64 old_size = inode.size();
    const u64 end = (write.index << page_shift) + write.start + written.moved;
    if (end > old_size)
        inode.set_size(end);
    const Result<> dirtied = cache.make_dirty(*written.page);
    if (!dirtied) [[unlikely]] {
        written.page = core::PageRef();
        cache.drop(write.index, write.index + 1, false);
        if (end > old_size)
            inode.set_size(old_size);
        inode.attributes_changed(attribute::size);
        return Failure(dirtied.error());
    }
    return written.moved;
}

} // namespace

void clear_behind_end(Inode& inode, u64 new_end) {
    core::PageCache* cache = inode.page_cache_if_any();
    const u64 size = inode.size();
    const u64 page_end = (size | in_page) + 1;
    if (!cache || new_end <= size || (size & in_page) == 0)
        return;
    if (const core::PageRef page = cache->try_page(size >> page_shift))
        __builtin_memset(page->bytes() + (size & in_page), 0,
                         (new_end < page_end ? new_end : page_end) - size);
}

Result<usize> write_content_locked(Inode& inode, IoCursor& source, u64 offset) {
    core::PageCache& cache = *TRY(inode.page_cache());
    const u64 old_size = inode.size();
    clear_behind_end(inode, offset);
    usize done = 0;
    while (!source.empty()) {
        const usize start = offset & in_page;
        const usize contiguous = source.contiguous();
        const usize part = page_size - start < contiguous ? page_size - start : contiguous;
        const u64 page_start = offset - start;
        const u64 size = inode.size();
        const bool covers = (start == 0 || page_start >= size) &&
                            (start + part == page_size || page_start + start + part >= size);
        const Result<usize> moved =
            write_page(inode, cache, source, {offset >> page_shift, start, part, covers});
        if (!moved) {
            if (done == 0)
                return moved;
            break;
        }
        done += *moved;
        offset += *moved;
        if (*moved < part || is_being_killed())
            break;
    }
    if (done > 0 && inode.size() > old_size)
        inode.attributes_changed(attribute::size);
    return done;
}

Result<usize> allowed_write(const Inode& inode, u64 offset, usize size) {
    if (inode.is_regular()) {
        const u64 limit = Process::current().limit(Resource::file_size);
        if (limit != unlimited && offset + size > limit) [[unlikely]] {
            if (offset >= limit) {
                send_signal_to_self(25); // SIGXFSZ
                return Failure(Errno::fbig);
            }
            size = limit - offset;
        }
    }
    if (inode.type() == file_mode::block_device) {
        if (offset >= inode.size())
            return Failure(Errno::nospc);
        return size < inode.size() - offset ? size : inode.size() - offset;
    }
    const u64 maximum = inode.super_block().maximum_size;
    if (offset >= maximum)
        return Failure(Errno::fbig);
    if (size > maximum - offset)
        size = maximum - offset;
    const u32 seals = seals_of(inode);
    if (seals != 0) [[unlikely]] {
        if (seals & (seal::write | seal::future_write))
            return Failure(Errno::perm);
        if ((seals & seal::grow) && offset + size > inode.size()) {
            if (offset >= inode.size())
                return Failure(Errno::perm);
            size = inode.size() - offset;
        }
    }
    return size;
}

Result<> truncate_content(Inode& inode, u64 size) {
    InodeGuard guard(inode.lock(), InodeRole::file);
    const u64 old_size = inode.size();
    if (size > old_size) {
        if (size > Process::current().limit(Resource::file_size)) {
            send_signal_to_self(25); // SIGXFSZ
            return Failure(Errno::fbig);
        }
        if (size > inode.super_block().maximum_size)
            return Failure(Errno::fbig);
    }
    const u32 seals = seals_of(inode);
    if (((seals & seal::shrink) && size < old_size) || ((seals & seal::grow) && size > old_size))
        return Failure(Errno::perm);
    if (inode.inode_flags() & (inode_flag::immutable | inode_flag::append_only))
        return Failure(Errno::perm);
    TRY(remove_privileges(inode));
    clear_behind_end(inode, size);
    if (size != old_size)
        TRY(inode.resize(size));
    inode.touch_modified();
    return {};
}

Result<> allocate_content(Inode& inode, u32 mode, u64 offset, u64 length) {
    InodeGuard guard(inode.lock(), InodeRole::file);
    const u32 seals = seals_of(inode);
    const bool punches = (mode & (space_mode::punch_hole | space_mode::zero_range)) != 0;
    if (punches && (seals & (seal::write | seal::future_write)))
        return Failure(Errno::perm);
    const bool grows = !(mode & space_mode::keep_size) && offset + length > inode.size();
    if (grows) {
        if (seals & seal::grow)
            return Failure(Errno::perm);
        if (offset + length > Process::current().limit(Resource::file_size)) {
            send_signal_to_self(25); // SIGXFSZ
            return Failure(Errno::fbig);
        }
    }
    TRY(remove_privileges(inode));
    if (grows)
        clear_behind_end(inode, offset + length);
    TRY(inode.allocate(mode, offset, length));
    inode.touch_modified();
    return {};
}

Result<u64> seek_content(Inode& inode, i64 offset, bool hole) {
    if (offset < 0 || static_cast<u64>(offset) >= inode.size())
        return Failure(Errno::nxio);
    return inode.seek_data(static_cast<u64>(offset), hole);
}

} // namespace linux
