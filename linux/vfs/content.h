// SPDX-License-Identifier: BSD-2-Clause
// The content of inodes: cached reads and writes, length, space. Used by CachedFile and by the
// calls that work on paths. Process context, no locks held.
#pragma once

#include "linux/vfs/inode.h"

namespace linux {

class Path;

// Through the page cache, from `offset` on; 0 at the end. Errors: io, nomem, fault.
Result<usize> read_content(Inode& inode, IoCursor& target, u64 offset);
// With the inode's lock held: writes and extends. `offset` + left fits the maximum. Short after a
// fault or when space ran out after some bytes. Errors: nospc, io, fault, nomem.
Result<usize> write_content_locked(Inode& inode, IoCursor& source, u64 offset);
// Before the file grows to `new_end` or is written there: what programs stored behind its end
// through mappings is no part of it. Lock held.
void clear_behind_end(Inode& inode, u64 new_end);
// How many of `size` bytes may be written at `offset` by RLIMIT_FSIZE (sends SIGXFSZ) and the file
// system. Errors: fbig.
Result<usize> allowed_write(const Inode& inode, u64 offset, usize size);

// ftruncate and O_TRUNC: the file's rights were checked. Errors: fbig, inval, perm (sealed), io.
Result<> truncate_content(Inode& inode, u64 size);
// fallocate(2) after its checks on descriptor and arguments.
Result<> allocate_content(Inode& inode, u32 mode, u64 offset, u64 length);
// SEEK_DATA, SEEK_HOLE. Errors: nxio.
Result<u64> seek_content(Inode& inode, i64 offset, bool hole);

} // namespace linux
