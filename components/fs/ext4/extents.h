// SPDX-License-Identifier: BSD-2-Clause
// The extent tree of an inode: look-up, insertion with splits and growth, removal of a range.
// The root is the inode's 60 bytes of `block`, every other node a block with a checksum tail.
// Nodes and indices are checked on the way down; every key of an index equals the first key of its
// child (e2fsck wants it so).
#pragma once

#include "components/fs/ext4/inode.h"

namespace ext4 {

inline constexpr u64 no_limit = ~u64{0};

struct ExtentLevel {
    u64 block = 0; // 0: the root, in the inode
    u16 entries = 0;
    u16 capacity = 0;
    // Of the last entry whose key is not above the target; -1 if there is none (a leaf only).
    i16 position = -1;
};

// The way from the root to the leaf that governs a logical block.
struct ExtentPath {
    u16 depth = 0; // level[depth] is the leaf
    ExtentLevel level[max_extent_depth + 1];
    u64 limit = no_limit; // first key right of the leaf
};

// A leaf's entry.
struct ExtentRun {
    u64 logical = 0;
    u64 physical = 0;
    u32 length = 0;
    bool unwritten = false;
};

Result<ExtentPath> find_path(Attempt& attempt, const Inode& inode, u64 logical);
// The extent that holds `logical`, whole, or the hole from `logical` to the next one.
Result<FileExtent> lookup_extent(Attempt& attempt, const Inode& inode, u64 logical);
// The range must be a hole. Merges with its neighbours. Errors: nospc, uclean.
Result<> insert_extent(Attempt& attempt, const Inode& inode, const ExtentRun& run);
// Frees the last stretch of mapped blocks in [from, to); false when there is none (left). One
// bounded step: callers publish between steps.
Result<bool> remove_last_extent(Attempt& attempt, const Inode& inode, u64 from, u64 to);
// Makes [logical, logical + length), part of one extent, written (or unwritten).
Result<> convert_extent(Attempt& attempt, const Inode& inode, u64 logical, u32 length,
                        bool unwritten);
// An empty root.
void make_extent_root(InodeRecord& record);

// Used between the files of the extent tree.
namespace extent_node {
Result<std::span<const u8>> view(Attempt& attempt, const Inode& inode, const ExtentLevel& level);
Result<std::span<u8>> edit(Attempt& attempt, const Inode& inode, const ExtentLevel& level);
Result<> check_whole(Attempt& attempt, const Inode& inode, std::span<const u8> node);
u16 capacity_of_block(const Volume& volume);
inline ExtentHeader& header(std::span<u8> node) {
    return *reinterpret_cast<ExtentHeader*>(node.data());
}
inline const ExtentHeader& header(std::span<const u8> node) {
    return *reinterpret_cast<const ExtentHeader*>(node.data());
}
inline Extent* leaf(std::span<u8> node) {
    return reinterpret_cast<Extent*>(node.data() + sizeof(ExtentHeader));
}
inline const Extent* leaf(std::span<const u8> node) {
    return reinterpret_cast<const Extent*>(node.data() + sizeof(ExtentHeader));
}
inline ExtentIndex* indices(std::span<u8> node) {
    return reinterpret_cast<ExtentIndex*>(node.data() + sizeof(ExtentHeader));
}
inline const ExtentIndex* indices(std::span<const u8> node) {
    return reinterpret_cast<const ExtentIndex*>(node.data() + sizeof(ExtentHeader));
}
ExtentRun run_of(const Extent& extent);
Extent extent_of(const ExtentRun& run);
inline u64 child_of(const ExtentIndex& index) { return join(index.child_low, index.child_high); }
inline void set_child(ExtentIndex& index, u64 block) {
    index.child_low = static_cast<u32>(block);
    index.child_high = static_cast<u16>(block >> 32);
}
// Makes the keys above a leaf's (or node's) first entry agree with it.
Result<> correct_keys(Attempt& attempt, const Inode& inode, const ExtentPath& path, u16 depth);
} // namespace extent_node

} // namespace ext4
