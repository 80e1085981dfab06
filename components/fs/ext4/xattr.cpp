// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/xattr.h"

#include "components/fs/ext4/allocator.h"
#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/xattr_store.h"

namespace ext4 {

namespace {

// Access control lists (2 and 3) are neither shown nor taken, as on a Linux built without them: an
// attribute stored like any other would not have the effect its setter relies on.
struct Prefix {
    u8 index;
    std::string_view text;
};
constexpr Prefix prefixes[] = {
    {1, "user."},
    {4, "trusted."},
    {6, "security."},
};

Result<XattrName> parse(std::string_view name) {
    for (const Prefix& prefix : prefixes) {
        if (!name.starts_with(prefix.text))
            continue;
        std::string_view rest = name;
        rest.remove_prefix(prefix.text.size());
        if (rest.empty())
            return Failure(Errno::inval);
        if (rest.size() > max_name_length)
            return Failure(Errno::range);
        return XattrName{prefix.index, rest};
    }
    return Failure(Errno::opnotsupp);
}

std::string_view prefix_of(u8 index) {
    for (const Prefix& prefix : prefixes)
        if (prefix.index == index)
            return prefix.text;
    return {};
}

// Where the attributes in the inode begin: behind the extra fields and a magic word.
u32 body_offset(const InodeRecord& record) {
    return small_inode_size + record.extra_size + static_cast<u32>(sizeof(u32));
}

bool has_body(const Volume& volume, const InodeRecord& record) {
    return volume.inode_size > small_inode_size &&
           body_offset(record) + sizeof(XattrEntry) <= volume.inode_size;
}

u32& body_magic(InodeRecord& record) {
    return *reinterpret_cast<u32*>(reinterpret_cast<u8*>(&record) + body_offset(record) -
                                   sizeof(u32));
}

// The attributes in the inode, or an empty span.
Result<std::span<const u8>> view_body(Attempt& attempt, const Inode& inode) {
    const Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, inode));
    if (!has_body(volume, *record) || body_magic(const_cast<InodeRecord&>(*record)) != xattr_magic)
        return std::span<const u8>();
    const u32 offset = body_offset(*record);
    const std::span<const u8> bytes(reinterpret_cast<const u8*>(record) + offset,
                                    volume.inode_size - offset);
    if (!XattrStore::is_sound(bytes, 0))
        return attempt.damaged("ext4: broken attributes in inode {}", inode.number);
    return bytes;
}

Result<std::span<u8>> edit_body(Attempt& attempt, const Inode& inode) {
    const Volume& volume = attempt.volume();
    TRY(view_body(attempt, inode));
    InodeRecord* record = TRY(edit_record(attempt, inode));
    if (!has_body(volume, *record))
        return std::span<u8>();
    const u32 offset = body_offset(*record);
    u8* begin = reinterpret_cast<u8*>(record) + offset;
    if (body_magic(*record) != xattr_magic) {
        body_magic(*record) = xattr_magic;
        __builtin_memset(begin, 0, volume.inode_size - offset);
    }
    return std::span<u8>(begin, volume.inode_size - offset);
}

Result<std::span<const u8>> view_block(Attempt& attempt, const Inode& inode) {
    const Volume& volume = attempt.volume();
    const u64 block = xattr_block_of(*TRY(view_record(attempt, inode)));
    if (block == 0)
        return std::span<const u8>();
    const component::MetadataView view = TRY(attempt.view_raw(block));
    const std::span<const u8> bytes(view.data, volume.block_size);
    const auto* header = record_at<XattrHeader>(bytes, 0);
    if (header->magic != xattr_magic || header->blocks != 1 || header->references == 0 ||
        !XattrStore::is_sound(bytes, sizeof(XattrHeader)))
        return attempt.damaged("ext4: broken attribute block of inode {}", inode.number);
    if (view.checked == static_cast<u32>(BlockKind::xattr)) [[likely]]
        return bytes;
    if (volume.has_checksums()) {
        constexpr usize at = __builtin_offsetof(XattrHeader, checksum);
        u32 sum = crc32c(crc32c_of(volume.checksum_seed, block), bytes.first(at));
        sum = crc32c(crc32c_of(sum, u32{0}), bytes.subspan(at + sizeof(u32)));
        if (sum != header->checksum)
            return attempt.damaged("ext4: wrong checksum in the attributes of inode {}",
                                   inode.number);
    }
    attempt.mark_checked(block, BlockKind::xattr);
    return bytes;
}

