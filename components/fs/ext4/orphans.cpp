// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/orphans.h"

#include "components/fs/ext4/allocator.h"
#include "components/fs/ext4/files.h"
#include "components/fs/ext4/mount.h"

namespace ext4 {

namespace {

void give_hint(Volume& volume, u32 inode, u32 before) {
    volume.orphan_hints[inode % Volume::orphan_hint_count] = {inode, before};
}

// The number that the hint has, if it stands before the orphan; 0: look for it.
Result<u32> hinted(Attempt& attempt, u32 number) {
    const Volume::OrphanHint hint =
        attempt.volume().orphan_hints[number % Volume::orphan_hint_count];
    // On an inode that is free delete_time is a time; one in use that has any is on the list.
    if (hint.inode != number || !TRY(is_inode_used(attempt, hint.before)))
        return u32{0};
    const Inode before = TRY(find_inode(attempt, hint.before));
    return (TRY(view_record(attempt, before)))->delete_time == number ? hint.before : u32{0};
}

// Who stands before an inode on the list that begins with another one; 0: it is not there.
Result<u32> find_before(Attempt& attempt, u32 number, u32 first) {
    if (const u32 before = TRY(hinted(attempt, number)); before != 0)
        return before;
    Volume& volume = attempt.volume();
    u32 at = first;
    for (u32 steps = 0; steps < volume.inodes; ++steps) {
        const u32 next = (TRY(view_record(attempt, TRY(find_inode(attempt, at)))))->delete_time;
        if (next == number || next == 0)
            return next == 0 ? u32{0} : at;
        give_hint(volume, next, at);
        at = next;
    }
    return attempt.damaged("ext4: the orphan list has a loop");
}

} // namespace

Result<> add_orphan(Attempt& attempt, const Inode& inode) {
    const Superblock* seen = TRY(view_superblock(attempt));
    // Only the last one on the list has 0 behind it, as an inode on no list has.
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (seen->last_orphan == inode.number || record->delete_time != 0)
        return {};
    Superblock* super = TRY(edit_superblock(attempt));
    InodeRecord* edited = TRY(edit_record(attempt, inode));
    edited->delete_time = super->last_orphan;
    if (super->last_orphan != 0)
        give_hint(attempt.volume(), super->last_orphan, inode.number);
    super->last_orphan = inode.number;
    return {};
}

Result<> remove_orphan(Attempt& attempt, const Inode& inode) {
    const u32 first = (TRY(view_superblock(attempt)))->last_orphan;
    if (first == 0)
        return {};
    const u32 next = (TRY(view_record(attempt, inode)))->delete_time;
    if (first == inode.number) {
        TRY(edit_superblock(attempt))->last_orphan = next;
    } else {
        const u32 before = TRY(find_before(attempt, inode.number, first));
        if (before == 0)
            return {};
        TRY(edit_record(attempt, TRY(find_inode(attempt, before))))->delete_time = next;
        if (next != 0)
            give_hint(attempt.volume(), next, before);
    }
    TRY(edit_record(attempt, inode))->delete_time = 0;
    return {};
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
