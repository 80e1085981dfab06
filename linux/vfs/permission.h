// SPDX-License-Identifier: BSD-2-Clause
// Who may do what with an inode: mode bits, capabilities, read-only and immutable things. Any
// context.
#pragma once

#include "linux/process/credentials.h"
#include "linux/vfs/inode.h"

namespace linux {

class Path;

// What is wanted of a file; the bits of access(2).
namespace may {
inline constexpr u32 execute = 1, write = 2, read = 4, append = 8;
} // namespace may

// chattr(1) flags that the generic layer enforces (FS_*_FL).
namespace inode_flag {
inline constexpr u32 immutable = 0x10, append_only = 0x20, no_access_time = 0x80, no_dump = 0x40;
} // namespace inode_flag

// Errors: acces; rofs (writing what lies on a read-only file system); perm (immutable).
Result<> check_permission(const Inode& inode, u32 wanted, const Credentials& credentials);
Result<> check_permission(const Inode& inode, u32 wanted); // for the current task

// May the current task pass through a directory? Nearly always answered by the mode alone.
inline Result<> check_search(const Inode& directory) {
    if ((directory.mode() & 0111) == 0111) [[likely]]
        return {};
    return check_permission(directory, may::execute);
}

// Owner of the file, or CAP_FOWNER.
bool is_owner_or_capable(const Inode& inode);
// The mode a new node gets: set-group inheritance from its directory, and no set-group bit by those
// who may not have it. Fills in user and group.
void inherit_owner(const Inode& directory, NewNode& node);
// Errors: rofs, when the mount or its file system may not be written.
Result<> check_writable(const Path& path);
// A write or chown by others takes set-user and set-group bits away; gives the mode to set, or the
// old one.
u32 mode_without_privileges(const Inode& inode);
// The same applied to a file about to be written, with its lock held.
Result<> remove_privileges(Inode& inode);

// /proc/sys/fs/protected_*.
struct ProtectedLinks {
    std::atomic<u32> symlinks{0}, hard_links{0}, fifos{0}, regular{0};
};
extern ProtectedLinks g_protected_links;

} // namespace linux