void set_xattr_block(InodeRecord& record, u64 block) {
    record.xattr_block_low = static_cast<u32>(block);
    record.xattr_block_high = static_cast<u16>(block >> 32);
}

// The inode's own attribute block to write on: made, or copied from a shared one, if need be.
Result<std::span<u8>> edit_block(Attempt& attempt, const Inode& inode) {
    const std::span<const u8> seen = TRY(view_block(attempt, inode));
    const u64 old = xattr_block_of(*TRY(view_record(attempt, inode)));
    if (!seen.empty() && record_at<XattrHeader>(seen, 0)->references == 1)
        return attempt.edit(old, BlockKind::xattr);
    const u64 fresh = TRY(allocate_block(attempt, block_goal(attempt.volume(), inode.number)));
    const std::span<u8> bytes = TRY(attempt.create(fresh, BlockKind::xattr));
    if (seen.empty()) {
        *record_at<XattrHeader>(bytes, 0) = {xattr_magic, 1, 1, 0, 0, {}};
        TRY(add_blocks(attempt, inode, 1));
    } else {
        __builtin_memcpy(bytes.data(), TRY(attempt.view(old)).data(), bytes.size());
        record_at<XattrHeader>(bytes, 0)->references = 1;
        const std::span<u8> shared = TRY(attempt.edit(old, BlockKind::xattr));
        --record_at<XattrHeader>(shared, 0)->references;
    }
    set_xattr_block(*TRY(edit_record(attempt, inode)), fresh);
    return bytes;
}

Result<usize> copy_value(std::span<const u8> value, std::span<u8> buffer) {
    if (buffer.empty())
        return value.size();
    if (value.size() > buffer.size())
        return Failure(Errno::range);
    if (!value.empty())
        __builtin_memcpy(buffer.data(), value.data(), value.size());
    return value.size();
}

// Takes the attribute out of wherever it is: whether it was there.
Result<bool> take_out(Attempt& attempt, const Inode& inode, const XattrName& name) {
    const std::span<const u8> body = TRY(view_body(attempt, inode));
    if (!body.empty() && XattrStore::find(body, 0, name) >= 0) {
        XattrStore::remove(TRY(edit_body(attempt, inode)), 0, name);
        return true;
    }
    const std::span<const u8> block = TRY(view_block(attempt, inode));
    constexpr u32 first = sizeof(XattrHeader);
    if (block.empty() || XattrStore::find(block, first, name) < 0)
        return false;
    if (XattrStore::count(block, first) == 1) {
        TRY(drop_xattr_block(attempt, inode));
        return true;
    }
    const std::span<u8> bytes = TRY(edit_block(attempt, inode));
    XattrStore::remove(bytes, first, name);
    XattrStore::hash_block(bytes);
    return true;
}

Result<> put_in(Attempt& attempt, const Inode& inode, const XattrName& name,
                std::span<const u8> value) {
    const std::span<u8> body = TRY(edit_body(attempt, inode));
    if (!body.empty() && XattrStore::insert(body, 0, name, value))
        return {};
    const std::span<u8> block = TRY(edit_block(attempt, inode));
    if (!XattrStore::insert(block, sizeof(XattrHeader), name, value))
        return Failure(Errno::nospc);
    XattrStore::hash_block(block);
    return {};
}

Result<FileAttributes> finish(Attempt& attempt, const Inode& inode) {
    InodeRecord* record = TRY(edit_record(attempt, inode));
    set_time(attempt.volume(), *record, TimeField::change, attempt.now());
    const FileAttributes attributes = attributes_of(attempt.volume(), inode.number, *record);
    TRY(attempt.publish());
    return attributes;
}

