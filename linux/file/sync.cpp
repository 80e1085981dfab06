// SPDX-License-Identifier: BSD-2-Clause
// fsync and its kin, advice and read-ahead.
#include "linux/devfs/block_file.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/open_file.h"

namespace linux {

Result<u64> sys_fsync(u32 fd) {
    const BorrowedFile file = TRY(borrow_file(fd));
    TRY(file->sync(false));
    return u64{0};
}

Result<u64> sys_fdatasync(u32 fd) {
    const BorrowedFile file = TRY(borrow_file(fd));
    TRY(file->sync(true));
    return u64{0};
}

Result<u64> sys_sync() {
    (void)MountTable::sync_all_file_systems(true);
    (void)sync_block_devices(true);
    return u64{0};
}

Result<u64> sys_syncfs(u32 fd) {
    const BorrowedFile file = TRY(borrow_file(fd));
    TRY(file->inode().super_block().sync_all(true));
    return u64{0};
}

Result<u64> sys_sync_file_range(u32 fd, i64 offset, i64 length, u32 flags) {
    constexpr u32 wait_before = 1, write = 2, wait_after = 4;
    const BorrowedFile file = TRY(borrow_file(fd));
    if ((flags & ~(wait_before | write | wait_after)) || offset < 0 || length < 0 ||
        offset + length < offset)
        return Failure(Errno::inval);
    Inode& inode = file->inode();
    switch (inode.type()) {
    case file_mode::regular:
    case file_mode::block_device:
    case file_mode::directory:
    case file_mode::symlink: break;
    default: return Failure(Errno::spipe);
    }
    core::PageCache* cache = inode.page_cache_if_any();
    if (!cache || inode.holes_are_free() || !(flags & write))
        return u64{0};
    const u64 first = static_cast<u64>(offset) >> page_shift;
    const u64 end = length == 0 ? ~u64{0}
                                : (static_cast<u64>(offset + length) + page_size - 1) >> page_shift;
    TRY(cache->write_back(first, end));
    return u64{0};
}

namespace {

// Brings pages in, as far as they exist. Failures do not matter: it is advice.
void bring_in(Inode& inode, u64 offset, u64 length) {
    if (inode.holes_are_free())
        return;
    const Result<core::PageCache*> cache = inode.page_cache();
    if (!cache || inode.size() == 0 || offset >= inode.size())
        return;
    constexpr u64 most = 512; // pages in one call: what a read-ahead window may be
    const u64 first = offset >> page_shift;
    const u64 end_of_file = (inode.size() + page_size - 1) >> page_shift;
    u64 last = length == 0 ? end_of_file : (offset + length + page_size - 1) >> page_shift;
    last = last < end_of_file ? last : end_of_file;
    last = last - first < most ? last : first + most;
    for (u64 index = first; index < last; ++index)
        if (!(*cache)->get(index))
            return;
}

} // namespace

Result<u64> sys_readahead(u32 fd, i64 offset, u64 count) {
    const BorrowedFile file = TRY(borrow_file(fd));
    if (!file->is_readable())
        return Failure(Errno::badf);
    Inode& inode = file->inode();
    if ((!inode.is_regular() && inode.type() != file_mode::block_device) || inode.is_generated())
        return Failure(Errno::inval);
    if (offset >= 0 && count != 0)
        bring_in(inode, static_cast<u64>(offset), count);
    return u64{0};
}

Result<u64> sys_fadvise64(u32 fd, i64 offset, i64 length, i32 advice) {
    constexpr i32 will_need = 3, dont_need = 4, no_reuse = 5;
    const BorrowedFile file = TRY(borrow_file(fd));
    Inode& inode = file->inode();
    if (inode.type() == file_mode::fifo)
        return Failure(Errno::spipe);
    if (advice < 0 || advice > no_reuse || length < 0)
        return Failure(Errno::inval);
    core::PageCache* cache = inode.page_cache_if_any();
    if (advice == will_need && inode.is_regular() && !inode.is_generated())
        bring_in(inode, static_cast<u64>(offset), static_cast<u64>(length));
    if (advice == dont_need && cache && !inode.holes_are_free()) {
        const u64 first = (static_cast<u64>(offset) + page_size - 1) >> page_shift;
        const u64 last = length == 0 ? ~u64{0} : static_cast<u64>(offset + length) >> page_shift;
        (void)cache->write_back(first, last);
        if (first < last)
            cache->drop(first, last, false);
    }
    return u64{0};
}

} // namespace linux
