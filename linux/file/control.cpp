// SPDX-License-Identifier: BSD-2-Clause
// fcntl: everything but locks, which are in lock_calls.cpp.
#include "abi/linux/file.h"
#include "linux/file/locks.h"
#include "linux/file/owner.h"
#include "linux/pipe/pipe_file.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

Result<u64> duplicate(const BorrowedFile& file, u64 lowest, bool close_on_exec) {
    const u64 limit = Process::current().limit(Resource::open_files);
    if (static_cast<u32>(lowest) >= limit)
        return Failure(Errno::inval);
    return install_file(file.to_ref(), close_on_exec, static_cast<u32>(lowest));
}

Result<u64> set_status_flags(OpenFile& file, u32 wanted) {
    constexpr u32 changeable = open_flag::append | open_flag::async | open_flag::direct |
                               open_flag::non_block | open_flag::no_access_time;
    const u32 old = file.flags();
    const Path* path = file.path();
    if ((old & open_flag::append) && !(wanted & open_flag::append) && path &&
        (file.inode().inode_flags() & inode_flag::append_only))
        return Failure(Errno::perm);
    if ((wanted & open_flag::no_access_time) && !(old & open_flag::no_access_time) &&
        !is_owner_or_capable(file.inode()))
        return Failure(Errno::perm);
    const u32 flags = (old & ~changeable) | (wanted & changeable);
    TRY(file.flags_changed(flags));
    file.set_flags(flags);
    return u64{0};
}

Result<u64> add_seals(OpenFile& file, u32 seals) {
    if (!file.is_writable())
        return Failure(Errno::perm);
    if (seals & ~seal::all)
        return Failure(Errno::inval);
    Inode& inode = file.inode();
    InodeExtras* extras = inode.extras_if_any();
    if (!extras || !extras->sealable)
        return Failure(Errno::inval);
    InodeGuard guard(inode.lock(), InodeRole::file);
    const u32 old = extras->seals.load(std::memory_order_acquire);
    if (old & seal::seal)
        return Failure(Errno::perm);
    core::PageCache* cache = inode.page_cache_if_any();
    if ((seals & seal::write) && !(old & seal::write) && cache && cache->has_writable_mapping())
        return Failure(Errno::busy);
    extras->seals.store(old | seals, std::memory_order_release);
    return u64{0};
}

Result<u64> get_seals(OpenFile& file) {
    const InodeExtras* extras = file.inode().extras_if_any();
    if (!extras || !extras->sealable)
        return Failure(Errno::inval);
    return u64{extras->seals.load(std::memory_order_acquire)};
}

Result<u64> control_path_file(const BorrowedFile& file, u32 fd, u32 command, u64 argument) {
    core::HandleTable& files = *Task::current().files;
    switch (command) {
    case control::duplicate: return duplicate(file, argument, false);
    case control::duplicate_close_on_exec: return duplicate(file, argument, true);
    case control::get_descriptor:
        return u64{TRY(files.close_on_exec(fd)) ? control::close_on_exec : 0};
    case control::set_descriptor:
        TRY(files.set_close_on_exec(fd, (argument & control::close_on_exec) != 0));
        return u64{0};
    case control::get_flags: return u64{file->flags()};
    default: return Failure(Errno::badf);
    }
}

} // namespace

Result<u64> sys_fcntl(u32 fd, u32 command, u64 argument) {
    const BorrowedFile file = TRY(borrow_file(fd, true));
    switch (command) {
    case control::duplicate:
    case control::duplicate_close_on_exec:
    case control::get_descriptor:
    case control::set_descriptor:
    case control::get_flags: return control_path_file(file, fd, command, argument);
    default: break;
    }
    if (file->flags() & open_flag::path)
        return Failure(Errno::badf);
    switch (command) {
    case control::set_flags: return set_status_flags(*file, static_cast<u32>(argument));
    case control::get_lock: return get_record_lock(*file, argument, LockOwnerKind::process);
    case control::set_lock:
    case control::set_lock_wait:
        return set_record_lock(*file, argument, LockOwnerKind::process,
                               command == control::set_lock_wait);
    case control::open_get_lock: return get_record_lock(*file, argument, LockOwnerKind::open_file);
    case control::open_set_lock:
    case control::open_set_lock_wait:
        return set_record_lock(*file, argument, LockOwnerKind::open_file,
                               command == control::open_set_lock_wait);
    case control::set_owner:
    case control::get_owner:
    case control::set_owner_ex:
    case control::get_owner_ex:
    case control::set_signal:
    case control::get_signal: return control_owner(*file, command, argument);
    case control::set_pipe_size:
    case control::get_pipe_size:
        if (file->family() != FileFamily::pipe)
            return Failure(Errno::badf);
        return command == control::set_pipe_size ? set_pipe_size(*file, argument)
                                                 : get_pipe_size(*file);
    case control::add_seals: return add_seals(*file, static_cast<u32>(argument));
    case control::get_seals: return get_seals(*file);
    case control::get_lease: return u64{static_cast<u64>(lock_type::unlock)};
    default: return Failure(Errno::inval);
    }
}

} // namespace linux
