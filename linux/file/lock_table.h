// SPDX-License-Identifier: BSD-2-Clause
// The table of record locks: ranges with owners on an inode, split and merged as fcntl(2) wants.
// For linux/file/*lock*.cpp.
#pragma once

#include "core/sync/lock.h"
#include "linux/file/locks.h"
#include "linux/process/process.h"
#include "linux/vfs/inode_extras.h"

namespace linux {

inline constexpr u64 lock_to_end = 0x7fff'ffff'ffff'ffff;

struct FileLock {
    FileLock* next = nullptr; // on the inode, by start
    ListLink all_link;        // all locks
    u64 start = 0, end = lock_to_end; // inclusive
    bool exclusive = false;
    LockOwnerKind kind = LockOwnerKind::process;
    const void* owner = nullptr; // a Process or an OpenFile
    Pid pid = 0;
    Inode* inode = nullptr;

    bool overlaps(u64 from, u64 to) const { return start <= to && end >= from; }
    bool is_of(const FileLock& other) const { return owner == other.owner; }
};

// Somebody who sleeps for a record lock of a process, for the search for deadlocks.
struct LockWaiter {
    ListLink link;
    const void* who;    // a Process
    const void* blocker;
};

struct LockState {
    core::Lock<core::lock_class::file_locks> mutex;
    List<FileLock, &FileLock::all_link> all;
    List<LockWaiter, &LockWaiter::link> waiters;
};
extern LockState g_locks;

// All with g_locks.mutex held.
FileLock* find_conflict(const InodeExtras& extras, const FileLock& wanted);
// Puts `wanted` in (or takes the range out, with `unlock`); `spares` are two fresh locks it may
// use.
void apply_record_lock(InodeExtras& extras, const FileLock& wanted, bool unlock,
                       FileLock* (&spares)[2]);
void add_whole_lock(InodeExtras& extras, FileLock& lock);
// Takes out every lock of an owner on an inode; true if there was one.
bool remove_locks_of(FileLock*& list, const void* owner);
bool would_deadlock(const void* who, const void* blocker);
// Wakes who waits on the inode.
void locks_changed(InodeExtras& extras);

} // namespace linux