// Adds the names of one store to the list; `used` grows also when nothing is copied.
Result<> list_store(std::span<const u8> store, u32 first, std::span<u8> buffer, usize& used) {
    for (XattrWalk walk(store, first); walk.next();) {
        const std::string_view prefix = prefix_of(walk.entry().name_index);
        if (prefix.empty())
            continue;
        const std::string_view rest = walk.name();
        const usize size = prefix.size() + rest.size() + 1;
        if (!buffer.empty()) {
            if (buffer.size() - used < size)
                return Failure(Errno::range);
            u8* at = buffer.data() + used;
            __builtin_memcpy(at, prefix.data(), prefix.size());
            __builtin_memcpy(at + prefix.size(), rest.data(), rest.size());
            at[size - 1] = 0;
        }
        used += size;
    }
    return {};
}

} // namespace

Result<usize> get_xattr(Attempt& attempt, u64 number, std::string_view full, std::span<u8> buffer) {
    const XattrName name = TRY(parse(full));
    const Inode inode = TRY(live_inode(attempt, number));
    const std::span<const u8> body = TRY(view_body(attempt, inode));
    if (!body.empty())
        if (const i32 at = XattrStore::find(body, 0, name); at >= 0)
            return copy_value(XattrStore::value(body, 0, static_cast<u32>(at)), buffer);
    const std::span<const u8> block = TRY(view_block(attempt, inode));
    constexpr u32 first = sizeof(XattrHeader);
    if (!block.empty())
        if (const i32 at = XattrStore::find(block, first, name); at >= 0)
            return copy_value(XattrStore::value(block, first, static_cast<u32>(at)), buffer);
    return Failure(Errno::nodata);
}

Result<usize> list_xattr(Attempt& attempt, u64 number, std::span<u8> buffer) {
    const Inode inode = TRY(live_inode(attempt, number));
    usize used = 0;
    TRY(list_store(TRY(view_body(attempt, inode)), 0, buffer, used));
    TRY(list_store(TRY(view_block(attempt, inode)), sizeof(XattrHeader), buffer, used));
    return used;
}

Result<FileAttributes> set_xattr(Attempt& attempt, u64 number, std::string_view full,
                                 std::span<const u8> value, XattrMode mode) {
    if (attempt.volume().read_only)
        return Failure(Errno::rofs);
    const XattrName name = TRY(parse(full));
    const Inode inode = TRY(live_inode(attempt, number));
    if (value.size() > attempt.block_size())
        return Failure(Errno::nospc);
    const bool was_there = TRY(take_out(attempt, inode, name));
    if (was_there && mode == XattrMode::create)
        return Failure(Errno::exist);
    if (!was_there && mode == XattrMode::replace)
        return Failure(Errno::nodata);
    TRY(put_in(attempt, inode, name, value));
    return finish(attempt, inode);
}

Result<FileAttributes> remove_xattr(Attempt& attempt, u64 number, std::string_view full) {
    if (attempt.volume().read_only)
        return Failure(Errno::rofs);
    const XattrName name = TRY(parse(full));
    const Inode inode = TRY(live_inode(attempt, number));
    if (!TRY(take_out(attempt, inode, name)))
        return Failure(Errno::nodata);
    return finish(attempt, inode);
}

Result<> drop_xattr_block(Attempt& attempt, const Inode& inode) {
    const u64 block = xattr_block_of(*TRY(view_record(attempt, inode)));
    if (block == 0)
        return {};
    const std::span<const u8> bytes = TRY(view_block(attempt, inode));
    if (record_at<XattrHeader>(bytes, 0)->references > 1) {
        const std::span<u8> shared = TRY(attempt.edit(block, BlockKind::xattr));
        --record_at<XattrHeader>(shared, 0)->references;
    } else {
        TRY(free_blocks(attempt, {block, 1}, component::FreedKind::metadata));
    }
    set_xattr_block(*TRY(edit_record(attempt, inode)), 0);
    return add_blocks(attempt, inode, -1);
}

} // namespace ext4
