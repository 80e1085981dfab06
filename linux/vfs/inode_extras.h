// SPDX-License-Identifier: BSD-2-Clause
// What few inodes have: record locks, seals, a FIFO's pipe, a bound socket, inotify marks. Made at
// first use.
#pragma once

#include "core/object/object.h"
#include "linux/vfs/inode.h"

namespace linux {

struct FileLock;     // linux/file/locks.h
struct InotifyMark;  // linux/inotify

struct InodeExtras {
    // A FIFO's pipe or the socket bound to this name; guarded by the inode's lock.
    RefOrNull<core::Object> attachment;
    // POSIX and OFD record locks in order of their start, and flock locks; guarded by the
    // file_locks lock.
    FileLock* record_locks = nullptr;
    FileLock* whole_locks = nullptr;
    core::WaitQueue lock_waiters;
    std::atomic<u64> lock_changes{0};
    // F_SEAL_*; only memfd files may have any but F_SEAL_SEAL.
    std::atomic<u32> seals{0};
    bool sealable = false;
    // Guarded by the inotify lock.
    std::atomic<InotifyMark*> marks{nullptr};
};

} // namespace linux
