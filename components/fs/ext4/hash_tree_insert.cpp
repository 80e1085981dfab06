// SPDX-License-Identifier: BSD-2-Clause
// Insertion into an indexed directory: full leaves are split at the middle of their hashes, full
// index nodes in half, a full root grows a level.
#include "components/fs/ext4/hash_tree.h"
#include "components/fs/ext4/mapping.h"

namespace ext4 {

namespace {

// Writes `names` of `old` (a copy of a leaf) one after the other into `block`.
void pack_leaf(const Volume& volume, std::span<u8> block, std::span<const u8> old,
               std::span<const LeafEntry> names) {
    __builtin_memset(block.data(), 0, block.size());
    format_leaf(volume, block);
    u32 at = 0;
    for (usize i = 0; i < names.size(); ++i) {
        const LeafEntry& name = names[i];
        __builtin_memcpy(block.data() + at, old.data() + name.offset, name.length);
        const bool last = i + 1 == names.size();
        record_at<DirectoryEntry>(block, at)->length =
            static_cast<u16>(last ? entry_room(volume) - at : name.length);
        at += name.length;
    }
}

// A copy of the block in the half of the scratch space that sorted_leaf leaves alone.
std::span<const u8> copy_aside(Volume& volume, std::span<const u8> block) {
    u8* copy = volume.scratch + sizeof(volume.scratch) / 2;
    __builtin_memcpy(copy, block.data(), block.size());
    return {copy, block.size()};
}

void insert_index_entry(std::span<u8> block, u32 at, u16 position, IndexEntry entry) {
    IndexCount& head = index_count(block, at);
    IndexEntry* entries = index_entries(block, at);
    __builtin_memmove(entries + position + 1, entries + position,
                      (head.count - position) * sizeof(IndexEntry));
    entries[position] = entry;
    ++head.count;
}

// Where to split sorted names so that both sides get about half of the bytes.
usize middle_of(std::span<const LeafEntry> names) {
    u32 total = 0, sum = 0;
    for (const LeafEntry& name : names)
        total += name.length;
    for (usize i = 0; i < names.size(); ++i) {
        if (i > 0 && sum + names[i].length > total / 2)
            return i;
        sum += names[i].length;
    }
    return names.size() - 1;
}

// Splits the path's leaf; its index node has room for one more entry.
Result<> split_leaf(Attempt& attempt, const Inode& directory, const IndexPath& path) {
    Volume& volume = attempt.volume();
    const u64 block = TRY(metadata_block(attempt, directory, path.leaf));
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const u64 new_logical = directory_blocks(volume, *record);
    const u64 new_block = TRY(append_block(attempt, directory));
    const std::span<u8> right = TRY(create_leaf(attempt, directory, new_block));
    const std::span<u8> left = TRY(edit_leaf(attempt, directory, block));
    const IndexLevel& level = path.level[path.levels - 1];
    const std::span<u8> node = TRY(edit_index(attempt, directory, level.block));
    // From here on nothing waits.
    const std::span<LeafEntry> names = TRY(sorted_leaf(attempt, left, path.version));
    const std::span<const u8> old = copy_aside(volume, left);
    const usize middle = names.size() < 2 ? names.size() : middle_of(names);
    pack_leaf(volume, left, old, names.first(middle));
    pack_leaf(volume, right, old, names.subspan(middle));
    // One name or none had room only for want of packing: the new leaf takes the upper half.
    u32 hash = middle < names.size() ? names[middle].major : 0xffff'fffe;
    if (middle > 0 && middle < names.size() && names[middle - 1].major == hash)
        hash |= 1;
    insert_index_entry(node, level.entries_at, static_cast<u16>(level.position + 1),
                       {hash, static_cast<u32>(new_logical)});
    return {};
}

// The root's entries move to a new node, the tree gets a level.
Result<> grow_root(Attempt& attempt, const Inode& directory, const IndexPath& path) {
    Volume& volume = attempt.volume();
    const u32 max_levels = volume.incompatible & incompatible::large_directories ? 3 : 2;
    if (path.levels >= max_levels)
        return Failure(Errno::nospc);
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const u64 logical = directory_blocks(volume, *record);
    const u64 block = TRY(append_block(attempt, directory));
    const std::span<u8> node = TRY(create_index(attempt, directory, block));
    const std::span<u8> root = TRY(edit_index(attempt, directory, path.level[0].block));
    *record_at<DirectoryEntry>(node, 0) = {0, static_cast<u16>(volume.block_size), 0, 0};
    IndexCount& old = index_count(root, index_root_entries);
    __builtin_memcpy(index_entries(node, index_node_entries),
                     index_entries(root, index_root_entries), old.count * sizeof(IndexEntry));
    index_count(node, index_node_entries) = {index_capacity(volume, index_node_entries), old.count};
    old.count = 1;
    index_entries(root, index_root_entries)[0].block = static_cast<u32>(logical);
    ++record_at<IndexInfo>(root, index_info_offset)->levels;
    return {};
}

// Splits the full index node at `depth` (> 0) in half; the node above has room.
Result<> split_index(Attempt& attempt, const Inode& directory, const IndexPath& path, u32 depth) {
    Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const u64 logical = directory_blocks(volume, *record);
    const u64 block = TRY(append_block(attempt, directory));
    const std::span<u8> right = TRY(create_index(attempt, directory, block));
    const std::span<u8> left = TRY(edit_index(attempt, directory, path.level[depth].block));
    const IndexLevel& above = path.level[depth - 1];
    const std::span<u8> parent = TRY(edit_index(attempt, directory, above.block));
    *record_at<DirectoryEntry>(right, 0) = {0, static_cast<u16>(volume.block_size), 0, 0};
    IndexCount& head = index_count(left, index_node_entries);
    const u16 kept = static_cast<u16>(head.count / 2);
    const u16 moved = static_cast<u16>(head.count - kept);
    const u32 hash = index_entries(left, index_node_entries)[kept].hash;
    __builtin_memcpy(index_entries(right, index_node_entries),
                     index_entries(left, index_node_entries) + kept, moved * sizeof(IndexEntry));
    index_count(right, index_node_entries) = {index_capacity(volume, index_node_entries), moved};
    head.count = kept;
    insert_index_entry(parent, above.entries_at, static_cast<u16>(above.position + 1),
                       {hash, static_cast<u32>(logical)});
    return {};
}

// One step towards a leaf with room.
Result<> make_room(Attempt& attempt, const Inode& directory, const IndexPath& path) {
    u32 depth = path.levels;
    while (depth > 0 && path.level[depth - 1].count >= path.level[depth - 1].limit)
        --depth;
    if (depth == path.levels)
        return split_leaf(attempt, directory, path);
    if (depth == 0)
        return grow_root(attempt, directory, path);
    return split_index(attempt, directory, path, depth);
}

} // namespace

Result<> insert_hashed(Attempt& attempt, const Inode& directory, std::string_view name, u32 inode,
                       u8 type) {
    const HashVersion version = TRY(hash_version_of(attempt, directory));
    const u32 hash = hash_for(attempt.volume(), name, version).major;
    constexpr u32 most_steps = 12;
    for (u32 step = 0; step < most_steps; ++step) {
        const IndexPath path = TRY(find_leaf(attempt, directory, hash));
        const u64 block = TRY(metadata_block(attempt, directory, path.leaf));
        if (TRY(insert_in_block(attempt, directory, block, name, inode, type)))
            return {};
        TRY(make_room(attempt, directory, path));
    }
    return attempt.damaged("ext4: hash tree of directory {} does not take an entry",
                           directory.number);
}

Result<> make_index(Attempt& attempt, const Inode& directory) {
    Volume& volume = attempt.volume();
    const u64 root_block = TRY(metadata_block(attempt, directory, 0));
    const EntryPlace parent = TRY(find_parent_entry(attempt, directory));
    const u64 leaf_block = TRY(append_block(attempt, directory));
    const std::span<u8> leaf = TRY(create_leaf(attempt, directory, leaf_block));
    // The block turns from a leaf into an index: it is edited as the latter.
    const std::span<u8> root = TRY(edit_index(attempt, directory, root_block));
    InodeRecord* record = TRY(edit_record(attempt, directory));
    // From here on nothing waits.
    const auto version = static_cast<HashVersion>(volume.hash_version);
    const std::span<LeafEntry> names = TRY(sorted_leaf(attempt, root, version));
    pack_leaf(volume, leaf, copy_aside(volume, root), names);
    record->flags |= inode_flag::directory_index;

    const u8 type = entry_type(volume, file_mode::directory);
    constexpr u16 dot_size = entry_size(1);
    __builtin_memset(root.data(), 0, root.size());
    *record_at<DirectoryEntry>(root, 0) = {directory.number, dot_size, 1, type};
    root[sizeof(DirectoryEntry)] = '.';
    *record_at<DirectoryEntry>(root, dot_size) = {
        parent.inode, static_cast<u16>(volume.block_size - dot_size), 2, type};
    __builtin_memcpy(&root[dot_size + sizeof(DirectoryEntry)], "..", 2);
    *record_at<IndexInfo>(root, index_info_offset) = {0, volume.hash_version, sizeof(IndexInfo), 0,
                                                      0};
    index_count(root, index_root_entries) = {index_capacity(volume, index_root_entries), 1};
    index_entries(root, index_root_entries)[0].block = 1;
    return {};
}

Result<> insert_entry(Attempt& attempt, const Inode& directory, std::string_view name, u32 inode,
                      u8 type) {
    Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, directory));
    if (uses_hash_tree(volume, *record))
        return insert_hashed(attempt, directory, name, inode, type);
    if (record->flags & inode_flag::directory_index) {
        // A tree nobody keeps: names put in beside it make it wrong.
        InodeRecord* edited = TRY(edit_record(attempt, directory));
        edited->flags &= ~inode_flag::directory_index;
    }
    const u64 count = directory_blocks(volume, *record);
    for (u64 logical = 0; logical < count; ++logical) {
        const u64 block = TRY(metadata_block(attempt, directory, logical));
        if (TRY(insert_in_block(attempt, directory, block, name, inode, type)))
            return {};
    }
    if (count == 1 && (volume.compatible & compatible::directory_index)) {
        TRY(make_index(attempt, directory));
        return insert_hashed(attempt, directory, name, inode, type);
    }
    const u64 block = TRY(append_block(attempt, directory));
    format_leaf(volume, TRY(create_leaf(attempt, directory, block)));
    if (!TRY(insert_in_block(attempt, directory, block, name, inode, type)))
        return attempt.damaged("ext4: no room in a new directory block");
    return {};
}

} // namespace ext4
