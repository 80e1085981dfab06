// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/hash_tree.h"

#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/mapping.h"

namespace ext4 {

NameHash hash_for(const Volume& volume, std::string_view name, HashVersion version) {
    return hash_name(name, version, volume.unsigned_hash, volume.hash_seed);
}

u16 index_capacity(const Volume& volume, u32 entries_at) {
    const u32 tail = volume.has_checksums() ? sizeof(IndexTail) : 0;
    return static_cast<u16>((volume.block_size - entries_at - tail) / sizeof(IndexEntry));
}

namespace {

Failure broken_index(Attempt& attempt, const Inode& directory) {
    return attempt.damaged("ext4: broken hash tree in directory {}", directory.number);
}

// The block as an index with entries at `at`: header and checksum.
Result<std::span<const u8>> view_index(Attempt& attempt, const Inode& directory, u64 block,
                                       u32 at) {
    const Volume& volume = attempt.volume();
    const component::MetadataView view = TRY(attempt.view_raw(block));
    const std::span<const u8> bytes(view.data, volume.block_size);
    const IndexCount& head = index_count(bytes, at);
    if (head.limit != index_capacity(volume, at) || head.count == 0 || head.count > head.limit)
        return broken_index(attempt, directory);
    if (view.checked == static_cast<u32>(BlockKind::index)) [[likely]]
        return bytes;
    if (volume.has_checksums()) {
        const InodeRecord* record = TRY(view_record(attempt, directory));
        const auto* tail = record_at<IndexTail>(bytes, at + head.limit * sizeof(IndexEntry));
        u32 sum = inode_seed(volume, directory.number, *record);
        sum = crc32c(sum, bytes.first(at + head.count * sizeof(IndexEntry)));
        sum = crc32c_of(crc32c_of(sum, tail->reserved), u32{0});
        if (sum != tail->checksum)
            return attempt.damaged("ext4: wrong checksum in the hash tree of directory {}",
                                   directory.number);
    }
    attempt.mark_checked(block, BlockKind::index);
    return bytes;
}

Result<std::span<const u8>> view_root(Attempt& attempt, const Inode& directory, u64 block) {
    const Volume& volume = attempt.volume();
    const std::span<const u8> bytes = TRY(attempt.view(block));
    const IndexInfo& info = *record_at<IndexInfo>(bytes, index_info_offset);
    const u32 max_levels = volume.incompatible & incompatible::large_directories ? 2 : 1;
    if (info.zero != 0 || info.length != sizeof(IndexInfo) || info.levels > max_levels ||
        info.hash_version > static_cast<u8>(HashVersion::tea) || (info.unused & 1))
        return broken_index(attempt, directory);
    return view_index(attempt, directory, block, index_root_entries);
}

u16 search(std::span<const u8> block, u32 at, u32 hash) {
    const IndexEntry* entries = index_entries(block, at);
    u16 low = 1, high = index_count(block, at).count;
    while (low < high) {
        const u16 middle = static_cast<u16>((low + high) / 2);
        if (entries[middle].hash <= hash)
            low = static_cast<u16>(middle + 1);
        else
            high = middle;
    }
    return static_cast<u16>(low - 1);
}

// Goes down from `depth` along the entries at `position`s (depth's own) or, below, the first ones.
Result<> descend(Attempt& attempt, const Inode& directory, IndexPath& path, u32 depth,
                 const u32* hash) {
    for (u32 i = depth;; ++i) {
        IndexLevel& level = path.level[i];
        const std::span<const u8> bytes =
            i == 0 ? TRY(view_root(attempt, directory, level.block))
                   : TRY(view_index(attempt, directory, level.block, level.entries_at));
        level.count = index_count(bytes, level.entries_at).count;
        level.limit = index_count(bytes, level.entries_at).limit;
        if (hash)
            level.position = search(bytes, level.entries_at, *hash);
        else if (i != depth)
            level.position = 0;
        if (level.position >= level.count)
            return broken_index(attempt, directory);
        const u64 logical =
            index_entries(bytes, level.entries_at)[level.position].block & 0x0fff'ffff;
        const InodeRecord* record = TRY(view_record(attempt, directory));
        if (logical == 0 || logical >= directory_blocks(attempt.volume(), *record))
            return broken_index(attempt, directory);
        if (i + 1 == path.levels) {
            path.leaf = logical;
            return {};
        }
        path.level[i + 1].block = TRY(metadata_block(attempt, directory, logical));
        path.level[i + 1].entries_at = index_node_entries;
    }
}

} // namespace

Result<HashVersion> hash_version_of(Attempt& attempt, const Inode& directory) {
    const u64 block = TRY(metadata_block(attempt, directory, 0));
    const std::span<const u8> bytes = TRY(view_root(attempt, directory, block));
    return static_cast<HashVersion>(record_at<IndexInfo>(bytes, index_info_offset)->hash_version);
}

Result<IndexPath> find_leaf(Attempt& attempt, const Inode& directory, u32 hash) {
    IndexPath path;
    path.level[0].block = TRY(metadata_block(attempt, directory, 0));
    path.level[0].entries_at = index_root_entries;
    const std::span<const u8> root = TRY(view_root(attempt, directory, path.level[0].block));
    const IndexInfo& info = *record_at<IndexInfo>(root, index_info_offset);
    path.levels = info.levels + 1u;
    path.version = static_cast<HashVersion>(info.hash_version);
    TRY(descend(attempt, directory, path, 0, &hash));
    return path;
}

Result<bool> next_leaf(Attempt& attempt, const Inode& directory, IndexPath& path, u32& lowest) {
    for (u32 depth = path.levels; depth-- > 0;) {
        IndexLevel& level = path.level[depth];
        if (level.position + 1 >= level.count)
            continue;
        ++level.position;
        const std::span<const u8> bytes = TRY(attempt.view(level.block));
        lowest = index_entries(bytes, level.entries_at)[level.position].hash;
        TRY(descend(attempt, directory, path, depth, nullptr));
        return true;
    }
    return false;
}

Result<EntryPlace> find_hashed(Attempt& attempt, const Inode& directory, std::string_view name) {
    const HashVersion version = TRY(hash_version_of(attempt, directory));
    const u32 hash = hash_for(attempt.volume(), name, version).major;
    if (name == ".") {
        const u64 block = TRY(metadata_block(attempt, directory, 0));
        return EntryPlace{
            block, 0, 0, 0, directory.number, entry_type(attempt.volume(), file_mode::directory)};
    }
    IndexPath path = TRY(find_leaf(attempt, directory, hash));
    for (;;) {
        const u64 block = TRY(metadata_block(attempt, directory, path.leaf));
        auto found = find_in_block(attempt, directory, path.leaf, block, name);
        if (found || found.error() != Errno::noent)
            return found;
        // Names of one hash may go on in the next leaf; its entry then has the lowest bit set.
        u32 lowest = 0;
        if (!TRY(next_leaf(attempt, directory, path, lowest)) || lowest != (hash | 1))
            return Failure(Errno::noent);
    }
}

Result<bool> is_index_block(Attempt& attempt, u64 block) {
    const std::span<const u8> bytes = TRY(attempt.view(block));
    const auto* first = record_at<DirectoryEntry>(bytes, 0);
    if (first->inode == 0 && first->length == bytes.size())
        return true;
    const auto* second = record_at<DirectoryEntry>(bytes, entry_size(1));
    // Block 0: ".." stretches over the index. Such a length in a leaf leaves no room for a tail.
    return first->length == entry_size(1) && second->length == bytes.size() - entry_size(1) &&
           first->name_length == 1 && second->name_length == 2;
}

Result<std::span<u8>> edit_index(Attempt& attempt, const Inode& directory, u64 block) {
    const InodeRecord* record = TRY(view_record(attempt, directory));
    return attempt.edit(block, BlockKind::index,
                        inode_seed(attempt.volume(), directory.number, *record));
}

Result<std::span<u8>> create_index(Attempt& attempt, const Inode& directory, u64 block) {
    const InodeRecord* record = TRY(view_record(attempt, directory));
    return attempt.create(block, BlockKind::index,
                          inode_seed(attempt.volume(), directory.number, *record));
}

Result<std::span<LeafEntry>> sorted_leaf(Attempt& attempt, std::span<const u8> block,
                                         HashVersion version) {
    Volume& volume = attempt.volume();
    auto* list = reinterpret_cast<LeafEntry*>(volume.scratch);
    constexpr u32 room = sizeof(volume.scratch) / sizeof(LeafEntry);
    u32 count = 0;
    EntryWalk walk(block.first(entry_room(volume)));
    while (walk.next()) {
        const DirectoryEntry& entry = walk.entry();
        if (entry.inode == 0 || walk.name() == "." || walk.name() == "..")
            continue;
        VERIFY(count < room);
        const NameHash hash = hash_for(volume, walk.name(), version);
        list[count++] = {hash.major, hash.minor, static_cast<u16>(walk.offset()),
                         static_cast<u16>(entry_size(entry.name_length))};
    }
    if (walk.broken())
        return attempt.damaged("ext4: broken entry in a directory block");
    auto before = [](const LeafEntry& a, const LeafEntry& b) {
        return a.major != b.major ? a.major < b.major : a.minor < b.minor;
    };
    // Shell sort: in place, no recursion, and stable enough (equal hashes keep together).
    for (u32 gap = count / 2; gap > 0; gap /= 2)
        for (u32 i = gap; i < count; ++i) {
            const LeafEntry moved = list[i];
            u32 j = i;
            for (; j >= gap && before(moved, list[j - gap]); j -= gap)
                list[j] = list[j - gap];
            list[j] = moved;
        }
    return std::span<LeafEntry>(list, count);
}

} // namespace ext4
