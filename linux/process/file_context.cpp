// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/file_context.h"

#include "linux/vfs/mount.h"

namespace linux {

Result<Ref<FileContext>> FileContext::create() {
    return Ref<FileContext>::create(MountTable::root(), MountTable::root(), 022u);
}

Result<Ref<FileContext>> FileContext::clone() const {
    return Ref<FileContext>::create(root(), working_directory(), umask());
}

Path FileContext::root() const {
    core::LockGuard guard(lock_);
    return root_;
}

Path FileContext::working_directory() const {
    core::LockGuard guard(lock_);
    return working_directory_;
}

// The old path's references go after the lock.
void FileContext::set_root(Path path) {
    core::LockGuard guard(lock_);
    std::swap(root_, path);
}

void FileContext::set_working_directory(Path path) {
    core::LockGuard guard(lock_);
    std::swap(working_directory_, path);
}

void FileContext::replace(const Path& from, const Path& to) {
    Path old_root = to, old_directory = to;
    core::LockGuard guard(lock_);
    if (root_ == from)
        std::swap(root_, old_root);
    if (working_directory_ == from)
        std::swap(working_directory_, old_directory);
}

} // namespace linux
