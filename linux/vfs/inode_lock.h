// SPDX-License-Identifier: BSD-2-Clause
// The sleeping lock of an inode. One lock object serves in several places of the lock order,
// according to what the holder uses the inode as: the directory it works in, a second directory, or
// a file.
#pragma once

#include "core/sync/lock.h"

namespace linux {

enum class InodeRole : u8 {
    directory,       // the directory of the operation; the ancestor, if there are two
    child_directory, // the second directory of a rename
    victim,          // a directory that is removed, moved or replaced
    second_victim,   // the second of those
    file,            // anything that is not a directory
    second_file,     // the second of two files (rename over, copy)
};

class PITH_CAPABILITY("inode lock") InodeLock {
public:
    void acquire(InodeRole role) PITH_ACQUIRE() {
        core::might_sleep();
        core::order_acquire(this, "inode", order_of(role), core::LockKind::mutex);
        word_.acquire();
    }
    void release() PITH_RELEASE() {
        core::order_release(this, core::LockKind::mutex);
        word_.release();
    }
    bool is_locked() const { return word_.is_locked(); }

private:
    static constexpr u16 order_of(InodeRole role) {
        constexpr u16 base = core::lock_class::directory::order;
        switch (role) {
        case InodeRole::directory: return base;
        case InodeRole::child_directory: return core::lock_class::directory_child::order;
        case InodeRole::victim: return core::lock_class::directory_child::order + 4;
        case InodeRole::second_victim: return core::lock_class::directory_child::order + 6;
        case InodeRole::file: return core::lock_class::inode::order;
        case InodeRole::second_file: return core::lock_class::inode::order + 4;
        }
        return base;
    }

    core::MutexWord word_;
};

class PITH_SCOPED_CAPABILITY InodeGuard {
public:
    InodeGuard(InodeLock& lock, InodeRole role) PITH_ACQUIRE(lock) : lock_(lock) {
        lock_.acquire(role);
    }
    ~InodeGuard() PITH_RELEASE() { lock_.release(); }
    InodeGuard(const InodeGuard&) = delete;
    InodeGuard& operator=(const InodeGuard&) = delete;

private:
    InodeLock& lock_;
};

} // namespace linux
