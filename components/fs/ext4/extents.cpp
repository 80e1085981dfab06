// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/extents.h"

#include "components/fs/ext4/checksum.h"

namespace ext4 {

namespace extent_node {

u16 capacity_of_block(const Volume& volume) {
    constexpr u32 tail = sizeof(u32);
    return static_cast<u16>((volume.block_size - sizeof(ExtentHeader) - tail) / sizeof(Extent));
}

ExtentRun run_of(const Extent& extent) {
    const bool unwritten = extent.length > max_extent_length;
    const u32 length = unwritten ? extent.length - max_extent_length : extent.length;
    return {extent.logical, join(extent.start_low, extent.start_high), length, unwritten};
}

Extent extent_of(const ExtentRun& run) {
    return {static_cast<u32>(run.logical),
            static_cast<u16>(run.length + (run.unwritten ? max_extent_length : 0)),
            static_cast<u16>(run.physical >> 32), static_cast<u32>(run.physical)};
}

Result<std::span<const u8>> view(Attempt& attempt, const Inode& inode, const ExtentLevel& level) {
    if (level.block != 0)
        return attempt.view(level.block);
    const InodeRecord* record = TRY(view_record(attempt, inode));
    return std::span<const u8>(reinterpret_cast<const u8*>(record->block), map_bytes);
}

Result<std::span<u8>> edit(Attempt& attempt, const Inode& inode, const ExtentLevel& level) {
    if (level.block == 0) {
        InodeRecord* record = TRY(edit_record(attempt, inode));
        return std::span<u8>(reinterpret_cast<u8*>(record->block), map_bytes);
    }
    const InodeRecord* record = TRY(view_record(attempt, inode));
    return attempt.edit(level.block, BlockKind::extents,
                        inode_seed(attempt.volume(), inode.number, *record));
}

// What only needs looking at once per reading from disk: checksum, order, places on the volume.
Result<> check_whole(Attempt& attempt, const Inode& inode, std::span<const u8> node) {
    const Volume& volume = attempt.volume();
    const ExtentHeader& head = header(node);
    if (volume.has_checksums() && node.size() > map_bytes) {
        const usize covered = sizeof(ExtentHeader) + head.capacity * sizeof(Extent);
        const u32* stored = record_at<u32>(node, covered);
        const InodeRecord* record = TRY(view_record(attempt, inode));
        const u32 seed = inode_seed(volume, inode.number, *record);
        if (!stored || *stored != crc32c(seed, node.first(covered)))
            return attempt.damaged("ext4: wrong checksum in an extent block of inode {}",
                                   inode.number);
    }
    u64 next = 0;
    for (u16 i = 0; i < head.entries; ++i) {
        if (head.depth == 0) {
            const ExtentRun run = run_of(leaf(node)[i]);
            if (run.length == 0 || run.logical < next || !volume.contains(run.physical, run.length))
                return attempt.damaged("ext4: impossible extent in inode {}", inode.number);
            next = run.logical + run.length;
        } else {
            const ExtentIndex& index = indices(node)[i];
            if (index.logical < next || !volume.contains(child_of(index), 1))
                return attempt.damaged("ext4: impossible extent index in inode {}", inode.number);
            next = u64{index.logical} + 1;
        }
    }
    return {};
}

namespace {

// The header alone, at every visit: it guards against reading past the node.
Result<> check_header(Attempt& attempt, const Inode& inode, std::span<const u8> node, u16 depth) {
    const ExtentHeader& head = header(node);
    const usize room = (node.size() - sizeof(ExtentHeader)) / sizeof(Extent);
    if (head.magic != extent_magic || head.depth != depth || head.capacity > room ||
        head.capacity == 0 || head.entries > head.capacity || (depth > 0 && head.entries == 0))
        return attempt.damaged("ext4: impossible extent node in inode {}", inode.number);
    return {};
}

// The last entry whose key is not above `logical`, or -1. Keys are the first word of every entry.
i16 search(std::span<const u8> node, u64 logical) {
    const Extent* entries = leaf(node);
    i32 low = 0, high = header(node).entries;
    while (low < high) {
        const i32 middle = (low + high) / 2;
        if (entries[middle].logical <= logical)
            low = middle + 1;
        else
            high = middle;
    }
    return static_cast<i16>(low - 1);
}

// Fills in one level; `checked_here` says whether the whole node was checked before.
Result<std::span<const u8>> visit(Attempt& attempt, const Inode& inode, ExtentLevel& level,
                                  u16 depth) {
    bool checked_here = false;
    std::span<const u8> node;
    if (level.block == 0) {
        node = TRY(view(attempt, inode, level));
    } else {
        const component::MetadataView raw = TRY(attempt.view_raw(level.block));
        node = {raw.data, attempt.block_size()};
        checked_here = raw.checked == static_cast<u32>(BlockKind::extents);
    }
    TRY(check_header(attempt, inode, node, depth));
    if (!checked_here) {
        TRY(check_whole(attempt, inode, node));
        if (level.block != 0)
            attempt.mark_checked(level.block, BlockKind::extents);
    }
    level.entries = header(node).entries;
    level.capacity = header(node).capacity;
    return node;
}

} // namespace

Result<> correct_keys(Attempt& attempt, const Inode& inode, const ExtentPath& path, u16 depth) {
    const std::span<const u8> node = TRY(view(attempt, inode, path.level[depth]));
    if (header(node).entries == 0)
        return {};
    const u32 key = leaf(node)[0].logical;
    for (u16 i = depth; i-- > 0;) {
        const ExtentLevel& level = path.level[i];
        const i16 position = level.position < 0 ? 0 : level.position;
        const std::span<const u8> above = TRY(view(attempt, inode, level));
        if (indices(above)[position].logical == key)
            return {};
        const std::span<u8> edited = TRY(edit(attempt, inode, level));
        indices(edited)[position].logical = key;
        if (position != 0)
            return {};
    }
    return {};
}

} // namespace extent_node

using namespace extent_node;

Result<ExtentPath> find_path(Attempt& attempt, const Inode& inode, u64 logical) {
    ExtentPath path;
    std::span<const u8> node = TRY(view(attempt, inode, path.level[0]));
    path.depth = header(node).depth;
    if (path.depth > max_extent_depth)
        return attempt.damaged("ext4: extent tree of inode {} is {} deep", inode.number,
                               path.depth);
    u64 least = 0;
    for (u16 i = 0;; ++i) {
        ExtentLevel& level = path.level[i];
        node = TRY(visit(attempt, inode, level, static_cast<u16>(path.depth - i)));
        if (level.entries > 0 &&
            (leaf(node)[0].logical < least || leaf(node)[level.entries - 1].logical >= path.limit))
            return attempt.damaged("ext4: extents of inode {} are out of place", inode.number);
        level.position = search(node, logical);
        if (i == path.depth)
            return path;
        if (level.position < 0)
            level.position = 0;
        if (level.position + 1 < level.entries)
            path.limit = indices(node)[level.position + 1].logical;
        least = indices(node)[level.position].logical;
        path.level[i + 1].block = child_of(indices(node)[level.position]);
        if (path.level[i + 1].block == 0)
            return attempt.damaged("ext4: extent index to block 0 in inode {}", inode.number);
    }
}

Result<FileExtent> lookup_extent(Attempt& attempt, const Inode& inode, u64 logical) {
    const ExtentPath path = TRY(find_path(attempt, inode, logical));
    const ExtentLevel& level = path.level[path.depth];
    const std::span<const u8> node = TRY(view(attempt, inode, level));
    if (level.position >= 0) {
        const ExtentRun run = run_of(leaf(node)[level.position]);
        if (logical < run.logical + run.length)
            return FileExtent{run.logical, run.physical, run.length,
                              run.unwritten ? FileExtent::Kind::unwritten
                                            : FileExtent::Kind::mapped};
    }
    const u64 next = level.position + 1 < level.entries
                         ? u64{leaf(node)[level.position + 1].logical}
                         : path.limit;
    const u64 length = next > logical ? next - logical : 0;
    if (length == 0)
        return attempt.damaged("ext4: unordered extents in inode {}", inode.number);
    return FileExtent{logical, 0, static_cast<u32>(length < 0xffff'ffff ? length : 0xffff'ffff),
                      FileExtent::Kind::hole};
}

void make_extent_root(InodeRecord& record) {
    __builtin_memset(record.block, 0, map_bytes);
    auto* head = reinterpret_cast<ExtentHeader*>(record.block);
    head->magic = extent_magic;
    head->capacity = (map_bytes - sizeof(ExtentHeader)) / sizeof(Extent);
}

} // namespace ext4
