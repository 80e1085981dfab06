// SPDX-License-Identifier: BSD-2-Clause
// ext4 on disk: the records and constants of the format, as documented in the Linux kernel's
// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4). All numbers are
// little-endian, as is every CPU Pith runs on. Nothing here may be trusted before it is checked.
#pragma once

#include "base/types.h"

namespace ext4 {

inline constexpr u64 superblock_offset = 1024;
inline constexpr u16 superblock_magic = 0xef53;
inline constexpr u32 root_inode = 2;
inline constexpr u32 journal_inode = 8;

struct Superblock {
    u32 inodes_count;
    u32 blocks_count_low;
    u32 reserved_blocks_low;
    u32 free_blocks_low;
    u32 free_inodes;
    u32 first_data_block;
    u32 log_block_size; // block size is 1024 << this
    u32 log_cluster_size;
    u32 blocks_per_group;
    u32 clusters_per_group;
    u32 inodes_per_group;
    u32 mount_time;
    u32 write_time;
    u16 mount_count;
    u16 max_mount_count;
    u16 magic;
    u16 state;
    u16 errors;
    u16 minor_revision;
    u32 last_check;
    u32 check_interval;
    u32 creator_os;
    u32 revision;
    u16 default_uid;
    u16 default_gid;
    u32 first_inode;
    u16 inode_size;
    u16 block_group;
    u32 compatible;
    u32 incompatible;
    u32 read_only_compatible;
    u8 uuid[16];
    u8 volume_name[16];
    u8 last_mounted[64];
    u32 algorithm_bitmap;
    u8 preallocate_blocks;
    u8 preallocate_directory_blocks;
    u16 reserved_descriptor_blocks;
    u8 journal_uuid[16];
    u32 journal_inode;
    u32 journal_device;
    u32 last_orphan;
    u32 hash_seed[4];
    u8 default_hash_version;
    u8 journal_backup_type;
    u16 descriptor_size;
    u32 default_mount_options;
    u32 first_meta_group;
    u32 make_time;
    u32 journal_blocks[17];
    u32 blocks_count_high;
    u32 reserved_blocks_high;
    u32 free_blocks_high;
    u16 min_extra_inode_size;
    u16 want_extra_inode_size;
    u32 flags;
    u16 raid_stride;
    u16 mmp_interval;
    u32 mmp_block[2];
    u32 raid_stripe_width;
    u8 log_groups_per_flex;
    u8 checksum_type;
    u16 reserved_176;
    u32 kibibytes_written[2];
    u32 snapshot_inode;
    u32 snapshot_id;
    u32 snapshot_reserved_blocks[2];
    u32 snapshot_list;
    u32 error_count;
    u32 first_error_time;
    u32 first_error_inode;
    u32 first_error_block[2];
    u8 first_error_function[32];
    u32 first_error_line;
    u32 last_error_time;
    u32 last_error_inode;
    u32 last_error_line;
    u32 last_error_block[2];
    u8 last_error_function[32];
    u8 mount_options[64];
    u32 user_quota_inode;
    u32 group_quota_inode;
    u32 overhead_clusters;
    u32 backup_groups[2];
    u8 encryption_algorithms[4];
    u8 encryption_salt[16];
    u32 lost_found_inode;
    u32 project_quota_inode;
    u32 checksum_seed;
    u8 times_high[6];
    u8 error_codes[2];
    u16 encoding;
    u16 encoding_flags;
    u32 orphan_file_inode;
    u32 reserved_284[94];
    u32 checksum;
};
static_assert(sizeof(Superblock) == 1024);
static_assert(__builtin_offsetof(Superblock, journal_blocks) == 0x10c);
static_assert(__builtin_offsetof(Superblock, error_count) == 0x194);
static_assert(__builtin_offsetof(Superblock, checksum_seed) == 0x270);

namespace state {
inline constexpr u16 clean = 1;
inline constexpr u16 errors = 2;
} // namespace state

namespace compatible {
inline constexpr u32 has_journal = 0x4;
inline constexpr u32 xattr = 0x8;
inline constexpr u32 directory_index = 0x20;
inline constexpr u32 sparse_super2 = 0x200;
inline constexpr u32 orphan_file = 0x1000;
} // namespace compatible

namespace incompatible {
inline constexpr u32 file_type = 0x2;
inline constexpr u32 needs_recovery = 0x4;
inline constexpr u32 meta_groups = 0x10;
inline constexpr u32 extents = 0x40;
inline constexpr u32 bits64 = 0x80;
inline constexpr u32 flex_groups = 0x200;
inline constexpr u32 checksum_seed = 0x2000;
inline constexpr u32 large_directories = 0x4000;
inline constexpr u32 supported = file_type | needs_recovery | meta_groups | extents | bits64 |
                                 flex_groups | checksum_seed | large_directories;
} // namespace incompatible

namespace read_only_compatible {
inline constexpr u32 sparse_super = 0x1;
inline constexpr u32 large_file = 0x2;
inline constexpr u32 huge_file = 0x8;
inline constexpr u32 descriptor_checksum = 0x10;
inline constexpr u32 directory_links = 0x20;
inline constexpr u32 extra_inode_size = 0x40;
inline constexpr u32 metadata_checksum = 0x400;
inline constexpr u32 writable = sparse_super | large_file | huge_file | descriptor_checksum |
                                directory_links | extra_inode_size | metadata_checksum;
} // namespace read_only_compatible

namespace super_flag {
inline constexpr u32 signed_hash = 1;
inline constexpr u32 unsigned_hash = 2;
} // namespace super_flag

// The first 32 bytes stand alone when descriptor_size is 32.
struct GroupDescriptor {
    u32 block_bitmap_low;
    u32 inode_bitmap_low;
    u32 inode_table_low;
    u16 free_blocks_low;
    u16 free_inodes_low;
    u16 directories_low;
    u16 flags;
    u32 exclude_bitmap_low;
    u16 block_bitmap_checksum_low;
    u16 inode_bitmap_checksum_low;
    u16 unused_inodes_low;
    u16 checksum;
    u32 block_bitmap_high;
    u32 inode_bitmap_high;
    u32 inode_table_high;
    u16 free_blocks_high;
    u16 free_inodes_high;
    u16 directories_high;
    u16 unused_inodes_high;
    u32 exclude_bitmap_high;
    u16 block_bitmap_checksum_high;
    u16 inode_bitmap_checksum_high;
    u32 reserved;
};
static_assert(sizeof(GroupDescriptor) == 64);
inline constexpr u16 small_descriptor_size = 32;

namespace group_flag {
inline constexpr u16 inodes_uninitialised = 1;
inline constexpr u16 blocks_uninitialised = 2;
inline constexpr u16 table_zeroed = 4;
} // namespace group_flag

struct InodeRecord {
    u16 mode;
    u16 uid_low;
    u32 size_low;
    u32 access_time;
    u32 change_time;
    u32 modify_time;
    u32 delete_time; // next orphan while on the orphan list
    u16 gid_low;
    u16 links;
    u32 blocks_low; // in 512-byte sectors, or in blocks with inode_flag::huge_file
    u32 flags;
    u32 version_low;
    u32 block[15]; // extent tree root, block map, symlink text or device number
    u32 generation;
    u32 xattr_block_low;
    u32 size_high;
    u32 fragment;
    u16 blocks_high;
    u16 xattr_block_high;
    u16 uid_high;
    u16 gid_high;
    u16 checksum_low;
    u16 reserved;
    u16 extra_size; // from here on only where the inode is larger than 128 bytes
    u16 checksum_high;
    u32 change_time_extra;
    u32 modify_time_extra;
    u32 access_time_extra;
    u32 create_time;
    u32 create_time_extra;
    u32 version_high;
    u32 project;
};
static_assert(sizeof(InodeRecord) == 160);
inline constexpr u32 small_inode_size = 128;
// What this implementation writes behind the first 128 bytes.
inline constexpr u16 wanted_extra_size = sizeof(InodeRecord) - small_inode_size;
inline constexpr u32 map_bytes = sizeof(InodeRecord::block);

namespace inode_flag {
inline constexpr u32 secure_delete = 0x1;
inline constexpr u32 sync = 0x8;
inline constexpr u32 immutable = 0x10;
inline constexpr u32 append_only = 0x20;
inline constexpr u32 no_dump = 0x40;
inline constexpr u32 no_atime = 0x80;
inline constexpr u32 encrypted = 0x800;
inline constexpr u32 directory_index = 0x1000;
inline constexpr u32 journal_data = 0x4000;
inline constexpr u32 directory_sync = 0x10000;
inline constexpr u32 top_directory = 0x20000;
inline constexpr u32 huge_file = 0x40000;
inline constexpr u32 extents = 0x80000;
inline constexpr u32 xattr_inode = 0x200000;
inline constexpr u32 inline_data = 0x10000000;
inline constexpr u32 project_inherit = 0x20000000;
// Inherited by new files and directories.
inline constexpr u32 inherited =
    0x1 | 0x2 | 0x4 | sync | no_dump | no_atime | journal_data | directory_sync | project_inherit;
} // namespace inode_flag

namespace file_mode {
inline constexpr u16 type_mask = 0xf000;
inline constexpr u16 fifo = 0x1000;
inline constexpr u16 character = 0x2000;
inline constexpr u16 directory = 0x4000;
inline constexpr u16 block = 0x6000;
inline constexpr u16 regular = 0x8000;
inline constexpr u16 symlink = 0xa000;
inline constexpr u16 socket = 0xc000;
} // namespace file_mode

// Extent tree: a header, then `entries` of Extent (depth 0) or ExtentIndex.
struct ExtentHeader {
    u16 magic;
    u16 entries;
    u16 capacity;
    u16 depth;
    u32 generation;
};
struct Extent {
    u32 logical;
    u16 length; // above max_extent_length: unwritten, length less that
    u16 start_high;
    u32 start_low;
};
struct ExtentIndex {
    u32 logical;
    u32 child_low;
    u16 child_high;
    u16 unused;
};
static_assert(sizeof(ExtentHeader) == 12 && sizeof(Extent) == 12 && sizeof(ExtentIndex) == 12);
inline constexpr u16 extent_magic = 0xf30a;
inline constexpr u16 max_extent_depth = 5;
inline constexpr u32 max_extent_length = 32768;
inline constexpr u32 max_unwritten_length = 32767;

// Directory entry; the name follows, padded to a multiple of 4.
struct DirectoryEntry {
    u32 inode;
    u16 length;
    u8 name_length;
    u8 type; // upper byte of a 16-bit name length without incompatible::file_type
};
static_assert(sizeof(DirectoryEntry) == 8);
struct DirectoryTail {
    u32 inode;      // 0
    u16 length;     // 12
    u8 name_length; // 0
    u8 type;        // directory_tail_type
    u32 checksum;
};
inline constexpr u8 directory_tail_type = 0xde;
inline constexpr u32 max_name_length = 255;

// Hash tree: block 0 holds ".", "..", then IndexInfo, then entries; the first entry's `hash` field
// is limit and count.
struct IndexInfo {
    u32 zero;
    u8 hash_version;
    u8 length; // 8
    u8 levels;
    u8 unused;
};
struct IndexEntry {
    u32 hash;
    u32 block;
};
struct IndexCount {
    u16 limit;
    u16 count;
};
struct IndexTail {
    u32 reserved;
    u32 checksum;
};
inline constexpr u32 index_info_offset = 24;
inline constexpr u32 index_root_entries = 32;
inline constexpr u32 index_node_entries = 8;

// Extended attributes: in the inode behind the fixed part (magic, entries), or in one block
// (header, entries); values grow down from the end.
struct XattrHeader {
    u32 magic;
    u32 references;
    u32 blocks;
    u32 hash;
    u32 checksum;
    u32 reserved[3];
};
struct XattrEntry {
    u8 name_length;
    u8 name_index;
    u16 value_offset;
    u32 value_inode;
    u32 value_size;
    u32 hash;
};
static_assert(sizeof(XattrHeader) == 32 && sizeof(XattrEntry) == 16);
inline constexpr u32 xattr_magic = 0xea020000;

} // namespace ext4
