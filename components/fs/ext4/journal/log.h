// SPDX-License-Identifier: BSD-2-Clause
// The log of a volume as recovery and the writer of transactions see it: what its superblock says,
// checked, and where its blocks lie (the blocks of inode 8).
#pragma once

#include "components/fs/ext4/inode.h"
#include "components/fs/ext4/journal/format.h"

namespace ext4::journal {

struct Log {
    Inode inode;
    u32 first = 0; // blocks first..end-1 hold transactions, in a circle
    u32 end = 0;
    u32 start = 0; // of the oldest transaction; 0: none
    u32 sequence = 0;
    u32 error = 0;
    u32 compatible = 0;
    u32 incompatible = 0;
    u32 seed = 0;     // of its checksums
    FileExtent piece; // that was asked for last
    u32 views = 0;    // since the last publish

    bool has_checksums() const {
        return incompatible & (incompatible::checksum_v2 | incompatible::checksum_v3);
    }
    u32 size() const { return end - first; }
    // The block `count` (below size()) after `block`.
    u32 after(u32 block, u32 count = 1) const {
        const u32 left = end - block;
        return count < left ? block + count : first + (count - left);
    }
    u32 tag_bytes() const;
};

// Reads and checks the log's superblock. Errors: inval (it is none, or has features unknown here:
// the report names them), uclean, io, nomem.
Result<Log> open_log(Attempt& attempt);
// Where the log's block `index` lies on the volume.
Result<u64> block_of(Attempt& attempt, Log& log, u32 index);
Result<std::span<const u8>> view_log(Attempt& attempt, Log& log, u32 index);
// The superblock's block on the volume, to write on; seal_log_superblock comes last.
Result<std::span<u8>> edit_log_superblock(Attempt& attempt, Log& log);
void seal_log_superblock(Superblock& super);

// Whether the block at `bytes` is one of the log's own, of that transaction.
const Header* header_of(std::span<const u8> bytes, u32 sequence);
// The checksum of a whole block whose 4 bytes at `hole` count as 0.
u32 checksum_with_hole(u32 seed, std::span<const u8> bytes, usize hole);
// Whether the descriptor or revoke block is whole.
bool tail_matches(const Log& log, std::span<const u8> bytes);

} // namespace ext4::journal
