// SPDX-License-Identifier: BSD-2-Clause
// The contents of files, as far as the component has to do with them: attributes, truncation,
// space. The attempt is empty when one of these is called, and published when it returns well.
#pragma once

#include "components/fs/ext4/inode.h"

namespace ext4 {

Result<FileAttributes> get_attributes(Attempt& attempt, u64 number);
// `mask`: component::attribute. Errors: stale, rofs, fbig, nospc, isdir (size of a directory).
Result<FileAttributes> set_attributes(Attempt& attempt, u64 number, const FileAttributes& wanted,
                                      u32 mask);
// The target of a symlink: its length; what fits is copied.
Result<usize> read_link(Attempt& attempt, u64 number, std::span<u8> buffer);

// The extent that holds logical block `from`, from there on.
Result<FileExtent> map_file(Attempt& attempt, u64 number, u64 from);
// Gives blocks to [from, from + count), as far as one piece goes: an extent, new or old. New ones
// are written at once in the metadata; the core lets no transaction commit before the data is on
// disk. Also raises the size to `size`, if that is larger.
struct GrantRequest {
    u64 from;
    u32 count;
    u64 size;
};
Result<FileExtent> grant(Attempt& attempt, u64 number, const GrantRequest& request);
// What such a grant gave that is done already.
Result<FileExtent> granted(Attempt& attempt, u64 number, u64 from, u32 count);
// The core has written to part of an unwritten extent: it counts as written now.
Result<> mark_written(Attempt& attempt, u64 number, u64 from, u32 count);

// fallocate: unwritten blocks for holes in [from, to); the size grows to `size` if larger.
Result<> preallocate(Attempt& attempt, u64 number, u64 from, u64 to, u64 size);
// Frees the whole blocks in [from, to) (punch), the size stays.
Result<> punch(Attempt& attempt, u64 number, u64 from, u64 to);

// Frees everything of an inode without links; it leaves the orphan list.
Result<> delete_inode(Attempt& attempt, const Inode& inode);
// Nobody has the inode open or named any more.
Result<> evict(Attempt& attempt, u64 number);
// Frees blocks past the size and takes the inode off the orphan list: the last step, which the
// caller publishes.
Result<> finish_truncate(Attempt& attempt, const Inode& inode);

} // namespace ext4
