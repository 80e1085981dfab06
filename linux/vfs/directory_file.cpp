// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/directory_file.h"

#include "linux/vfs/access_time.h"
#include "linux/vfs/cached_file.h"

namespace linux {

Result<Ref<OpenFile>> DirectoryFile::create(const Path& path, u32 flags) {
    if (flags & open_flag::direct)
        return Failure(Errno::inval);
    auto* file = new (base::fallible) DirectoryFile(path, flags);
    if (!file)
        return Failure(Errno::nomem);
    return Ref<OpenFile>::adopt(file);
}

Result<u64> DirectoryFile::seek(i64 offset, u32 whence) {
    if (whence > 1)
        return Failure(Errno::inval);
    return seek_position(position, offset, whence, 0, 0x7fff'ffff'ffff'ffff);
}

namespace {

// Remembers how far the file system got.
class TrackingSink final : public DirectorySink {
public:
    TrackingSink(DirectorySink& target, u64& position) : target_(target), position_(position) {}
    bool add(std::string_view name, u64 number, u32 mode, u64 next_position) override {
        if (!target_.add(name, number, mode, next_position))
            return false;
        position_ = next_position;
        return true;
    }

private:
    DirectorySink& target_;
    u64& position_;
};

} // namespace

Result<> DirectoryFile::read_entries(DirectorySink& sink) {
    Dentry& dentry = path_.dentry();
    Inode& inode = *dentry.inode();
    TrackingSink tracking(sink, position);
    {
        InodeGuard guard(inode.lock(), InodeRole::directory);
        if (dentry.is_dead_directory())
            return Failure(Errno::noent);
        if (position == 0 && !tracking.add(".", inode.number(), file_mode::directory, 1))
            return {};
        if (position == 1) {
            const u64 above = dentry.parent()->inode()->number();
            if (!tracking.add("..", above, file_mode::directory, 2))
                return {};
        }
        TRY(inode.read_directory(position, tracking));
    }
    note_access(path_.mount(), inode);
    return {};
}

DirectoryFile* as_directory(OpenFile& file) {
    const Path* path = file.path();
    if (!path || (file.flags() & open_flag::path) || !file.inode().is_directory())
        return nullptr;
    return static_cast<DirectoryFile*>(&file);
}

} // namespace linux
