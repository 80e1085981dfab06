// SPDX-License-Identifier: BSD-2-Clause
// Block and inode allocators. Both change bitmaps, descriptors and counts inside the attempt; they
// become true when it is published.
#pragma once

#include "components/fs/ext4/inode.h"

namespace ext4 {

// A stretch of up to `want` (> 0) free blocks, near `goal`; shorter when the volume is crowded.
// Errors: nospc.
Result<BlockRange> allocate_blocks(Attempt& attempt, u64 goal, u32 want);
// One block for metadata.
Result<u64> allocate_block(Attempt& attempt, u64 goal);
// Gives the blocks back. Errors: uclean when they were free or belong to the volume's own tables.
Result<> free_blocks(Attempt& attempt, BlockRange range, component::FreedKind kind);

// What the blocks are that the inode's map leads to: those of directories and symlinks are
// metadata, copies of which may be in the log.
Result<component::FreedKind> freed_kind(Attempt& attempt, const Inode& inode);

// Gives back blocks allocated by this very attempt and never shown to anybody.
Result<> give_back(Attempt& attempt, BlockRange range);

// Where blocks of the inode are best put when nothing else is known.
u64 block_goal(const Volume& volume, u32 inode);

// A free inode for a new file, or directory, in the directory `parent`; the group's counts follow.
// Its record is zeroed. Errors: nospc.
Result<Inode> allocate_inode(Attempt& attempt, u32 parent, bool directory, bool top_level);
Result<> free_inode(Attempt& attempt, const Inode& inode, bool directory);
Result<bool> is_inode_used(Attempt& attempt, u32 number);

} // namespace ext4
