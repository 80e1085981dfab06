// SPDX-License-Identifier: BSD-2-Clause
#include "linux/exec/loader.h"
#include "linux/vfs/lookup.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

constexpr u32 at_empty_path = 0x1000, at_no_follow = 0x100;

Result<Path> find_program(const OpenProgram& request) {
    if (request.path.empty() && (request.flags & at_empty_path) != 0) {
        const BorrowedFile file = TRY(borrow_file(static_cast<u32>(request.directory), true));
        if (!file->path())
            return Failure(Errno::acces);
        return *file->path();
    }
    const bool follow = (request.flags & at_no_follow) == 0;
    PathName name;
    TRY(name.set(request.path));
    Path path = TRY(resolve(request.directory, name, follow ? walk_flag::follow : 0));
    if (!follow && path.inode().is_symlink())
        return Failure(Errno::loop);
    return path;
}

} // namespace

Result<WriteDenial> WriteDenial::take(OpenFile& file) {
    TRY(file.inode().deny_write_access());
    return WriteDenial(file);
}

WriteDenial::~WriteDenial() {
    if (file_)
        file_->inode().allow_write_access();
}

Result<Ref<OpenFile>> open_program(const OpenProgram& request) {
    Path path = TRY(find_program(request));
    Inode& inode = path.inode();
    if (!inode.is_regular() || (path.mount().flags() & mount_flag::no_execute) != 0)
        return Failure(Errno::acces);
    TRY(check_permission(inode, may::execute));
    if ((inode.mode() & 0111) == 0)
        return Failure(Errno::acces);
    return inode.open(path, open_flag::read_only | open_flag::large_file);
}

} // namespace linux
