// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/directory.h"

#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/hash_tree.h"
#include "components/fs/ext4/mapping.h"

namespace ext4 {

bool EntryWalk::next() {
    if (broken_ || following_ >= block_.size())
        return false;
    previous_ = offset_;
    offset_ = following_;
    const DirectoryEntry* entry = record_at<DirectoryEntry>(block_, offset_);
    if (!entry || entry->length < sizeof(DirectoryEntry) || entry->length % 4 != 0 ||
        entry->length > block_.size() - offset_ ||
        sizeof(DirectoryEntry) + entry->name_length > entry->length) {
        broken_ = true;
        return false;
    }
    entry_ = entry;
    following_ = offset_ + entry->length;
    return true;
}

namespace {

const DirectoryTail* tail_of(const Volume& volume, std::span<const u8> bytes) {
    const auto* tail = record_at<DirectoryTail>(bytes, volume.block_size - sizeof(DirectoryTail));
    const bool is_tail = tail->inode == 0 && tail->length == sizeof(DirectoryTail) &&
                         tail->name_length == 0 && tail->type == directory_tail_type;
    return is_tail ? tail : nullptr;
}

Result<u64> seed_of(Attempt& attempt, const Inode& directory) {
    const InodeRecord* record = TRY(view_record(attempt, directory));
    return u64{inode_seed(attempt.volume(), directory.number, *record)};
}

Failure broken_block(Attempt& attempt, const Inode& directory, u64 block) {
    return attempt.damaged("ext4: broken entry in block {} of directory {}", block,
                           directory.number);
}

} // namespace

Result<std::span<const u8>> view_leaf(Attempt& attempt, const Inode& directory, u64 block) {
    const Volume& volume = attempt.volume();
    const component::MetadataView view = TRY(attempt.view_raw(block));
    const std::span<const u8> bytes(view.data, volume.block_size);
    if (view.checked == static_cast<u32>(BlockKind::directory)) [[likely]]
        return bytes;
    if (volume.has_checksums()) {
        const DirectoryTail* tail = tail_of(volume, bytes);
        const u32 seed = static_cast<u32>(TRY(seed_of(attempt, directory)));
        if (!tail || tail->checksum != crc32c(seed, bytes.first(bytes.size() - sizeof(*tail))))
            return attempt.damaged("ext4: wrong checksum in block {} of directory {}", block,
                                   directory.number);
    }
    attempt.mark_checked(block, BlockKind::directory);
    return bytes;
}

Result<std::span<u8>> edit_leaf(Attempt& attempt, const Inode& directory, u64 block) {
    return attempt.edit(block, BlockKind::directory, TRY(seed_of(attempt, directory)));
}

Result<std::span<u8>> create_leaf(Attempt& attempt, const Inode& directory, u64 block) {
    return attempt.create(block, BlockKind::directory, TRY(seed_of(attempt, directory)));
}

void format_leaf(const Volume& volume, std::span<u8> block) {
    auto* entry = record_at<DirectoryEntry>(block, 0);
    *entry = {0, static_cast<u16>(entry_room(volume)), 0, 0};
    if (volume.has_checksums())
        *record_at<DirectoryTail>(block, entry_room(volume)) = {0, sizeof(DirectoryTail), 0,
                                                                directory_tail_type, 0};
}

Result<EntryPlace> find_in_block(Attempt& attempt, const Inode& directory, u64 logical, u64 block,
                                 std::string_view name) {
    const std::span<const u8> bytes = TRY(view_leaf(attempt, directory, block));
    EntryWalk walk(bytes);
    while (walk.next()) {
        const DirectoryEntry& entry = walk.entry();
        if (entry.inode == 0 || entry.name_length != name.size() ||
            __builtin_memcmp(&entry + 1, name.data(), name.size()) != 0)
            continue;
        return EntryPlace{block,         logical,
                          walk.offset(), walk.previous(),
                          entry.inode,   attempt.volume().has_file_type() ? entry.type : u8{0}};
    }
    if (walk.broken())
        return broken_block(attempt, directory, block);
    return Failure(Errno::noent);
}

Result<bool> insert_in_block(Attempt& attempt, const Inode& directory, u64 block,
                             std::string_view name, u32 inode, u8 type) {
    const Volume& volume = attempt.volume();
    const std::span<const u8> bytes = TRY(view_leaf(attempt, directory, block));
    const u32 wanted = entry_size(name.size());
    EntryWalk walk(bytes.first(entry_room(volume)));
    while (walk.next()) {
        const DirectoryEntry seen = walk.entry();
        const u32 used = seen.inode ? entry_size(seen.name_length) : 0;
        if (used > seen.length || seen.length - used < wanted)
            continue;
        const u32 offset = walk.offset();
        const std::span<u8> edited = TRY(edit_leaf(attempt, directory, block));
        auto* old = record_at<DirectoryEntry>(edited, offset);
        auto* fresh = record_at<DirectoryEntry>(edited, offset + used);
        const u16 length = static_cast<u16>(seen.length - used);
        if (used)
            old->length = static_cast<u16>(used);
        *fresh = {inode, length, static_cast<u8>(name.size()), type};
        __builtin_memcpy(fresh + 1, name.data(), name.size());
        return true;
    }
    if (walk.broken())
        return broken_block(attempt, directory, block);
    return false;
}

Result<> remove_entry(Attempt& attempt, const Inode& directory, const EntryPlace& place) {
    const std::span<u8> bytes = TRY(edit_leaf(attempt, directory, place.block));
    auto* entry = record_at<DirectoryEntry>(bytes, place.offset);
    auto* previous = record_at<DirectoryEntry>(bytes, place.previous);
    const u32 length = entry->length;
    if (place.previous == place.offset) {
        entry->inode = 0;
        return {};
    }
    previous->length = static_cast<u16>(previous->length + length);
    __builtin_memset(entry, 0, length);
    return {};
}

Result<> replace_entry(Attempt& attempt, const Inode& directory, const EntryPlace& place, u32 inode,
                       u8 type) {
    const std::span<u8> bytes = TRY(edit_leaf(attempt, directory, place.block));
    auto* entry = record_at<DirectoryEntry>(bytes, place.offset);
    entry->inode = inode;
    if (attempt.volume().has_file_type())
        entry->type = type;
    return {};
}

namespace {

Result<EntryPlace> find_linear(Attempt& attempt, const Inode& directory, std::string_view name) {
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const u64 count = directory_blocks(attempt.volume(), *record);
    const bool indexed = record->flags & inode_flag::directory_index;
    for (u64 logical = 0; logical < count; ++logical) {
        const u64 block = TRY(metadata_block(attempt, directory, logical));
        if (indexed && TRY(is_index_block(attempt, block)))
            continue;
        auto found = find_in_block(attempt, directory, logical, block, name);
        if (found || found.error() != Errno::noent)
            return found;
    }
    return Failure(Errno::noent);
}

} // namespace

Result<EntryPlace> find_entry(Attempt& attempt, const Inode& directory, std::string_view name) {
    if (name.empty())
        return Failure(Errno::noent);
    if (name.size() > max_name_length)
        return Failure(Errno::nametoolong);
    const InodeRecord* record = TRY(view_record(attempt, directory));
    if (name == "..")
        return find_parent_entry(attempt, directory);
    if (uses_hash_tree(attempt.volume(), *record)) {
        auto found = find_hashed(attempt, directory, name);
        // A broken index can still be read around; the volume is read-only by now.
        if (found || found.error() != Errno::uclean)
            return found;
    }
    return find_linear(attempt, directory, name);
}

// ".." is the second entry of the first block, whatever the block is besides.
Result<EntryPlace> find_parent_entry(Attempt& attempt, const Inode& directory) {
    const Volume& volume = attempt.volume();
    const u64 block = TRY(metadata_block(attempt, directory, 0));
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const std::span<const u8> bytes = uses_hash_tree(volume, *record)
                                          ? TRY(attempt.view(block))
                                          : TRY(view_leaf(attempt, directory, block));
    EntryWalk walk(bytes);
    if (!walk.next() || walk.name() != "." || !walk.next() || walk.name() != ".." ||
        walk.entry().inode == 0)
        return attempt.damaged("ext4: directory {} has no '..'", directory.number);
    return EntryPlace{block,
                      0,
                      walk.offset(),
                      walk.previous(),
                      walk.entry().inode,
                      entry_type(volume, file_mode::directory)};
}

Result<bool> is_empty_directory(Attempt& attempt, const Inode& directory) {
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const u64 count = directory_blocks(attempt.volume(), *record);
    const bool indexed = uses_hash_tree(attempt.volume(), *record);
    for (u64 logical = 0; logical < count; ++logical) {
        const u64 block = TRY(metadata_block(attempt, directory, logical));
        if (indexed && TRY(is_index_block(attempt, block)))
            continue;
        EntryWalk walk(TRY(view_leaf(attempt, directory, block)));
        while (walk.next())
            if (walk.entry().inode != 0 && walk.name() != "." && walk.name() != "..")
                return false;
        if (walk.broken())
            return broken_block(attempt, directory, block);
    }
    return true;
}

Result<> make_directory_block(Attempt& attempt, const Inode& directory, u32 parent) {
    const Volume& volume = attempt.volume();
    const u64 block = TRY(append_block(attempt, directory));
    const std::span<u8> bytes = TRY(create_leaf(attempt, directory, block));
    format_leaf(volume, bytes);
    const u8 type = entry_type(volume, file_mode::directory);
    constexpr u16 dot_size = entry_size(1);
    *record_at<DirectoryEntry>(bytes, 0) = {directory.number, dot_size, 1, type};
    bytes[sizeof(DirectoryEntry)] = '.';
    *record_at<DirectoryEntry>(bytes, dot_size) = {
        parent, static_cast<u16>(entry_room(volume) - dot_size), 2, type};
    __builtin_memcpy(&bytes[dot_size + sizeof(DirectoryEntry)], "..", 2);
    return {};
}

Result<u64> append_block(Attempt& attempt, const Inode& directory) {
    const Volume& volume = attempt.volume();
    const InodeRecord* record = TRY(view_record(attempt, directory));
    const u64 logical = directory_blocks(volume, *record);
    if (logical >= volume.max_logical())
        return Failure(Errno::nospc);
    const FileExtent added = TRY(allocate_mapping(attempt, directory, logical, 1, false));
    InodeRecord* edited = TRY(edit_record(attempt, directory));
    set_size(*edited, (logical + 1) << volume.block_shift);
    return added.physical;
}

u8 entry_type(const Volume& volume, u16 mode) {
    if (!volume.has_file_type())
        return 0;
    switch (mode & file_mode::type_mask) {
    case file_mode::regular: return 1;
    case file_mode::directory: return 2;
    case file_mode::character: return 3;
    case file_mode::block: return 4;
    case file_mode::fifo: return 5;
    case file_mode::socket: return 6;
    case file_mode::symlink: return 7;
    default: return 0;
    }
}

} // namespace ext4
