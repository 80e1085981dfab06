// SPDX-License-Identifier: BSD-2-Clause
// Path: a place in the tree of mounted file systems: an entry and the mount through which it is
// seen.
#pragma once

#include "base/format.h"
#include "base/ref.h"

namespace linux {

class Dentry;
class Inode;
class Mount;

// Owns a reference to both; null only after a move or by default.
class Path {
public:
    Path() = default;
    static Path share(Mount& mount, Dentry& dentry);
    static Path adopt(Mount& mount, Dentry& dentry) { // takes over the caller's references
        Path path;
        path.mount_ = &mount;
        path.dentry_ = &dentry;
        return path;
    }
    Path(const Path& other);
    Path(Path&& other) noexcept
        : mount_(std::exchange(other.mount_, nullptr)),
          dentry_(std::exchange(other.dentry_, nullptr)) {}
    Path& operator=(Path other) noexcept {
        std::swap(mount_, other.mount_);
        std::swap(dentry_, other.dentry_);
        return *this;
    }
    ~Path() {
        if (dentry_)
            drop();
    }

    explicit operator bool() const { return dentry_ != nullptr; }
    Mount& mount() const { return *mount_; }
    Dentry& dentry() const { return *dentry_; }
    // The inode of a path that a walk found; such a path always has one.
    Inode& inode() const;
    bool operator==(const Path& other) const {
        return mount_ == other.mount_ && dentry_ == other.dentry_;
    }

private:
    void drop();

    Mount* mount_ = nullptr;
    Dentry* dentry_ = nullptr;
};

// The absolute name of `path` as seen from `root`, written into the end of `buffer` (4096 bytes are
// always enough for what programs may see). " (deleted)" is appended to a removed one when
// `mark_deleted`; a place outside `root` begins with "(unreachable)". Errors: nametoolong.
struct PathNameOptions {
    bool mark_deleted = true;
    bool mark_unreachable = true;
};
Result<std::string_view> name_of_path(const Path& path, const Path& root, std::span<char> buffer,
                                      PathNameOptions options);

} // namespace linux
