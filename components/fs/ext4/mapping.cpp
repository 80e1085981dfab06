// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/mapping.h"

#include "components/fs/ext4/allocator.h"
#include "components/fs/ext4/block_map.h"
#include "components/fs/ext4/extents.h"

namespace ext4 {

Result<FileExtent> lookup_block(Attempt& attempt, const Inode& inode, u64 logical) {
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (logical >= attempt.volume().max_logical())
        return Failure(Errno::fbig);
    return uses_extents(*record) ? lookup_extent(attempt, inode, logical)
                                 : lookup_map(attempt, inode, logical);
}

Result<FileExtent> map_block(Attempt& attempt, const Inode& inode, u64 logical) {
    FileExtent extent = TRY(lookup_block(attempt, inode, logical));
    const u32 skip = static_cast<u32>(logical - extent.logical);
    extent.logical = logical;
    extent.length -= skip;
    if (extent.kind != FileExtent::Kind::hole)
        extent.physical += skip;
    return extent;
}

Result<u64> metadata_block(Attempt& attempt, const Inode& inode, u64 logical) {
    const FileExtent extent = TRY(map_block(attempt, inode, logical));
    if (extent.kind != FileExtent::Kind::mapped)
        return attempt.damaged("ext4: inode {} has no block {}", inode.number, logical);
    return extent.physical;
}

namespace {

// Behind the block before, so that a file that grows stays in one piece.
Result<u64> goal_for(Attempt& attempt, const Inode& inode, u64 logical) {
    if (logical > 0) {
        const FileExtent before = TRY(map_block(attempt, inode, logical - 1));
        if (before.kind != FileExtent::Kind::hole)
            return before.physical + 1;
    }
    return block_goal(attempt.volume(), inode.number);
}

} // namespace

Result<FileExtent> allocate_mapping(Attempt& attempt, const Inode& inode, u64 logical, u32 want,
                                    bool unwritten) {
    const FileExtent hole = TRY(map_block(attempt, inode, logical));
    if (hole.kind != FileExtent::Kind::hole)
        return Failure(Errno::exist);
    const u32 max_length = unwritten ? max_unwritten_length : max_extent_length;
    u32 count = want < hole.length ? want : hole.length;
    count = count < max_length ? count : max_length;
    const u64 goal = TRY(goal_for(attempt, inode, logical));
    BlockRange range = TRY(allocate_blocks(attempt, goal, count));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (uses_extents(*record)) {
        TRY(insert_extent(attempt, inode,
                          {logical, range.start, static_cast<u32>(range.count), unwritten}));
        TRY(add_blocks(attempt, inode, static_cast<i64>(range.count)));
    } else {
        const u32 entered = TRY(insert_map(attempt, inode, logical, range));
        if (entered < range.count) {
            TRY(give_back(attempt, {range.start + entered, range.count - entered}));
            range.count = entered;
        }
    }
    return FileExtent{logical, range.start, static_cast<u32>(range.count),
                      unwritten && uses_extents(*record) ? FileExtent::Kind::unwritten
                                                         : FileExtent::Kind::mapped};
}

Result<> remove_mapping(Attempt& attempt, const Inode& inode, u64 from, u64 to) {
    // Some 30,000 instructions each; a move waits for the handler.
    constexpr u32 steps_of_request = 8;
    for (u32 step = 0; step < steps_of_request; ++step) {
        const InodeRecord* record = TRY(view_record(attempt, inode));
        const bool freed = uses_extents(*record)
                               ? TRY(remove_last_extent(attempt, inode, from, to))
                               : TRY(remove_last_mapped(attempt, inode, from, to));
        if (!freed)
            return {};
        TRY(attempt.publish(0, false));
    }
    return Failure(Errno::inprogress);
}

} // namespace ext4
