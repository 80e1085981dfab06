// SPDX-License-Identifier: BSD-2-Clause
// The block map of ext2 and ext3 files: 12 direct blocks, then trees of 1, 2 and 3 levels.
#pragma once

#include "components/fs/ext4/inode.h"

namespace ext4 {

// The run of mapped blocks, or of holes, that begins at `logical`; not longer than one pointer
// block. Errors: uclean, io; fbig past the end of the map.
Result<FileExtent> lookup_map(Attempt& attempt, const Inode& inode, u64 logical);
// Enters the blocks of `range` from `logical` on, which was a hole. Stops at the end of a pointer
// block: the number of blocks entered is the answer. Errors: nospc.
Result<u32> insert_map(Attempt& attempt, const Inode& inode, u64 logical, BlockRange range);
// Frees mapped blocks at the end of [from, to): one bounded step; false when none is left.
Result<bool> remove_last_mapped(Attempt& attempt, const Inode& inode, u64 from, u64 to);

} // namespace ext4
