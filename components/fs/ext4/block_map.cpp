// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/block_map.h"

#include "components/fs/ext4/allocator.h"

namespace ext4 {

namespace {

constexpr u32 direct_blocks = 12;

// The way to a logical block: which of the inode's words, then an index at each pointer block.
struct MapWay {
    u32 levels = 0; // of pointer blocks
    u32 root = 0;   // index into InodeRecord::block
    u32 index[3] = {};
};

u32 pointers_per_block(const Volume& volume) { return volume.block_size / sizeof(u32); }

Result<MapWay> way_to(const Volume& volume, u64 logical) {
    const u32 shift = volume.block_shift - 2;
    const u64 mask = (u64{1} << shift) - 1;
    MapWay way;
    if (logical < direct_blocks) {
        way.root = static_cast<u32>(logical);
        return way;
    }
    u64 rest = logical - direct_blocks;
    for (u32 levels = 1; levels <= 3; ++levels) {
        const u64 span = u64{1} << (shift * levels);
        if (rest >= span) {
            rest -= span;
            continue;
        }
        way.levels = levels;
        way.root = direct_blocks + levels - 1;
        for (u32 i = 0; i < levels; ++i)
            way.index[i] = static_cast<u32>(rest >> (shift * (levels - 1 - i)) & mask);
        return way;
    }
    return Failure(Errno::fbig);
}

Result<u32> checked_pointer(Attempt& attempt, const Inode& inode, u32 block) {
    if (block != 0 && !attempt.volume().contains(block, 1))
        return attempt.damaged("ext4: block map of inode {} points at {}", inode.number, block);
    return block;
}

std::span<const u32> pointers_in(std::span<const u8> bytes) {
    return {reinterpret_cast<const u32*>(bytes.data()), bytes.size() / sizeof(u32)};
}
std::span<u32> pointers_in(std::span<u8> bytes) {
    return {reinterpret_cast<u32*>(bytes.data()), bytes.size() / sizeof(u32)};
}

// The run of pointers that continues the first one (or of zeros), within `pointers`.
u32 run_length(std::span<const u32> pointers) {
    u32 count = 1;
    const u32 first = pointers[0];
    while (count < pointers.size() && pointers[count] == (first == 0 ? 0 : first + count))
        ++count;
    return count;
}

} // namespace

Result<FileExtent> lookup_map(Attempt& attempt, const Inode& inode, u64 logical) {
    const Volume& volume = attempt.volume();
    const MapWay way = TRY(way_to(volume, logical));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    std::span<const u32> pointers(record->block, direct_blocks);
    u32 index = way.root;
    if (way.levels > 0) {
        u32 block = TRY(checked_pointer(attempt, inode, record->block[way.root]));
        for (u32 level = 0; level < way.levels; ++level) {
            if (block == 0) {
                // The whole subtree is missing: a hole up to its end.
                const u32 shift = (volume.block_shift - 2) * (way.levels - level);
                const u64 size = u64{1} << shift;
                u64 inside = 0;
                for (u32 i = level; i < way.levels; ++i)
                    inside = inside << (volume.block_shift - 2) | way.index[i];
                const u64 left = size - inside;
                return FileExtent{logical, 0,
                                  static_cast<u32>(left < 0x8000'0000 ? left : 0x8000'0000),
                                  FileExtent::Kind::hole};
            }
            pointers = pointers_in(TRY(attempt.view(block)));
            index = way.index[level];
            if (level + 1 < way.levels)
                block = TRY(checked_pointer(attempt, inode, pointers[index]));
        }
    }
    const u32 first = TRY(checked_pointer(attempt, inode, pointers[index]));
    u32 count = run_length(pointers.subspan(index));
    if (first == 0)
        return FileExtent{logical, 0, count, FileExtent::Kind::hole};
    if (!volume.contains(first, count))
        return attempt.damaged("ext4: block map of inode {} leaves the volume", inode.number);
    return FileExtent{logical, first, count, FileExtent::Kind::mapped};
}

Result<u32> insert_map(Attempt& attempt, const Inode& inode, u64 logical, BlockRange range) {
    const Volume& volume = attempt.volume();
    const MapWay way = TRY(way_to(volume, logical));
    if (range.start + range.count > 0xffff'ffff)
        return Failure(Errno::nospc);
    InodeRecord* record = TRY(edit_record(attempt, inode));
    std::span<u32> pointers(record->block, direct_blocks);
    u32 index = way.root;
    u32* slot = &record->block[way.root];
    for (u32 level = 0; level < way.levels; ++level) {
        if (*slot == 0) {
            const u64 fresh = TRY(allocate_block(attempt, range.start));
            if (fresh > 0xffff'ffff)
                return Failure(Errno::nospc);
            *slot = static_cast<u32>(fresh);
            TRY(add_blocks(attempt, inode, 1));
            pointers = pointers_in(TRY(attempt.create(fresh)));
        } else {
            const u32 block = TRY(checked_pointer(attempt, inode, *slot));
            pointers = pointers_in(TRY(attempt.edit(block)));
        }
        index = way.index[level];
        slot = &pointers[index];
    }
    u32 entered = 0;
    while (entered < range.count && index + entered < pointers.size() &&
           pointers[index + entered] == 0) {
        pointers[index + entered] = static_cast<u32>(range.start + entered);
        ++entered;
    }
    if (entered == 0)
        return attempt.damaged("ext4: block {} of inode {} is mapped already", logical,
                               inode.number);
    TRY(add_blocks(attempt, inode, entered));
    return entered;
}

namespace {

// Logical blocks under one pointer of a block `levels` above the data (0: the data itself).
u64 span_of(const Volume& volume, u32 levels) {
    return u64{1} << ((volume.block_shift - 2) * levels);
}

struct Trim {
    u64 from; // logical range to empty
    u64 to;
    bool freed; // the step has done something
};

Result<> free_run(Attempt& attempt, const Inode& inode, u64 start, u32 count) {
    if (!attempt.volume().contains(start, count))
        return attempt.damaged("ext4: block map of inode {} leaves the volume", inode.number);
    TRY(free_blocks(attempt, {start, count}, TRY(freed_kind(attempt, inode))));
    return add_blocks(attempt, inode, -static_cast<i64>(count));
}

// Frees the last run of data pointers whose logical blocks lie in the range. `base` is the logical
// block of pointers[0].
Result<bool> trim_data(Attempt& attempt, const Inode& inode, std::span<u32> pointers, u64 base,
                       const Trim& trim) {
    const u64 end = trim.to - base < pointers.size() ? trim.to - base : pointers.size();
    const u64 begin = trim.from > base ? trim.from - base : 0;
    u64 last = end;
    while (last > begin && pointers[last - 1] == 0)
        --last;
    if (last == begin)
        return false;
    u64 first = last - 1;
    while (first > begin && pointers[first - 1] != 0 && pointers[first - 1] + 1 == pointers[first])
        --first;
    const u32 start = pointers[first];
    for (u64 i = first; i < last; ++i)
        pointers[i] = 0;
    TRY(free_run(attempt, inode, start, static_cast<u32>(last - first)));
    return true;
}

// The last subtree of `pointers` (each `levels` above the data) that meets the range and is not 0,
// or -1.
i32 last_subtree(const Volume& volume, std::span<const u32> pointers, u64 base, u32 levels,
                 const Trim& trim, i32 below) {
    const u64 span = span_of(volume, levels);
    for (i32 i = below - 1; i >= 0; --i) {
        const u64 start = base + static_cast<u64>(i) * span;
        if (start + span <= trim.from)
            return -1;
        if (pointers[static_cast<u32>(i)] != 0 && start < trim.to)
            return i;
    }
    return -1;
}

bool all_zero(std::span<const u32> pointers) {
    for (u32 pointer : pointers)
        if (pointer != 0)
            return false;
    return true;
}

// Empties the last part of the subtree at *slot; frees its pointer block when nothing is left.
Result<bool> trim_subtree(Attempt& attempt, const Inode& inode, u32* slot, u64 base, u32 levels,
                          const Trim& trim) {
    const Volume& volume = attempt.volume();
    const u32 block = TRY(checked_pointer(attempt, inode, *slot));
    if (block == 0)
        return false;
    const std::span<u32> pointers = pointers_in(TRY(attempt.edit(block)));
    bool freed = false;
    if (levels == 1) {
        freed = TRY(trim_data(attempt, inode, pointers, base, trim));
    } else {
        i32 at = static_cast<i32>(pointers_per_block(volume));
        while (!freed) {
            at = last_subtree(volume, pointers, base, levels - 1, trim, at);
            if (at < 0)
                break;
            const u64 start = base + static_cast<u64>(at) * span_of(volume, levels - 1);
            freed = TRY(trim_subtree(attempt, inode, &pointers[static_cast<u32>(at)], start,
                                     levels - 1, trim));
        }
    }
    if (!all_zero(pointers))
        return freed;
    *slot = 0;
    TRY(free_blocks(attempt, {block, 1}, component::FreedKind::metadata));
    TRY(add_blocks(attempt, inode, -1));
    return true;
}

} // namespace

Result<bool> remove_last_mapped(Attempt& attempt, const Inode& inode, u64 from, u64 to) {
    const Volume& volume = attempt.volume();
    const Trim trim{from, to, false};
    InodeRecord* record = TRY(edit_record(attempt, inode));
    u64 base[4] = {0, direct_blocks, direct_blocks + span_of(volume, 1),
                   direct_blocks + span_of(volume, 1) + span_of(volume, 2)};
    for (u32 levels = 3; levels > 0; --levels) {
        if (base[levels] + span_of(volume, levels) <= from || base[levels] >= to)
            continue;
        if (TRY(trim_subtree(attempt, inode, &record->block[direct_blocks + levels - 1],
                             base[levels], levels, trim)))
            return true;
    }
    if (from >= direct_blocks)
        return false;
    return trim_data(attempt, inode, {record->block, direct_blocks}, 0, trim);
}

} // namespace ext4
