// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/files.h"

#include "components/fs/ext4/allocator.h"
#include "components/fs/ext4/extents.h"
#include "components/fs/ext4/mapping.h"
#include "components/fs/ext4/mount.h"
#include "components/fs/ext4/orphans.h"
#include "components/fs/ext4/xattr.h"

namespace ext4 {

namespace {

using namespace component;

Result<> check_writable(const Attempt&, const Volume& volume) {
    if (volume.read_only)
        return Failure(Errno::rofs);
    return {};
}

u64 max_size(const Volume& volume) { return volume_info(volume).max_file_size; }

void apply(const Volume& volume, InodeRecord& record, const FileAttributes& wanted, u32 mask) {
    if (mask & attribute::mode)
        record.mode = static_cast<u16>(type_of(record) | (wanted.mode & 07777));
    if (mask & attribute::uid) {
        record.uid_low = static_cast<u16>(wanted.uid);
        record.uid_high = static_cast<u16>(wanted.uid >> 16);
    }
    if (mask & attribute::gid) {
        record.gid_low = static_cast<u16>(wanted.gid);
        record.gid_high = static_cast<u16>(wanted.gid >> 16);
    }
    if (mask & attribute::access)
        set_time(volume, record, TimeField::access, wanted.access);
    if (mask & attribute::modify)
        set_time(volume, record, TimeField::modify, wanted.modify);
    if (mask & attribute::change)
        set_time(volume, record, TimeField::change, wanted.change);
    if (mask & attribute::flags) {
        // What chattr may set; the rest describes how the inode is stored.
        constexpr u32 settable = 0x1 | 0x2 | 0x4 | inode_flag::sync | inode_flag::immutable |
                                 inode_flag::append_only | inode_flag::no_dump |
                                 inode_flag::no_atime | inode_flag::directory_sync |
                                 inode_flag::top_directory;
        record.flags = (record.flags & ~settable) | (wanted.flags & settable);
    }
}

// The last step is the caller's to publish.
Result<> resize(Attempt& attempt, const Inode& inode, u64 size) {
    const Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (is_directory(*record))
        return Failure(Errno::isdir);
    if (!is_regular(*record))
        return Failure(Errno::inval);
    if (size > max_size(volume))
        return Failure(Errno::fbig);
    TRY(note_large_file(attempt, size));
    // Blocks past an unchanged size go too: preallocated ones, or those of an interrupted attempt.
    const bool grows = size > size_of(*record);
    InodeRecord* edited = TRY(edit_record(attempt, inode));
    set_size(*edited, size);
    if (grows)
        return {};
    TRY(add_orphan(attempt, inode));
    TRY(attempt.publish(0, false));
    return finish_truncate(attempt, inode);
}

} // namespace

Result<FileAttributes> get_attributes(Attempt& attempt, u64 number) {
    const Inode inode = TRY(live_inode(attempt, number));
    return attributes_of(attempt.volume(), inode.number, *TRY(view_record(attempt, inode)));
}

Result<FileAttributes> set_attributes(Attempt& attempt, u64 number, const FileAttributes& wanted,
                                      u32 mask) {
    const Volume& volume = attempt.volume();
    TRY(check_writable(attempt, volume));
    const Inode inode = TRY(live_inode(attempt, number));
    apply(volume, *TRY(edit_record(attempt, inode)), wanted, mask);
    if (mask & attribute::size)
        TRY(resize(attempt, inode, wanted.size));
    if ((mask & attribute::grow_size) && wanted.size > size_of(*TRY(view_record(attempt, inode)))) {
        TRY(note_large_file(attempt, wanted.size));
        set_size(*TRY(edit_record(attempt, inode)), wanted.size);
    }
    const FileAttributes attributes =
        attributes_of(volume, inode.number, *TRY(view_record(attempt, inode)));
    TRY(attempt.publish());
    return attributes;
}

Result<usize> read_link(Attempt& attempt, u64 number, std::span<u8> buffer) {
    const Volume& volume = attempt.volume();
    const Inode inode = TRY(live_inode(attempt, number));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (!is_symlink(*record))
        return Failure(Errno::inval);
    const u64 size = size_of(*record);
    std::span<const u8> text(reinterpret_cast<const u8*>(record->block), map_bytes);
    if (!is_short_symlink(volume, *record)) {
        const u64 block = TRY(metadata_block(attempt, inode, 0));
        text = TRY(attempt.view(block));
    }
    if (size == 0 || size >= text.size() + (text.size() > map_bytes ? 1 : 0))
        return attempt.damaged("ext4: symlink {} has an impossible length", inode.number);
    const usize count = size < buffer.size() ? size : buffer.size();
    __builtin_memcpy(buffer.data(), text.data(), count);
    return static_cast<usize>(size);
}

Result<FileExtent> map_file(Attempt& attempt, u64 number, u64 from) {
    const Inode inode = TRY(live_inode(attempt, number));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (!has_block_map(attempt.volume(), *record))
        return Failure(Errno::inval);
    return map_block(attempt, inode, from);
}

Result<FileExtent> grant(Attempt& attempt, u64 number, const GrantRequest& request) {
    const Volume& volume = attempt.volume();
    TRY(check_writable(attempt, volume));
    if (request.count == 0 || request.from + request.count > volume.max_logical())
        return Failure(Errno::fbig);
    const Inode inode = TRY(live_inode(attempt, number));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (!is_regular(*record))
        return Failure(Errno::inval);
    attempt.use_promised();
    const u64 old_size = size_of(*record);
    FileExtent extent = TRY(map_block(attempt, inode, request.from));
    bool changed = false;
    if (extent.kind == FileExtent::Kind::hole) {
        extent = TRY(allocate_mapping(attempt, inode, request.from, request.count, false));
        changed = true;
    } else {
        extent.length = extent.length < request.count ? extent.length : request.count;
    }
    if (extent.kind == FileExtent::Kind::unwritten) {
        TRY(convert_extent(attempt, inode, extent.logical, extent.length, false));
        extent.kind = FileExtent::Kind::mapped;
        changed = true;
    }
    // The size follows only as far as blocks are there.
    u64 size = (extent.logical + extent.length) << volume.block_shift;
    size = size < request.size ? size : request.size;
    if (size > old_size) {
        TRY(note_large_file(attempt, size));
        set_size(*TRY(edit_record(attempt, inode)), size);
        changed = true;
    }
    if (changed)
        TRY(attempt.publish(extent.physical));
    return extent;
}

Result<FileExtent> granted(Attempt& attempt, u64 number, u64 from, u32 count) {
    FileExtent extent = TRY(map_file(attempt, number, from));
    extent.length = extent.length < count ? extent.length : count;
    return extent;
}

Result<> mark_written(Attempt& attempt, u64 number, u64 from, u32 count) {
    TRY(check_writable(attempt, attempt.volume()));
    const Inode inode = TRY(live_inode(attempt, number));
    if (!uses_extents(*TRY(view_record(attempt, inode))))
        return {};
    while (count != 0) {
        FileExtent extent = TRY(map_block(attempt, inode, from));
        const u32 step = extent.length < count ? extent.length : count;
        if (extent.kind == FileExtent::Kind::unwritten)
            TRY(convert_extent(attempt, inode, from, step, false));
        from += step;
        count -= step;
    }
    return attempt.publish();
}

Result<> preallocate(Attempt& attempt, u64 number, u64 from, u64 to, u64 size) {
    const Volume& volume = attempt.volume();
    TRY(check_writable(attempt, volume));
    if (to > volume.max_logical() || size > max_size(volume))
        return Failure(Errno::fbig);
    const Inode inode = TRY(live_inode(attempt, number));
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (!is_regular(*record))
        return Failure(Errno::inval);
    // A block map cannot say that blocks are unwritten.
    if (!uses_extents(*record))
        return Failure(Errno::opnotsupp);
    while (from < to) {
        FileExtent extent = TRY(map_block(attempt, inode, from));
        if (extent.kind == FileExtent::Kind::hole) {
            const u64 left = to - from < extent.length ? to - from : extent.length;
            extent = TRY(allocate_mapping(attempt, inode, from, static_cast<u32>(left), true));
            TRY(attempt.publish(0, false));
        }
        from += extent.length;
    }
    if (size > size_of(*TRY(view_record(attempt, inode)))) {
        TRY(note_large_file(attempt, size));
        InodeRecord* edited = TRY(edit_record(attempt, inode));
        set_size(*edited, size);
    }
    set_time(volume, *TRY(edit_record(attempt, inode)), TimeField::change, attempt.now());
    return attempt.publish();
}

Result<> punch(Attempt& attempt, u64 number, u64 from, u64 to) {
    TRY(check_writable(attempt, attempt.volume()));
    const Inode inode = TRY(live_inode(attempt, number));
    if (!is_regular(*TRY(view_record(attempt, inode))))
        return Failure(Errno::inval);
    const u64 limit = attempt.volume().max_logical();
    TRY(remove_mapping(attempt, inode, from, to < limit ? to : limit));
    InodeRecord* record = TRY(edit_record(attempt, inode));
    set_time(attempt.volume(), *record, TimeField::change, attempt.now());
    set_time(attempt.volume(), *record, TimeField::modify, attempt.now());
    return attempt.publish();
}

Result<> finish_truncate(Attempt& attempt, const Inode& inode) {
    const Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (has_block_map(volume, *record)) {
        const u64 first = (size_of(*record) + volume.block_size - 1) >> volume.block_shift;
        TRY(remove_mapping(attempt, inode, first, volume.max_logical()));
    }
    return remove_orphan(attempt, inode);
}

Result<> delete_inode(Attempt& attempt, const Inode& inode) {
    const Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, inode));
    const bool directory = is_directory(*record);
    if (has_block_map(volume, *record))
        TRY(remove_mapping(attempt, inode, 0, volume.max_logical()));
    TRY(drop_xattr_block(attempt, inode));
    TRY(remove_orphan(attempt, inode));
    TRY(free_inode(attempt, inode, directory));
    InodeRecord* edited = TRY(edit_record(attempt, inode));
    edited->delete_time = static_cast<u32>(attempt.now().seconds);
    edited->links = 0;
    set_size(*edited, 0);
    return attempt.publish();
}

Result<> evict(Attempt& attempt, u64 number) {
    TRY(check_writable(attempt, attempt.volume()));
    const Inode inode = TRY(live_inode(attempt, number));
    if ((TRY(view_record(attempt, inode)))->links != 0)
        return {};
    return delete_inode(attempt, inode);
}

} // namespace ext4
