// SPDX-License-Identifier: BSD-2-Clause
// ioctl: what holds for every descriptor, then what the file itself knows.
#include "abi/linux/file.h"
#include "linux/process/task.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

Result<u64> set_flag(OpenFile& file, u32 flag, u64 argument) {
    const i32 on = TRY(UserIn<i32>(argument).read());
    const u32 flags = on ? file.flags() | flag : file.flags() & ~flag;
    file.set_flags(flags);
    return u64{0};
}

Result<u64> set_inode_flags(OpenFile& file, u64 argument) {
    const u32 wanted = TRY(UserIn<u32>(argument).read());
    if (!is_owner_or_capable(file.inode()))
        return Failure(Errno::acces);
    const Path* path = file.path();
    if (path)
        TRY(check_writable(*path));
    constexpr u32 guarded = inode_flag::immutable | inode_flag::append_only;
    Inode& inode = file.inode();
    InodeGuard guard(inode.lock(), inode.is_directory() ? InodeRole::directory : InodeRole::file);
    if (((wanted ^ inode.inode_flags()) & guarded) && !capable(Capability::linux_immutable))
        return Failure(Errno::perm);
    TRY(inode.change_inode_flags(wanted));
    inode.touch_changed();
    return u64{0};
}

bool is_stored(const Inode& inode) {
    return inode.is_regular() || inode.is_directory() || inode.is_symlink();
}

} // namespace

Result<u64> sys_ioctl(u32 fd, u32 request, u64 argument) {
    const BorrowedFile file = TRY(borrow_file(fd));
    core::HandleTable& files = *Task::current().files;
    switch (request) {
    case io_control::close_on_exec: TRY(files.set_close_on_exec(fd, true)); return u64{0};
    case io_control::no_close_on_exec: TRY(files.set_close_on_exec(fd, false)); return u64{0};
    case io_control::non_block: return set_flag(*file, open_flag::non_block, argument);
    case io_control::async: return set_flag(*file, open_flag::async, argument);
    case io_control::size: {
        if (!is_stored(file->inode()))
            return Failure(Errno::notty);
        TRY(UserOut<i64>(argument).write(static_cast<i64>(file->inode().size())));
        return u64{0};
    }
    case io_control::block_size:
        if (!is_stored(file->inode()))
            break;
        TRY(UserOut<i32>(argument).write(static_cast<i32>(file->inode().super_block().block_size)));
        return u64{0};
    case io_control::get_inode_flags:
        if (!is_stored(file->inode()) || !file->inode().super_block().has_inode_flags)
            return Failure(Errno::notty);
        TRY(UserOut<u32>(argument).write(file->inode().inode_flags()));
        return u64{0};
    case io_control::set_inode_flags:
        if (!is_stored(file->inode()) || !file->inode().super_block().has_inode_flags)
            return Failure(Errno::notty);
        return set_inode_flags(*file, argument);
    default: break;
    }
    Result<u64> outcome = file->ioctl(request, argument);
    if (!outcome && outcome.error() == Errno::noioctlcmd)
        return Failure(Errno::notty);
    return outcome;
}

} // namespace linux
