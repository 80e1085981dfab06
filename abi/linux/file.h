// SPDX-License-Identifier: BSD-2-Clause
// Files as Linux's ABI has them (include/uapi: asm/stat.h, linux/stat.h, asm/statfs.h,
// linux/fcntl.h, linux/falloc.h, linux/fs.h, linux/openat2.h, linux/xattr.h, linux/memfd.h).
#pragma once

#include "abi/linux/types.h"

namespace linux {

// struct stat of x86-64.
struct Stat {
    u64 device, inode, links;
    u32 mode, user, group, padding;
    u64 special_device;
    i64 size, block_size, blocks;
    i64 access_seconds;
    u64 access_nanoseconds;
    i64 modify_seconds;
    u64 modify_nanoseconds;
    i64 change_seconds;
    u64 change_nanoseconds;
    i64 reserved[3];
};
static_assert(sizeof(Stat) == 144);

struct StatxTime {
    i64 seconds;
    u32 nanoseconds;
    i32 reserved;
};
struct Statx {
    u32 mask, block_size;
    u64 attributes;
    u32 links, user, group;
    u16 mode, padding0;
    u64 inode, size, blocks, attributes_mask;
    StatxTime access, birth, change, modify;
    u32 special_major, special_minor, device_major, device_minor;
    u64 mount_id;
    u32 direct_memory_alignment, direct_offset_alignment;
    u64 padding1[12];
};
static_assert(sizeof(Statx) == 256);
namespace statx_mask {
inline constexpr u32 basic = 0x7ff, birth = 0x800, mount_id = 0x1000, direct_alignment = 0x2000;
inline constexpr u32 reserved = 0x8000'0000;
} // namespace statx_mask
namespace statx_attribute {
inline constexpr u64 append = 0x20, immutable = 0x10, no_dump = 0x40, mount_root = 0x2000;
} // namespace statx_attribute

// struct utimbuf of utime(2).
struct UserTimes {
    i64 access, modify;
};

// struct ustat of ustat(2).
struct UserStatistics {
    i32 free_blocks;
    i32 padding0;
    u64 free_inodes;
    char names[12];
    u32 padding1;
};

// struct statfs of x86-64.
struct StatFs {
    i64 type, block_size;
    u64 blocks, free_blocks, available_blocks, files, free_files;
    i32 identity[2];
    i64 name_length, fragment_size, flags, spare[4];
};
static_assert(sizeof(StatFs) == 120);

// The head of a struct linux_dirent64; the name and its NUL follow, padded to 8.
struct DirectoryEntry64 {
    u64 inode;
    i64 next_position;
    u16 length;
    u8 type;
} __attribute__((packed));
static_assert(sizeof(DirectoryEntry64) == 19);

// struct flock (64-bit).
struct FileLockRequest {
    i16 type, whence;
    i32 padding0;
    i64 start, length;
    i32 pid;
    i32 padding1;
};
static_assert(sizeof(FileLockRequest) == 32);
namespace lock_type {
inline constexpr i16 read = 0, write = 1, unlock = 2;
}

namespace control {
inline constexpr u32 duplicate = 0, get_descriptor = 1, set_descriptor = 2, get_flags = 3,
                     set_flags = 4;
inline constexpr u32 get_lock = 5, set_lock = 6, set_lock_wait = 7, set_owner = 8, get_owner = 9;
inline constexpr u32 set_signal = 10, get_signal = 11, set_owner_ex = 15, get_owner_ex = 16;
inline constexpr u32 open_get_lock = 36, open_set_lock = 37, open_set_lock_wait = 38;
inline constexpr u32 set_lease = 1024, get_lease = 1025, notify = 1026;
inline constexpr u32 duplicate_close_on_exec = 1030, set_pipe_size = 1031, get_pipe_size = 1032;
inline constexpr u32 add_seals = 1033, get_seals = 1034;
inline constexpr u32 get_hint = 1035, set_hint = 1036, get_file_hint = 1037, set_file_hint = 1038;
inline constexpr u32 close_on_exec = 1; // FD_CLOEXEC
} // namespace control

namespace seal {
inline constexpr u32 seal = 1, shrink = 2, grow = 4, write = 8, future_write = 16, all = 31;
}

namespace seek_from {
inline constexpr u32 start = 0, current = 1, end = 2, data = 3, hole = 4;
}

namespace space_mode { // fallocate(2)
inline constexpr u32 keep_size = 1, punch_hole = 2, no_hide_stale = 4, collapse_range = 8;
inline constexpr u32 zero_range = 16, insert_range = 32, unshare_range = 64;
} // namespace space_mode

namespace at_flag {
inline constexpr u32 symlink_no_follow = 0x100, effective_access = 0x200, remove_directory = 0x200;
inline constexpr u32 symlink_follow = 0x400, no_automount = 0x800, empty_path = 0x1000;
inline constexpr u32 statx_sync_type = 0x6000, recursive = 0x8000;
} // namespace at_flag

// preadv2(2) flags.
namespace rwf {
inline constexpr u32 high_priority = 1, data_sync = 2, sync = 4, no_wait = 8, append = 16;
inline constexpr u32 supported = 31;
} // namespace rwf

namespace io_control {
inline constexpr u32 close_on_exec = 0x5451, no_close_on_exec = 0x5450, non_block = 0x5421;
inline constexpr u32 async = 0x5452, size = 0x5460, readable_bytes = 0x541b;
inline constexpr u32 get_inode_flags = 0x8008'6601, set_inode_flags = 0x4008'6602;
inline constexpr u32 get_version = 0x8008'7601, block_size = 2, map_block = 1;
inline constexpr u32 get_extended_flags = 0x801c'581f, set_extended_flags = 0x401c'5820;
} // namespace io_control

// struct open_how.
struct OpenHow {
    u64 flags, mode, resolve;
};
namespace resolve_flag {
inline constexpr u64 no_mounts = 1, no_magic_links = 2, no_links = 4, beneath = 8, in_root = 16;
inline constexpr u64 cached = 32, all = 63;
} // namespace resolve_flag

namespace xattr_flag {
inline constexpr u32 create = 1, replace = 2;
}
inline constexpr usize xattr_name_maximum = 255, xattr_size_maximum = 65536;

namespace memory_file {
inline constexpr u32 close_on_exec = 1, allow_sealing = 2, huge_pages = 4;
}

} // namespace linux
