// SPDX-License-Identifier: BSD-2-Clause
// What O_PATH gives: a descriptor that names a place and does nothing else.
#pragma once

#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

class PathFile final : public OpenFile {
public:
    static Result<Ref<OpenFile>> create(const Path& path, u32 flags) {
        constexpr u32 kept = open_flag::path | open_flag::directory | open_flag::no_follow;
        auto* file = new (base::fallible) PathFile(path, flags & kept);
        if (!file)
            return Failure(Errno::nomem);
        return Ref<OpenFile>::adopt(file);
    }
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }

private:
    PathFile(const Path& path, u32 flags) : OpenFile(flags, Positioning::stream), path_(path) {}
    Path path_;
};

} // namespace linux
