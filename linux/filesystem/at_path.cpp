// SPDX-License-Identifier: BSD-2-Clause
#include "linux/filesystem/at_path.h"

#include "linux/process/file_context.h"
#include "linux/process/task.h"
#include "linux/vfs/open_file.h"

namespace linux {

Result<Path> path_at(i32 directory, core::UserString user_path, u32 at_flags, LastLink last) {
    PathName name;
    TRY(name.read_even_empty(user_path));
    if (name.empty()) {
        if (!(at_flags & at_flag::empty_path))
            return Failure(Errno::noent);
        if (directory == at_working_directory)
            return Task::current().file_context->working_directory();
        const BorrowedFile file = TRY(borrow_file(static_cast<u32>(directory), true));
        if (const Path* path = file->path())
            return *path;
        return Failure(Errno::notdir);
    }
    bool follow = last == LastLink::follow;
    if (at_flags & at_flag::symlink_no_follow)
        follow = false;
    if (at_flags & at_flag::symlink_follow)
        follow = true;
    return resolve(directory, name, follow ? walk_flag::follow : 0);
}

} // namespace linux
