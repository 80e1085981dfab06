// SPDX-License-Identifier: BSD-2-Clause
// close, dup and their kin: what happens to descriptors, whatever they name.
#include "abi/linux/file.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/file_count.h"
#include "linux/vfs/open_file.h"

namespace linux {

namespace {

Result<u64> replace(u32 old_fd, u32 new_fd, bool close_on_exec) {
    const BorrowedFile file = TRY(borrow_file(old_fd, true));
    TRY(Task::current().files->replace(new_fd, file.to_ref(), core::Rights::all, close_on_exec,
                                       descriptor_limit()));
    return u64{new_fd};
}

} // namespace

Result<u64> sys_close(u32 fd) {
    TRY(Task::current().files->close(fd));
    return u64{0};
}

Result<u64> sys_dup(u32 fd) {
    const BorrowedFile file = TRY(borrow_file(fd, true));
    return install_file(file.to_ref(), false);
}

Result<u64> sys_dup2(u32 old_fd, u32 new_fd) {
    if (old_fd == new_fd) {
        TRY(borrow_file(old_fd, true));
        return u64{new_fd};
    }
    if (new_fd >= descriptor_limit())
        return Failure(Errno::badf);
    return replace(old_fd, new_fd, false);
}

Result<u64> sys_dup3(u32 old_fd, u32 new_fd, u32 flags) {
    if ((flags & ~open_flag::close_on_exec) || old_fd == new_fd)
        return Failure(Errno::inval);
    if (new_fd >= descriptor_limit())
        return Failure(Errno::badf);
    return replace(old_fd, new_fd, flags != 0);
}

Result<u64> sys_close_range(u32 first, u32 last, u32 flags) {
    constexpr u32 unshare = 2, close_on_exec = 4;
    if ((flags & ~(unshare | close_on_exec)) || first > last)
        return Failure(Errno::inval);
    Task& task = Task::current();
    if ((flags & unshare) && task.files->sharers() > 1) {
        Ref<core::HandleTable> own = TRY(task.files->clone());
        task.files->drop_sharer();
        task.files = std::move(own);
    }
    core::HandleTable& files = *task.files;
    if (!(flags & close_on_exec)) {
        files.close_range(first, last);
        return u64{0};
    }
    for (Result<u32> used = files.next_used(first); used && *used <= last;) {
        // It may be closed meanwhile by another thread; then there is nothing to mark.
        (void)files.set_close_on_exec(*used, true);
        if (*used == ~0u)
            break;
        used = files.next_used(*used + 1);
    }
    return u64{0};
}

} // namespace linux
