// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/names.h"

#include "components/fs/ext4/allocator.h"
#include "components/fs/ext4/directory.h"
#include "components/fs/ext4/extents.h"
#include "components/fs/ext4/links.h"
#include "components/fs/ext4/mapping.h"
#include "components/fs/ext4/orphans.h"

namespace ext4 {

Result<Inode> open_directory(Attempt& attempt, u64 number) {
    const Inode inode = TRY(live_inode(attempt, number));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (!is_directory(*record))
        return Failure(Errno::notdir);
    // No holes are allowed in a directory, so that it cannot be larger than the volume.
    if (directory_blocks(attempt.volume(), *record) > attempt.volume().blocks ||
        size_of(*record) % attempt.block_size() != 0)
        return attempt.damaged("ext4: directory {} has an impossible size", inode.number);
    return inode;
}

Result<Inode> open_for_change(Attempt& attempt, u64 number) {
    if (attempt.volume().read_only)
        return Failure(Errno::rofs);
    const Inode inode = TRY(open_directory(attempt, number));
    if ((TRY(view_record(attempt, inode)))->links == 0)
        return Failure(Errno::noent);
    return inode;
}

Result<Inode> named_inode(Attempt& attempt, u64 number) {
    if (number < attempt.volume().first_inode && number != root_inode)
        return attempt.damaged("ext4: a name for the reserved inode {}", number);
    const Inode inode = TRY(find_inode(attempt, number));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (record->links == 0 || record->mode == 0)
        return attempt.damaged("ext4: a name for the deleted inode {}", number);
    return inode;
}

Result<> touch_directory(Attempt& attempt, const Inode& directory) {
    const Volume& volume = attempt.volume();
    InodeRecord* record = TRY(edit_record(attempt, directory));
    const Timestamp now = attempt.now();
    set_time(volume, *record, TimeField::modify, now);
    set_time(volume, *record, TimeField::change, now);
    return {};
}

Result<FileSpace> space_of(Attempt& attempt, const Inode& inode) {
    const InodeRecord* record = TRY(view_record(attempt, inode));
    return FileSpace{size_of(*record), sectors_of(attempt.volume(), *record)};
}

namespace {

constexpr u32 max_links = 65000;

bool counts_many(const Volume& volume) {
    return volume.read_only_compatible & read_only_compatible::directory_links;
}

} // namespace

Result<> add_subdirectory(Attempt& attempt, const Inode& directory) {
    const Volume& volume = attempt.volume();
    InodeRecord* record = TRY(edit_record(attempt, directory));
    // 1 stands for "too many to count".
    if (record->links == 1 && counts_many(volume))
        return {};
    if (record->links >= max_links) {
        if (!counts_many(volume))
            return Failure(Errno::mlink);
        record->links = 1;
        return {};
    }
    ++record->links;
    return {};
}

Result<> remove_subdirectory(Attempt& attempt, const Inode& directory) {
    InodeRecord* record = TRY(edit_record(attempt, directory));
    if (record->links > 2)
        --record->links;
    return {};
}

Result<> drop_link(Attempt& attempt, const Inode& inode) {
    InodeRecord* record = TRY(edit_record(attempt, inode));
    set_time(attempt.volume(), *record, TimeField::change, attempt.now());
    if (is_directory(*record))
        record->links = 0;
    else if (record->links > 0)
        --record->links;
    if (record->links == 0)
        TRY(add_orphan(attempt, inode));
    return {};
}

Result<usize> list_directory(Attempt& attempt, u64 directory, u64 from, std::span<u8> buffer) {
    const Inode inode = TRY(open_directory(attempt, directory));
    // A removed directory that somebody still has open.
    if ((TRY(view_record(attempt, inode)))->links == 0)
        return usize{0};
    return read_directory(attempt, inode, from, buffer);
}

Result<FileAttributes> lookup(Attempt& attempt, u64 directory, std::string_view name) {
    const Inode parent = TRY(open_directory(attempt, directory));
    const EntryPlace place = TRY(find_entry(attempt, parent, name));
    const Inode inode = TRY(named_inode(attempt, place.inode));
    return attributes_of(attempt.volume(), inode.number, *TRY(view_record(attempt, inode)));
}

Result<u64> parent_of(Attempt& attempt, u64 directory) {
    const Inode inode = TRY(open_directory(attempt, directory));
    return u64{TRY(find_parent_entry(attempt, inode)).inode};
}

namespace {

u32 inherited_flags(const InodeRecord& parent, u16 type) {
    u32 flags = parent.flags & inode_flag::inherited;
    if (type == file_mode::regular)
        flags &= ~inode_flag::directory_sync;
    else if (type != file_mode::directory)
        flags &= inode_flag::no_dump | inode_flag::no_atime;
    return flags;
}

Result<> fill_record(Attempt& attempt, const Inode& inode, const Inode& parent,
                     const FileAttributes& wanted) {
    const Volume& volume = attempt.volume();
    InodeRecord* record = TRY(edit_record(attempt, inode));
    const InodeRecord* above = TRY(view_record(attempt, parent));
    record->mode = static_cast<u16>(wanted.mode);
    record->uid_low = static_cast<u16>(wanted.uid);
    record->uid_high = static_cast<u16>(wanted.uid >> 16);
    record->gid_low = static_cast<u16>(wanted.gid);
    record->gid_high = static_cast<u16>(wanted.gid >> 16);
    record->flags = inherited_flags(*above, type_of(*record));
    record->links = is_directory(*record) ? 2 : 1;
    const Timestamp now = attempt.now();
    for (TimeField field :
         {TimeField::access, TimeField::modify, TimeField::change, TimeField::create})
        set_time(volume, *record, field, now);
    const u16 type = type_of(*record);
    if (type == file_mode::character || type == file_mode::block)
        set_device(*record, wanted.device_major, wanted.device_minor);
    if ((is_regular(*record) || is_directory(*record)) && volume.has_extents()) {
        record->flags |= inode_flag::extents;
        make_extent_root(*record);
    }
    return {};
}

Result<> write_target(Attempt& attempt, const Inode& inode, std::string_view target) {
    const Volume& volume = attempt.volume();
    if (target.empty())
        return Failure(Errno::noent);
    if (target.size() >= volume.block_size)
        return Failure(Errno::nametoolong);
    InodeRecord* record = TRY(edit_record(attempt, inode));
    set_size(*record, target.size());
    if (target.size() < map_bytes) {
        __builtin_memcpy(record->block, target.data(), target.size());
        return {};
    }
    if (volume.has_extents()) {
        record->flags |= inode_flag::extents;
        make_extent_root(*record);
    }
    const FileExtent extent = TRY(allocate_mapping(attempt, inode, 0, 1, false));
    const std::span<u8> block = TRY(attempt.create(extent.physical));
    __builtin_memcpy(block.data(), target.data(), target.size());
    return {};
}

Result<Inode> new_inode(Attempt& attempt, const Inode& parent, const NewNode& node) {
    const InodeRecord* above = TRY(view_record(attempt, parent));
    const u16 type = node.attributes.mode & file_mode::type_mask;
    const bool directory = type == file_mode::directory;
    const bool top = parent.number == root_inode || (above->flags & inode_flag::top_directory);
    const Inode inode = TRY(allocate_inode(attempt, parent.number, directory, top));
    TRY(fill_record(attempt, inode, parent, node.attributes));
    if (directory)
        TRY(make_directory_block(attempt, inode, parent.number));
    if (type == file_mode::symlink)
        TRY(write_target(attempt, inode, node.target));
    return inode;
}

bool is_known_type(u32 mode) {
    switch (mode & file_mode::type_mask) {
    case file_mode::fifo:
    case file_mode::character:
    case file_mode::directory:
    case file_mode::block:
    case file_mode::regular:
    case file_mode::symlink:
    case file_mode::socket: return true;
    default: return false;
    }
}

Result<> must_be_absent(Attempt& attempt, const Inode& directory, std::string_view name) {
    auto found = find_entry(attempt, directory, name);
    if (found)
        return Failure(Errno::exist);
    if (found.error() != Errno::noent)
        return Failure(found.error());
    return {};
}

} // namespace

namespace {

// Publishes; the answer is what the inode has become. Nothing may fail after a publish.
Result<FileAttributes> publish_with(Attempt& attempt, const Inode& inode) {
    const FileAttributes attributes =
        attributes_of(attempt.volume(), inode.number, *TRY(view_record(attempt, inode)));
    TRY(attempt.publish(inode.number));
    return attributes;
}

} // namespace

Result<NamedInode> create(Attempt& attempt, u64 directory, std::string_view name,
                          const NewNode& node) {
    const Volume& volume = attempt.volume();
    const Inode parent = TRY(open_for_change(attempt, directory));
    if (name.empty() || !is_known_type(node.attributes.mode))
        return Failure(Errno::inval);
    TRY(must_be_absent(attempt, parent, name));
    const Inode inode = TRY(new_inode(attempt, parent, node));
    const u16 mode = static_cast<u16>(node.attributes.mode);
    TRY(insert_entry(attempt, parent, name, inode.number, entry_type(volume, mode)));
    if ((mode & file_mode::type_mask) == file_mode::directory)
        TRY(add_subdirectory(attempt, parent));
    TRY(touch_directory(attempt, parent));
    const FileSpace space = TRY(space_of(attempt, parent));
    return NamedInode{TRY(publish_with(attempt, inode)), space};
}

Result<FileAttributes> create_temporary(Attempt& attempt, u64 directory, const NewNode& node) {
    const Inode parent = TRY(open_for_change(attempt, directory));
    if ((node.attributes.mode & file_mode::type_mask) == file_mode::directory ||
        !is_known_type(node.attributes.mode))
        return Failure(Errno::inval);
    const Inode inode = TRY(new_inode(attempt, parent, node));
    (TRY(edit_record(attempt, inode)))->links = 0;
    TRY(add_orphan(attempt, inode));
    return publish_with(attempt, inode);
}

Result<NamedInode> link(Attempt& attempt, u64 directory, std::string_view name, u64 number) {
    const Volume& volume = attempt.volume();
    const Inode parent = TRY(open_for_change(attempt, directory));
    const Inode inode = TRY(live_inode(attempt, number));
    const InodeRecord* seen = TRY(view_record(attempt, inode));
    if (is_directory(*seen))
        return Failure(Errno::perm);
    if (seen->links >= max_links)
        return Failure(Errno::mlink);
    TRY(must_be_absent(attempt, parent, name));
    if (seen->links == 0)
        TRY(remove_orphan(attempt, inode));
    InodeRecord* record = TRY(edit_record(attempt, inode));
    ++record->links;
    set_time(volume, *record, TimeField::change, attempt.now());
    TRY(insert_entry(attempt, parent, name, inode.number, entry_type(volume, record->mode)));
    TRY(touch_directory(attempt, parent));
    const FileSpace space = TRY(space_of(attempt, parent));
    return NamedInode{TRY(publish_with(attempt, inode)), space};
}

Result<u64> unlink(Attempt& attempt, u64 directory, std::string_view name) {
    const Inode parent = TRY(open_for_change(attempt, directory));
    const EntryPlace place = TRY(find_entry(attempt, parent, name));
    const Inode inode = TRY(named_inode(attempt, place.inode));
    if (is_directory(*TRY(view_record(attempt, inode))))
        return Failure(Errno::isdir);
    TRY(remove_entry(attempt, parent, place));
    TRY(drop_link(attempt, inode));
    TRY(touch_directory(attempt, parent));
    TRY(attempt.publish(inode.number));
    return u64{inode.number};
}

Result<u64> remove_directory(Attempt& attempt, u64 directory, std::string_view name) {
    const Inode parent = TRY(open_for_change(attempt, directory));
    const EntryPlace place = TRY(find_entry(attempt, parent, name));
    const Inode inode = TRY(named_inode(attempt, place.inode));
    if (!is_directory(*TRY(view_record(attempt, inode))))
        return Failure(Errno::notdir);
    if (inode.number == root_inode || inode.number == parent.number)
        return Failure(Errno::busy);
    if (!TRY(is_empty_directory(attempt, inode)))
        return Failure(Errno::notempty);
    TRY(remove_entry(attempt, parent, place));
    TRY(drop_link(attempt, inode));
    TRY(remove_subdirectory(attempt, parent));
    TRY(touch_directory(attempt, parent));
    TRY(attempt.publish(inode.number));
    return u64{inode.number};
}

} // namespace ext4
