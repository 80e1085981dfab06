// SPDX-License-Identifier: BSD-2-Clause
// Directory blocks and the linear way through them: entries, the checksum tail, look-up, insertion
// and removal inside one block. The hash tree above the blocks is hash_tree.h.
#pragma once

#include <string_view>

#include "components/fs/ext4/inode.h"

namespace ext4 {

// Where an entry was found.
struct EntryPlace {
    u64 block = 0; // physical
    u64 logical = 0;
    u32 offset = 0;
    u32 previous = 0; // of the entry before it in the block; == offset if it is the first
    u32 inode = 0;
    u8 type = 0; // file_type_*, 0 where the volume keeps none
};

// Walks the entries of one block, checking each before it is shown.
class EntryWalk {
public:
    explicit EntryWalk(std::span<const u8> block) : block_(block) {}

    // False at the end of the block and at a broken entry.
    bool next();
    bool broken() const { return broken_; }
    u32 offset() const { return offset_; }
    u32 previous() const { return previous_; }
    const DirectoryEntry& entry() const { return *entry_; }
    std::string_view name() const {
        return {reinterpret_cast<const char*>(entry_ + 1), entry_->name_length};
    }

private:
    std::span<const u8> block_;
    u32 offset_ = 0;
    u32 previous_ = 0;
    u32 following_ = 0;
    const DirectoryEntry* entry_ = nullptr;
    bool broken_ = false;
};

constexpr u32 entry_size(usize name_length) {
    return static_cast<u32>(sizeof(DirectoryEntry) + name_length + 3) & ~3u;
}
// Bytes of a block that entries may take.
inline u32 entry_room(const Volume& volume) {
    return volume.block_size - (volume.has_checksums() ? sizeof(DirectoryTail) : 0);
}
inline u64 directory_blocks(const Volume& volume, const InodeRecord& record) {
    return size_of(record) >> volume.block_shift;
}

// A block of entries, with its checksum checked. Errors: uclean, io.
Result<std::span<const u8>> view_leaf(Attempt& attempt, const Inode& directory, u64 block);
Result<std::span<u8>> edit_leaf(Attempt& attempt, const Inode& directory, u64 block);
Result<std::span<u8>> create_leaf(Attempt& attempt, const Inode& directory, u64 block);
// One free entry over the whole block, and the tail.
void format_leaf(const Volume& volume, std::span<u8> block);

// The entry called `name` in this block; noent.
Result<EntryPlace> find_in_block(Attempt& attempt, const Inode& directory, u64 logical, u64 block,
                                 std::string_view name);
// Puts an entry into the block if it has room: false if not.
Result<bool> insert_in_block(Attempt& attempt, const Inode& directory, u64 block,
                             std::string_view name, u32 inode, u8 type);
Result<> remove_entry(Attempt& attempt, const Inode& directory, const EntryPlace& place);
// Points an existing entry at another inode.
Result<> replace_entry(Attempt& attempt, const Inode& directory, const EntryPlace& place, u32 inode,
                       u8 type);

// Over the whole directory, by hash tree where there is one. Errors: noent, uclean.
Result<EntryPlace> find_entry(Attempt& attempt, const Inode& directory, std::string_view name);
// Errors: nospc, uclean. The name must not be there yet.
Result<> insert_entry(Attempt& attempt, const Inode& directory, std::string_view name, u32 inode,
                      u8 type);
Result<bool> is_empty_directory(Attempt& attempt, const Inode& directory);
// "." and ".." in the first block of a new directory.
Result<> make_directory_block(Attempt& attempt, const Inode& directory, u32 parent);
Result<EntryPlace> find_parent_entry(Attempt& attempt, const Inode& directory);
// Gives the directory one more block at its end: its physical block.
Result<u64> append_block(Attempt& attempt, const Inode& directory);

// The type byte of an entry for a mode, 0 where the volume keeps none.
u8 entry_type(const Volume& volume, u16 mode);

// Fills `buffer` with DirectoryRecords from cookie `from` on: bytes filled (0 at the end).
// Errors: inval when the buffer cannot hold even the next entry.
Result<usize> read_directory(Attempt& attempt, const Inode& directory, u64 from,
                             std::span<u8> buffer);

} // namespace ext4
