// SPDX-License-Identifier: BSD-2-Clause
// Length and space of files: truncate, ftruncate, fallocate, memfd_create.
#include "abi/linux/file.h"
#include "linux/syscall/syscall.h"
#include "linux/tmpfs/tmpfs.h"
#include "linux/vfs/content.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/lookup.h"
#include "linux/vfs/notify.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/permission.h"

namespace linux {

Result<u64> sys_truncate(UserString user_path, i64 length) {
    if (length < 0)
        return Failure(Errno::inval);
    PathName name;
    TRY(name.read(user_path));
    const Path path = TRY(resolve(at_working_directory, name, walk_flag::follow));
    Inode& inode = path.inode();
    if (inode.is_directory())
        return Failure(Errno::isdir);
    if (!inode.is_regular())
        return Failure(Errno::inval);
    TRY(check_writable(path));
    TRY(check_permission(inode, may::write));
    if (inode.is_generated())
        return u64{0};
    TRY(inode.get_write_access());
    const Result<> done = truncate_content(inode, static_cast<u64>(length));
    inode.put_write_access();
    TRY(done);
    notify_file(path.dentry(), notify_event::modify);
    return u64{0};
}

Result<u64> sys_ftruncate(u32 fd, i64 length) {
    if (length < 0)
        return Failure(Errno::inval);
    const BorrowedFile file = TRY(borrow_file(fd));
    if (!file->inode().is_regular() || !file->is_writable())
        return Failure(Errno::inval);
    TRY(file->truncate(static_cast<u64>(length)));
    if (const Path* path = file->path())
        notify_file(path->dentry(), notify_event::modify);
    return u64{0};
}

namespace {

Result<> check_space_mode(u32 mode) {
    using namespace space_mode;
    constexpr u32 supported = keep_size | punch_hole | collapse_range | zero_range | insert_range |
                              unshare_range;
    if (mode & ~supported)
        return Failure(Errno::opnotsupp);
    if ((mode & (punch_hole | zero_range)) == (punch_hole | zero_range))
        return Failure(Errno::opnotsupp);
    if ((mode & punch_hole) && !(mode & keep_size))
        return Failure(Errno::opnotsupp);
    if ((mode & collapse_range) && (mode & ~collapse_range))
        return Failure(Errno::inval);
    if ((mode & insert_range) && (mode & ~insert_range))
        return Failure(Errno::inval);
    if ((mode & unshare_range) && (mode & ~(unshare_range | keep_size)))
        return Failure(Errno::inval);
    return {};
}

} // namespace

Result<u64> sys_fallocate(u32 fd, u32 mode, i64 offset, i64 length) {
    const BorrowedFile file = TRY(borrow_file(fd));
    if (offset < 0 || length <= 0)
        return Failure(Errno::inval);
    TRY(check_space_mode(mode));
    if (!file->is_writable())
        return Failure(Errno::badf);
    const Inode& inode = file->inode();
    if ((mode & ~space_mode::keep_size) && (inode.inode_flags() & inode_flag::append_only))
        return Failure(Errno::perm);
    if (inode.type() == file_mode::fifo)
        return Failure(Errno::spipe);
    if (inode.is_directory())
        return Failure(Errno::isdir);
    if (!inode.is_regular() && inode.type() != file_mode::block_device)
        return Failure(Errno::nodev);
    i64 end;
    if (__builtin_add_overflow(offset, length, &end) ||
        static_cast<u64>(end) > inode.super_block().maximum_size)
        return Failure(Errno::fbig);
    TRY(file->allocate(mode, static_cast<u64>(offset), static_cast<u64>(length)));
    if (const Path* path = file->path())
        notify_file(path->dentry(), notify_event::modify);
    return u64{0};
}

Result<u64> sys_memfd_create(UserString user_name, u32 flags) {
    using namespace memory_file;
    // Huge pages are not configured: the flag and its size bits are unknown.
    if (flags & ~(close_on_exec | allow_sealing))
        return Failure(Errno::inval);
    constexpr usize name_maximum = 249; // what fits beside the prefix in a file name
    constexpr std::string_view prefix = "memfd:";
    char buffer[prefix.size() + name_maximum + 1];
    __builtin_memcpy(buffer, prefix.data(), prefix.size());
    const Result<std::string_view> name =
        user_name.read({buffer + prefix.size(), name_maximum + 1});
    if (!name)
        return Failure(name.error() == Errno::nametoolong ? Errno::inval : name.error());
    Ref<OpenFile> file = TRY(create_memory_file({buffer, prefix.size() + name->size()}, 0,
                                                open_flag::read_write | open_flag::large_file));
    InodeExtras& extras = *TRY(file->inode().extras());
    extras.sealable = true;
    extras.seals.store(flags & allow_sealing ? 0 : seal::seal, std::memory_order_relaxed);
    return install_file(std::move(file), (flags & close_on_exec) != 0);
}

} // namespace linux
