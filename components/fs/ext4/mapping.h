// SPDX-License-Identifier: BSD-2-Clause
// Logical to physical blocks, whichever way the inode keeps them.
#pragma once

#include "components/fs/ext4/inode.h"

namespace ext4 {

// As lookup_extent: the whole extent that holds `logical`, or the hole from there.
Result<FileExtent> lookup_block(Attempt& attempt, const Inode& inode, u64 logical);
// As lookup_block, but beginning exactly at `logical`.
Result<FileExtent> map_block(Attempt& attempt, const Inode& inode, u64 logical);
// Gives blocks to the hole at `logical`, up to `want`: what was added. Errors: nospc, fbig.
Result<FileExtent> allocate_mapping(Attempt& attempt, const Inode& inode, u64 logical, u32 want,
                                    bool unwritten);
// Frees all blocks from `from` up to `to`, in published steps. The attempt is empty before and
// after; what it holds first is published with the first step. Errors: inprogress (many steps were
// made, the request is to be answered with it).
Result<> remove_mapping(Attempt& attempt, const Inode& inode, u64 from, u64 to);
// Physical block of a directory's or symlink's block. Errors: uclean when it is a hole.
Result<u64> metadata_block(Attempt& attempt, const Inode& inode, u64 logical);

} // namespace ext4
