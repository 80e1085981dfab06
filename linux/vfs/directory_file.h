// SPDX-License-Identifier: BSD-2-Clause
// An open directory: getdents walks it by position, lseek moves the position.
#pragma once

#include "linux/vfs/inode.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

class DirectoryFile : public OpenFile {
public:
    static Result<Ref<OpenFile>> create(const Path& path, u32 flags); // errors: nomem

    Result<usize> read(IoCursor&, u64, IoFlags) override { return Failure(Errno::isdir); }
    Result<u64> seek(i64 offset, u32 whence) override;
    Result<> sync(bool data_only) override { return path_.inode().sync_durably(data_only); }
    Result<u64> ioctl(u32, u64) override { return Failure(Errno::notty); }
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }

    // Entries from `position` on, with "." and "..", until the sink is full; `position` moves
    // along. With position_lock() held. Errors: noent (the directory was removed), io.
    Result<> read_entries(DirectorySink& sink);

protected:
    DirectoryFile(const Path& path, u32 flags)
        : OpenFile(flags, Positioning::seekable), path_(path) {}

private:
    Path path_;
};

// `file` as a directory, or null.
DirectoryFile* as_directory(OpenFile& file);

} // namespace linux
