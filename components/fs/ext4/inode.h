// SPDX-License-Identifier: BSD-2-Clause
// Inodes: where a record lies, its checksum, its fields that are spread over several places.
#pragma once

#include "components/fs/ext4/volume.h"

namespace ext4 {

// The place of an inode's record. Holds nothing of its contents.
struct Inode {
    u32 number;
    u32 offset;
    u64 block;
};

// Where inode `number` lies, with its record checked: in range, checksum, sane sizes.
// Errors: uclean, io, nomem.
Result<Inode> find_inode(Attempt& attempt, u64 number);
// As find_inode; also that it is in use. Errors: stale as well.
Result<Inode> live_inode(Attempt& attempt, u64 number);
// The place alone, for a record about to be written whole.
Result<Inode> inode_place(Attempt& attempt, u32 number);

// Fields past the first 128 bytes must be asked for with has_field.
Result<const InodeRecord*> view_record(Attempt& attempt, const Inode& inode);
// Its checksum is computed at publish.
Result<InodeRecord*> edit_record(Attempt& attempt, const Inode& inode);

u32 inode_seed(const Volume& volume, u32 number, const InodeRecord& record);
bool inode_checksum_matches(const Volume& volume, u32 number, const InodeRecord& record);
void seal_inode(const Volume& volume, u32 number, InodeRecord& record);

// Whether the record reaches past the field that ends at byte `end`.
inline bool has_field(const Volume& volume, const InodeRecord& record, u32 end) {
    return volume.inode_size > small_inode_size && end <= volume.inode_size &&
           end <= small_inode_size + record.extra_size;
}
#define EXT4_FIELD_END(field)                                                                      \
    (__builtin_offsetof(::ext4::InodeRecord, field) + sizeof(::ext4::InodeRecord::field))

inline u16 type_of(const InodeRecord& record) { return record.mode & file_mode::type_mask; }
inline bool is_directory(const InodeRecord& r) { return type_of(r) == file_mode::directory; }
inline bool is_regular(const InodeRecord& r) { return type_of(r) == file_mode::regular; }
inline bool is_symlink(const InodeRecord& r) { return type_of(r) == file_mode::symlink; }
inline bool uses_extents(const InodeRecord& r) { return r.flags & inode_flag::extents; }

inline u64 size_of(const InodeRecord& record) {
    // Other kinds of inode keep other things in the upper half.
    if (is_regular(record) || is_directory(record))
        return join(record.size_low, record.size_high);
    return record.size_low;
}
void set_size(InodeRecord& record, u64 size);
u64 sectors_of(const Volume& volume, const InodeRecord& record);
// Adds `blocks` (may be negative) of the volume to what the inode occupies.
Result<> add_blocks(Attempt& attempt, const Inode& inode, i64 blocks);
inline u64 xattr_block_of(const InodeRecord& record) {
    return join(record.xattr_block_low, record.xattr_block_high);
}
// A symlink whose text is in the record.
bool is_short_symlink(const Volume& volume, const InodeRecord& record);
// Whether the inode has blocks mapped through its `block` words.
bool has_block_map(const Volume& volume, const InodeRecord& record);

void set_device(InodeRecord& record, u32 major, u32 minor);

enum class TimeField { access, modify, change, create };
Timestamp time_of(const Volume& volume, const InodeRecord& record, TimeField field);
void set_time(const Volume& volume, InodeRecord& record, TimeField field, Timestamp time);

FileAttributes attributes_of(const Volume& volume, u32 number, const InodeRecord& record);

} // namespace ext4
