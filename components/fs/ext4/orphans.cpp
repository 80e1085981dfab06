// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/orphans.h"

#include "components/fs/ext4/files.h"
#include "components/fs/ext4/mount.h"

namespace ext4 {

Result<> add_orphan(Attempt& attempt, const Inode& inode) {
    const Superblock* seen = TRY(view_superblock(attempt));
    // Only the last one on the list has 0 behind it, as an inode on no list has.
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (seen->last_orphan == inode.number || record->delete_time != 0)
        return {};
    Superblock* super = TRY(edit_superblock(attempt));
    InodeRecord* edited = TRY(edit_record(attempt, inode));
    edited->delete_time = super->last_orphan;
    super->last_orphan = inode.number;
    return {};
}

Result<> remove_orphan(Attempt& attempt, const Inode& inode) {
    const Superblock* seen = TRY(view_superblock(attempt));
    u32 number = seen->last_orphan;
    if (number == 0)
        return {};
    const u32 next = (TRY(view_record(attempt, inode)))->delete_time;
    if (number == inode.number) {
        TRY(edit_superblock(attempt))->last_orphan = next;
        TRY(edit_record(attempt, inode))->delete_time = 0;
        return {};
    }
    for (u32 steps = 0; steps < attempt.volume().inodes; ++steps) {
        const Inode at = TRY(find_inode(attempt, number));
        const InodeRecord* record = TRY(view_record(attempt, at));
        number = record->delete_time;
        if (number == inode.number) {
            TRY(edit_record(attempt, at))->delete_time = next;
            TRY(edit_record(attempt, inode))->delete_time = 0;
            return {};
        }
        if (number == 0)
            return {};
    }
    return attempt.damaged("ext4: the orphan list has a loop");
}

Result<> release_orphans(Attempt& attempt) {
    Volume& volume = attempt.volume();
    u32 released = 0;
    for (; released <= volume.inodes; ++released) {
        const u32 number = (TRY(view_superblock(attempt)))->last_orphan;
        if (number == 0)
            break;
        if (number < volume.first_inode || number > volume.inodes)
            return attempt.damaged("ext4: inode {} on the orphan list", number);
        const Inode inode = TRY(find_inode(attempt, number));
        const InodeRecord* record = TRY(view_record(attempt, inode));
        if (record->links == 0) {
            TRY(delete_inode(attempt, inode));
        } else {
            TRY(finish_truncate(attempt, inode));
            TRY(attempt.publish());
        }
        if ((TRY(view_superblock(attempt)))->last_orphan == number)
            return attempt.damaged("ext4: inode {} stays on the orphan list", number);
    }
    if (released)
        attempt.report("ext4: finished with {} orphaned inodes", released);
    return {};
}

} // namespace ext4
