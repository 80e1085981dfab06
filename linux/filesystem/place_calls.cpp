// SPDX-License-Identifier: BSD-2-Clause
// Where a task stands: working directory, root, umask.
#include "linux/filesystem/at_path.h"
#include "linux/process/credentials.h"
#include "linux/process/file_context.h"
#include "linux/process/task.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

FileContext& context() { return *Task::current().file_context; }

Result<Path> directory_to_enter(UserString user_path) {
    PathName name;
    TRY(name.read(user_path));
    Path path = TRY(resolve(at_working_directory, name, walk_flag::follow | walk_flag::directory));
    TRY(check_permission(path.inode(), may::execute));
    return path;
}

} // namespace

Result<u64> sys_getcwd(UserVirt buffer, u64 size) {
    const Path place = context().working_directory();
    if (place.dentry().is_deleted())
        return Failure(Errno::noent);
    void* memory = ::operator new(PathName::maximum + 1, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    std::span<char> space{static_cast<char*>(memory), PathName::maximum};
    space[PathName::maximum - 1] = '\0';
    Result<std::string_view> text =
        name_of_path(place, context().root(), space.first(PathName::maximum - 1),
                     {.mark_deleted = false, .mark_unreachable = true});
    Result<u64> outcome = u64{0};
    if (!text)
        outcome = Failure(text.error());
    else if (text->size() + 1 > size)
        outcome = Failure(Errno::range);
    else if (const Result<> copied = core::copy_to_user(buffer, text->data(), text->size() + 1);
             !copied)
        outcome = Failure(copied.error());
    else
        outcome = u64{text->size() + 1};
    ::operator delete(memory);
    return outcome;
}

Result<u64> sys_chdir(UserString path) {
    context().set_working_directory(TRY(directory_to_enter(path)));
    return u64{0};
}

Result<u64> sys_fchdir(u32 fd) {
    const BorrowedFile file = TRY(borrow_file(fd, true));
    const Path* path = file->path();
    if (!path || !path->inode().is_directory())
        return Failure(Errno::notdir);
    TRY(check_permission(path->inode(), may::execute));
    context().set_working_directory(*path);
    return u64{0};
}

Result<u64> sys_chroot(UserString path) {
    Path place = TRY(directory_to_enter(path));
    if (!capable(Capability::sys_chroot))
        return Failure(Errno::perm);
    context().set_root(std::move(place));
    return u64{0};
}

Result<u64> sys_umask(u32 mask) { return u64{context().exchange_umask(mask & 0777)}; }

} // namespace linux
