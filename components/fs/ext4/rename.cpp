// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/directory.h"
#include "components/fs/ext4/hash_tree.h"
#include "components/fs/ext4/links.h"
#include "components/fs/ext4/names.h"

namespace ext4 {

namespace {

// One side of a rename: the directory, and the entry and inode there, if any.
struct Side {
    Inode directory;
    EntryPlace place;
    Inode inode;
    u16 mode = 0;
    bool present = false;

    bool is_directory() const { return (mode & file_mode::type_mask) == file_mode::directory; }
};

Result<Side> look(Attempt& attempt, u64 directory, std::string_view name) {
    Side side;
    side.directory = TRY(open_for_change(attempt, directory));
    auto found = find_entry(attempt, side.directory, name);
    if (!found) {
        if (found.error() == Errno::noent)
            return side;
        return Failure(found.error());
    }
    side.place = *found;
    side.inode = TRY(named_inode(attempt, found->inode));
    side.mode = (TRY(view_record(attempt, side.inode)))->mode;
    side.present = true;
    return side;
}

// ".." of a directory that moved.
Result<> set_parent(Attempt& attempt, const Inode& directory, u32 parent) {
    const EntryPlace place = TRY(find_parent_entry(attempt, directory));
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const std::span<u8> block = uses_hash_tree(attempt.volume(), *record)
                                    ? TRY(edit_index(attempt, directory, place.block))
                                    : TRY(edit_leaf(attempt, directory, place.block));
    record_at<DirectoryEntry>(block, place.offset)->inode = parent;
    return {};
}

Result<> touch_inode(Attempt& attempt, const Inode& inode) {
    InodeRecord* record = TRY(edit_record(attempt, inode));
    set_time(attempt.volume(), *record, TimeField::change, attempt.now());
    return {};
}

Result<> exchange(Attempt& attempt, const Side& from, const Side& to) {
    const Volume& volume = attempt.volume();
    TRY(replace_entry(attempt, from.directory, from.place, to.inode.number,
                      entry_type(volume, to.mode)));
    TRY(replace_entry(attempt, to.directory, to.place, from.inode.number,
                      entry_type(volume, from.mode)));
    TRY(touch_inode(attempt, from.inode));
    TRY(touch_inode(attempt, to.inode));
    if (from.directory.number == to.directory.number)
        return {};
    if (from.is_directory())
        TRY(set_parent(attempt, from.inode, to.directory.number));
    if (to.is_directory())
        TRY(set_parent(attempt, to.inode, from.directory.number));
    if (from.is_directory() == to.is_directory())
        return {};
    TRY(add_subdirectory(attempt, from.is_directory() ? to.directory : from.directory));
    return remove_subdirectory(attempt, from.is_directory() ? from.directory : to.directory);
}

Result<> check_replace(Attempt& attempt, const Side& from, const Side& to) {
    if (from.is_directory() && !to.is_directory())
        return Failure(Errno::notdir);
    if (!from.is_directory() && to.is_directory())
        return Failure(Errno::isdir);
    if (to.inode.number == root_inode)
        return Failure(Errno::busy);
    if (to.is_directory() && !TRY(is_empty_directory(attempt, to.inode)))
        return Failure(Errno::notempty);
    return {};
}

Result<> move(Attempt& attempt, const Rename& what, const Side& from, const Side& to) {
    const u8 type = entry_type(attempt.volume(), from.mode);
    if (to.present) {
        TRY(check_replace(attempt, from, to));
        TRY(replace_entry(attempt, to.directory, to.place, from.inode.number, type));
        TRY(drop_link(attempt, to.inode));
        if (to.is_directory())
            TRY(remove_subdirectory(attempt, to.directory));
    } else {
        TRY(insert_entry(attempt, to.directory, what.to, from.inode.number, type));
    }
    // The insertion may have moved the old entry about.
    const EntryPlace old = TRY(find_entry(attempt, from.directory, what.from));
    TRY(remove_entry(attempt, from.directory, old));
    TRY(touch_inode(attempt, from.inode));
    if (!from.is_directory() || from.directory.number == to.directory.number)
        return {};
    TRY(set_parent(attempt, from.inode, to.directory.number));
    TRY(remove_subdirectory(attempt, from.directory));
    return add_subdirectory(attempt, to.directory);
}

} // namespace

Result<Renamed> rename(Attempt& attempt, const Rename& what) {
    using component::RenameFlags;
    const Side from = TRY(look(attempt, what.from_directory, what.from));
    const Side to = TRY(look(attempt, what.to_directory, what.to));
    if (!from.present)
        return Failure(Errno::noent);
    if (what.to.empty())
        return Failure(Errno::inval);
    if (what.flags == RenameFlags::no_replace && to.present)
        return Failure(Errno::exist);
    if (what.flags == RenameFlags::exchange && !to.present)
        return Failure(Errno::noent);
    if (to.present && to.inode.number == from.inode.number)
        return Renamed{0, TRY(space_of(attempt, to.directory))};
    if (what.flags == RenameFlags::exchange)
        TRY(exchange(attempt, from, to));
    else
        TRY(move(attempt, what, from, to));
    TRY(touch_directory(attempt, from.directory));
    if (to.directory.number != from.directory.number)
        TRY(touch_directory(attempt, to.directory));
    const FileSpace space = TRY(space_of(attempt, to.directory));
    const bool replaced = to.present && what.flags != RenameFlags::exchange;
    const u64 victim = replaced ? to.inode.number : 0;
    TRY(attempt.publish(victim));
    return Renamed{victim, space};
}

} // namespace ext4
