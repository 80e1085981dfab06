// SPDX-License-Identifier: BSD-2-Clause
// An open regular file (or block device) whose content lies in a page cache.
#pragma once

#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

class CachedFile : public OpenFile {
public:
    // `content` is the path's inode, or for a device node the device's own; it lives as long as the
    // path. The caller counted the writer (see open_for_writing). Errors: nomem, inval (O_DIRECT).
    static Result<Ref<OpenFile>> create(const Path& path, Inode& content, u32 flags);
    ~CachedFile() override;

    Result<usize> read(IoCursor& target, u64 offset, IoFlags flags) override;
    Result<usize> write(IoCursor& source, u64& offset, IoFlags flags) override;
    Result<u64> seek(i64 offset, u32 whence) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    Result<> prepare_map(core::MapRequest& request) override;
    Result<> sync(bool data_only) override;
    Result<> truncate(u64 size) override;
    Result<> allocate(u32 mode, u64 offset, u64 length) override;
    Result<> flags_changed(u32 flags) override;
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }
    Inode& content() const { return content_; }

protected:
    CachedFile(const Path& path, Inode& content, u32 flags, FileFamily family = FileFamily::other)
        : OpenFile(flags, Positioning::seekable, family), path_(path), content_(content) {}

private:
    friend class Ref<CachedFile>;
    Result<usize> read_direct(IoCursor& target, u64 offset);
    Result<usize> write_direct_locked(IoCursor& source, u64 offset);
    Result<> write_through(u64 offset, usize length, IoFlags flags);

    Path path_;
    Inode& content_;
};

// The file position after lseek(2) of a seekable file with that size. Errors: inval, nxio,
// overflow.
Result<u64> seek_position(u64 position, i64 offset, u32 whence, u64 size, u64 maximum);

} // namespace linux
