// SPDX-License-Identifier: BSD-2-Clause
// Locks on files: record locks of processes (POSIX) and of open files (OFD), and flock locks. One
// mutex guards all of them; an inode that has none costs nothing. Process context, no locks held.
#pragma once

#include "linux/vfs/open_file.h"

namespace linux {

enum class LockOwnerKind : u8 { process, open_file };

// F_GETLK and F_SETLK(W) and their OFD kin; `request` is a user pointer to a struct flock. Errors:
// fault, inval, overflow, badf, again, deadlk, restartsys, nolck.
Result<u64> get_record_lock(OpenFile& file, u64 request, LockOwnerKind kind);
Result<u64> set_record_lock(OpenFile& file, u64 request, LockOwnerKind kind, bool wait);

// A lock as /proc/locks shows it.
struct LockLine {
    const char* kind; // POSIX, OFDLCK, FLOCK
    bool exclusive;
    bool waits; // for the one before it
    i32 pid;
    u32 device_major, device_minor;
    u64 inode;
    u64 start, end;
};
void for_each_lock(bool (*visit)(const LockLine& line, void* argument), void* argument);

} // namespace linux
