// SPDX-License-Identifier: BSD-2-Clause
// Block groups: descriptors, their checksums, and the two bitmaps of each group.
#pragma once

#include "components/fs/ext4/volume.h"

namespace ext4 {

// A descriptor, decoded; locations have been checked to lie on the volume.
struct Group {
    u64 block_bitmap;
    u64 inode_bitmap;
    u64 inode_table;
    u32 free_blocks;
    u32 free_inodes;
    u32 directories;
    u32 unused_inodes;
    u16 flags;

    bool has(u16 flag) const { return flags & flag; }
};

// Errors of all: io, nomem, uclean.
Result<Group> read_group(Attempt& attempt, u32 group);
// Writes counts and flags back; locations stay. The checksum follows at publish, together with
// that of the bitmap the caller has edited as well.
Result<> write_group(Attempt& attempt, u32 group, const Group& values);

// The bitmap, checked. The group must not be marked uninitialised.
Result<std::span<const u8>> view_block_bitmap(Attempt& attempt, u32 group, const Group& values);
Result<std::span<const u8>> view_inode_bitmap(Attempt& attempt, u32 group, const Group& values);
// The bitmap to write on; an uninitialised one is made first (and `values` loses the flag).
Result<std::span<u8>> edit_block_bitmap(Attempt& attempt, u32 group, Group& values);
Result<std::span<u8>> edit_inode_bitmap(Attempt& attempt, u32 group, Group& values);

// Puts the checksum of the group's edited bitmap, then the descriptor's own, into the descriptor.
Result<> seal_bitmap(Attempt& attempt, u32 group, BlockKind kind, std::span<const u8> bitmap);

// Whether the group begins with a copy of the superblock.
bool has_superblock(const Volume& volume, u32 group);
// Blocks of superblock and descriptors at the beginning of the group.
u32 base_metadata_blocks(const Volume& volume, u32 group);
// Whether any of the range is superblock, descriptors, bitmap or inode table.
Result<bool> overlaps_metadata(Attempt& attempt, BlockRange range);

inline bool test_bit(std::span<const u8> bits, u32 index) {
    return bits[index / 8] >> (index % 8) & 1;
}
inline void set_bit(std::span<u8> bits, u32 index) {
    bits[index / 8] = static_cast<u8>(bits[index / 8] | 1u << (index % 8));
}
inline void clear_bit(std::span<u8> bits, u32 index) {
    bits[index / 8] = static_cast<u8>(bits[index / 8] & ~(1u << (index % 8)));
}
// The first clear (set) bit in [from, to), or `to`. `bits` covers `to` bits, a multiple of 64.
u32 find_clear(std::span<const u8> bits, u32 from, u32 to);
u32 find_set(std::span<const u8> bits, u32 from, u32 to);

} // namespace ext4
