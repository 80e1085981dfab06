// SPDX-License-Identifier: BSD-2-Clause
// Which group gets a new inode: directories at the top are spread over the volume, other
// directories stay near their parent while its group is not crowded, files stay with their parent.
#include "components/fs/ext4/allocator.h"
#include "components/fs/ext4/group.h"

namespace ext4 {

namespace {

constexpr u32 no_group = ~u32{0};

// The emptiest group in directories among those with at least average room.
Result<u32> spread_group(Attempt& attempt, u32 parent_group) {
    Volume& volume = attempt.volume();
    const u32 average_inodes = volume.free_inodes / volume.groups;
    const u64 average_blocks = volume.free_blocks / volume.groups;
    u32 best = no_group, fewest = ~u32{0};
    const u32 begin = volume.last_directory_group % volume.groups;
    for (u32 i = 0; i < volume.groups; ++i) {
        const u32 group = (begin + i) % volume.groups;
        const Group values = TRY(read_group(attempt, group));
        if (values.free_inodes == 0 || values.free_inodes < average_inodes ||
            values.free_blocks < average_blocks || values.directories >= fewest)
            continue;
        best = group;
        fewest = values.directories;
        if (fewest == 0)
            break;
    }
    return best == no_group ? parent_group : best;
}

// Near the parent, but not where inodes or blocks run short.
Result<u32> near_group(Attempt& attempt, u32 parent_group) {
    Volume& volume = attempt.volume();
    const u32 least_inodes = volume.free_inodes / volume.groups / 2;
    const u64 least_blocks = volume.free_blocks / volume.groups / 2;
    for (u32 i = 0; i < volume.groups; ++i) {
        const u32 group = (parent_group + i) % volume.groups;
        const Group values = TRY(read_group(attempt, group));
        if (values.free_inodes > least_inodes && values.free_blocks > least_blocks)
            return group;
    }
    return parent_group;
}

// The group for a file: its parent's, else a few jumps away, else any.
Result<u32> file_group(Attempt& attempt, u32 parent_group) {
    Volume& volume = attempt.volume();
    u32 group = parent_group;
    for (u32 jump = 1; jump < volume.groups; jump <<= 1) {
        const Group values = TRY(read_group(attempt, group));
        if (values.free_inodes != 0 && values.free_blocks != 0)
            return group;
        group = static_cast<u32>((u64{group} + jump) % volume.groups);
    }
    return parent_group;
}

// Makes the never used blocks of the table up to (not including) inode index `end` zero: a lazily
// made volume has rubbish there.
Result<> clear_table(Attempt& attempt, const Group& values, u32 used, u32 end) {
    const Volume& volume = attempt.volume();
    const u32 per_block = volume.block_size / volume.inode_size;
    for (u32 block = (used + per_block - 1) / per_block; block * per_block < end; ++block)
        TRY(attempt.create(values.inode_table + block));
    return {};
}

Result<u32> take_inode(Attempt& attempt, u32 group, bool directory) {
    Volume& volume = attempt.volume();
    Group values = TRY(read_group(attempt, group));
    if (values.free_inodes == 0)
        return u32{0};
    const u32 reserved = group == 0 ? volume.first_inode - 1 : 0;
    u32 index;
    if (!values.has(group_flag::inodes_uninitialised)) {
        const std::span<const u8> bits = TRY(view_inode_bitmap(attempt, group, values));
        index = find_clear(bits, reserved, volume.inodes_per_group);
        if (index == volume.inodes_per_group)
            return attempt.damaged("ext4: group {} counts free inodes and has none", group);
    } else {
        index = reserved;
    }
    const std::span<u8> bits = TRY(edit_inode_bitmap(attempt, group, values));
    set_bit(bits, index);
    --values.free_inodes;
    if (directory)
        ++values.directories;
    const u32 used = volume.inodes_per_group - values.unused_inodes;
    if (index >= used) {
        if (!values.has(group_flag::table_zeroed))
            TRY(clear_table(attempt, values, used, index + 1));
        values.unused_inodes = volume.inodes_per_group - (index + 1);
    }
    TRY(write_group(attempt, group, values));
    return group * volume.inodes_per_group + index + 1;
}

} // namespace

Result<Inode> allocate_inode(Attempt& attempt, u32 parent, bool directory, bool top_level) {
    Volume& volume = attempt.volume();
    if (volume.free_inodes == 0)
        return Failure(Errno::nospc);
    const u32 parent_group = (parent - 1) / volume.inodes_per_group;
    u32 first = parent_group;
    if (directory && top_level)
        first = TRY(spread_group(attempt, parent_group));
    else if (directory)
        first = TRY(near_group(attempt, parent_group));
    else
        first = TRY(file_group(attempt, parent_group));
    for (u32 i = 0; i < volume.groups; ++i) {
        const u32 group = (first + i) % volume.groups;
        const u32 number = TRY(take_inode(attempt, group, directory));
        if (number == 0)
            continue;
        if (directory)
            attempt.hint_directory_group(group + 1);
        attempt.count_inodes(-1);
        const Inode inode = TRY(inode_place(attempt, number));
        InodeRecord* record = TRY(edit_record(attempt, inode));
        const u32 generation = attempt.services().random(attempt.services().home);
        __builtin_memset(static_cast<void*>(record), 0, volume.inode_size);
        record->generation = generation;
        if (volume.inode_size > small_inode_size)
            record->extra_size = wanted_extra_size <= volume.inode_size - small_inode_size
                                     ? wanted_extra_size
                                     : static_cast<u16>(volume.inode_size - small_inode_size);
        return inode;
    }
    return Failure(Errno::nospc);
}

Result<bool> is_inode_used(Attempt& attempt, u32 number) {
    const Volume& volume = attempt.volume();
    if (number == 0 || number > volume.inodes)
        return false;
    const u32 group = (number - 1) / volume.inodes_per_group;
    const Group values = TRY(read_group(attempt, group));
    if (values.has(group_flag::inodes_uninitialised))
        return false;
    return test_bit(TRY(view_inode_bitmap(attempt, group, values)),
                    (number - 1) % volume.inodes_per_group);
}

Result<> free_inode(Attempt& attempt, const Inode& inode, bool directory) {
    Volume& volume = attempt.volume();
    const u32 group = (inode.number - 1) / volume.inodes_per_group;
    const u32 index = (inode.number - 1) % volume.inodes_per_group;
    if (inode.number < volume.first_inode)
        return attempt.damaged("ext4: reserved inode {} is freed", inode.number);
    Group values = TRY(read_group(attempt, group));
    const std::span<u8> bits = TRY(edit_inode_bitmap(attempt, group, values));
    if (!test_bit(bits, index))
        return attempt.damaged("ext4: inode {} is freed but was free", inode.number);
    clear_bit(bits, index);
    ++values.free_inodes;
    if (directory && values.directories > 0)
        --values.directories;
    attempt.count_inodes(1);
    return write_group(attempt, group, values);
}

} // namespace ext4
