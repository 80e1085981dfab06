// SPDX-License-Identifier: BSD-2-Clause
// The hash tree of an indexed directory: a root in block 0, up to two (three) levels of index, and
// leaves that are ordinary directory blocks holding the names of one interval of hashes.
#pragma once

#include "components/fs/ext4/directory.h"
#include "components/fs/ext4/name_hash.h"

namespace ext4 {

inline constexpr u32 max_index_levels = 4; // root included

struct IndexLevel {
    u64 block = 0;      // physical
    u16 entries_at = 0; // offset of the first entry in the block
    u16 position = 0;   // of the entry taken
    u16 count = 0;
    u16 limit = 0;
};

// The way to the leaf that holds a hash.
struct IndexPath {
    u32 levels = 0; // of index blocks
    IndexLevel level[max_index_levels];
    u64 leaf = 0; // logical
    HashVersion version = HashVersion::half_md4;
};

inline bool uses_hash_tree(const Volume& volume, const InodeRecord& record) {
    return (volume.compatible & compatible::directory_index) &&
           (record.flags & inode_flag::directory_index);
}

NameHash hash_for(const Volume& volume, std::string_view name, HashVersion version);

// Errors: uclean.
Result<HashVersion> hash_version_of(Attempt& attempt, const Inode& directory);
Result<IndexPath> find_leaf(Attempt& attempt, const Inode& directory, u32 hash);
// Moves on to the next leaf; false at the end. `lowest`: the hash its index entry states.
Result<bool> next_leaf(Attempt& attempt, const Inode& directory, IndexPath& path, u32& lowest);
Result<EntryPlace> find_hashed(Attempt& attempt, const Inode& directory, std::string_view name);
Result<> insert_hashed(Attempt& attempt, const Inode& directory, std::string_view name, u32 inode,
                       u8 type);
// Turns a directory of one full block into an indexed one. Afterwards insert_hashed has room.
Result<> make_index(Attempt& attempt, const Inode& directory);
// Whether a block of an indexed directory holds index entries instead of names.
Result<bool> is_index_block(Attempt& attempt, u64 block);

// Used between the files of the hash tree.
u16 index_capacity(const Volume& volume, u32 entries_at);
Result<std::span<u8>> edit_index(Attempt& attempt, const Inode& directory, u64 block);
Result<std::span<u8>> create_index(Attempt& attempt, const Inode& directory, u64 block);
inline IndexEntry* index_entries(std::span<u8> block, u32 at) {
    return reinterpret_cast<IndexEntry*>(block.data() + at);
}
inline const IndexEntry* index_entries(std::span<const u8> block, u32 at) {
    return reinterpret_cast<const IndexEntry*>(block.data() + at);
}
inline IndexCount& index_count(std::span<u8> block, u32 at) {
    return *reinterpret_cast<IndexCount*>(block.data() + at);
}
inline const IndexCount& index_count(std::span<const u8> block, u32 at) {
    return *reinterpret_cast<const IndexCount*>(block.data() + at);
}

// One name of a leaf, for sorting.
struct LeafEntry {
    u32 major;
    u32 minor;
    u16 offset;
    u16 length; // entry_size of its name
};
// The names of a leaf sorted by hash, in the volume's scratch space: valid until the next wait.
// "." and ".." are left out.
Result<std::span<LeafEntry>> sorted_leaf(Attempt& attempt, std::span<const u8> block,
                                         HashVersion version);

} // namespace ext4
