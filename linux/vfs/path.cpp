// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/path.h"

#include "core/sync/epoch.h"
#include "linux/vfs/mount.h"

namespace linux {

Path Path::share(Mount& mount, Dentry& dentry) {
    mount.add_reference();
    dentry.add_reference();
    return adopt(mount, dentry);
}

Path::Path(const Path& other) : mount_(other.mount_), dentry_(other.dentry_) {
    if (dentry_) {
        mount_->add_reference();
        dentry_->add_reference();
    }
}

void Path::drop() {
    dentry_->drop_reference();
    mount_->drop_reference();
}

Inode& Path::inode() const { return *dentry_->inode(); }

namespace {

// Writes names from the end of a buffer to its front.
class BackwardWriter {
public:
    explicit BackwardWriter(std::span<char> buffer) : buffer_(buffer), start_(buffer.size()) {}

    bool prepend(std::string_view text) {
        if (text.size() > start_)
            return false;
        start_ -= text.size();
        __builtin_memcpy(buffer_.data() + start_, text.data(), text.size());
        return true;
    }
    std::string_view text() const {
        return {buffer_.data() + start_, buffer_.size() - start_};
    }
    bool empty() const { return start_ == buffer_.size(); }

private:
    std::span<char> buffer_;
    usize start_;
};

// Climbs from `path` to `root` or to the top. 1: reached the root; 0: the top; -1: no room. Inside
// a guard.
int climb(const Path& path, const Path& root, BackwardWriter& writer) {
    Mount* mount = &path.mount();
    Dentry* dentry = &path.dentry();
    while (mount != &root.mount() || dentry != &root.dentry()) {
        if (dentry == &mount->root()) {
            Mount* below = mount->parent();
            if (below == mount)
                return 0;
            dentry = mount->mount_point();
            mount = below;
            continue;
        }
        if (dentry->is_root())
            return 0;
        if (!writer.prepend(dentry->name()) || !writer.prepend("/"))
            return -1;
        dentry = dentry->parent();
    }
    return 1;
}

} // namespace

Result<std::string_view> name_of_path(const Path& path, const Path& root, std::span<char> buffer,
                                      PathNameOptions options) {
    BackwardWriter writer(buffer);
    if (options.mark_deleted && path.dentry().is_deleted() && !writer.prepend(" (deleted)"))
        return Failure(Errno::nametoolong);
    const usize mark = writer.text().size();
    int outcome;
    {
        core::EpochGuard guard;
        outcome = climb(path, root, writer);
    }
    if (outcome < 0)
        return Failure(Errno::nametoolong);
    if (writer.text().size() == mark && !writer.prepend("/"))
        return Failure(Errno::nametoolong);
    if (outcome == 0 && options.mark_unreachable && !writer.prepend("(unreachable)"))
        return Failure(Errno::nametoolong);
    return writer.text();
}

bool is_reachable(const Path& path, const Path& root) {
    core::EpochGuard guard;
    Mount* mount = &path.mount();
    Dentry* dentry = &path.dentry();
    while (mount != &root.mount()) {
        Mount* below = mount->parent();
        if (below == mount)
            return false;
        dentry = mount->mount_point();
        mount = below;
    }
    while (dentry != &root.dentry()) {
        if (dentry->is_root())
            return false;
        dentry = dentry->parent();
    }
    return true;
}

} // namespace linux
