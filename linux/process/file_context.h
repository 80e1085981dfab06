// SPDX-License-Identifier: BSD-2-Clause
// Where a task's path walks start: root and working directory, and the umask. Shared with CLONE_FS.
#pragma once

#include "base/ref.h"
#include "core/sync/lock.h"
#include "linux/vfs/path.h"

namespace linux {

class FileContext : public RefCounted<FileContext> {
public:
    // At the root of the mount tree. Errors: nomem.
    static Result<Ref<FileContext>> create();
    // A copy for a new task (fork without CLONE_FS). Errors: nomem. Any process context.
    Result<Ref<FileContext>> clone() const;

    Path root() const;
    Path working_directory() const;
    void set_root(Path path);
    void set_working_directory(Path path);
    // pivot_root(2): whoever stands on `from` is moved to `to`.
    void replace(const Path& from, const Path& to);

    u32 umask() const { return umask_.load(std::memory_order_relaxed); }
    u32 exchange_umask(u32 mask) { return umask_.exchange(mask, std::memory_order_relaxed); }

    // For walks: the fields under their lock, without references. `lock` is a leaf.
    core::Lock<core::lock_class::file_context>& lock() const { return lock_; }
    const Path& root_locked() const { return root_; }
    const Path& working_directory_locked() const { return working_directory_; }

private:
    friend class Ref<FileContext>;
    FileContext(Path root, Path working_directory, u32 umask)
        : root_(std::move(root)), working_directory_(std::move(working_directory)), umask_(umask) {}

    mutable core::Lock<core::lock_class::file_context> lock_;
    Path root_;              // guarded by lock_
    Path working_directory_; // guarded by lock_
    std::atomic<u32> umask_;
};

} // namespace linux
