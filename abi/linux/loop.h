// SPDX-License-Identifier: BSD-2-Clause
// Loop devices (include/uapi/linux/loop.h).
#pragma once

#include "base/types.h"

namespace linux {

inline constexpr u32 loop_major = 7; // admin-guide/devices.txt

struct LoopInfo {
    u64 device = 0; // of the file system that has the file
    u64 inode = 0;
    u64 node_device = 0; // what the file is the node of
    u64 offset = 0;
    u64 size_limit = 0; // bytes; 0: up to the file's end
    u32 number = 0;
    u32 encrypt_type = 0;
    u32 encrypt_key_size = 0;
    u32 flags = 0;
    char file_name[64] = {};
    char crypt_name[64] = {};
    u8 encrypt_key[32] = {};
    u64 init[2] = {};
};
static_assert(sizeof(LoopInfo) == 232);

struct LoopConfiguration {
    u32 fd = 0;
    u32 block_size = 0; // 0: 512
    LoopInfo info;
    u64 reserved[8] = {};
};
static_assert(sizeof(LoopConfiguration) == 304);

namespace loop_flag {
inline constexpr u32 read_only = 1, auto_clear = 4, partition_scan = 8, direct_io = 16;
inline constexpr u32 settable = auto_clear | partition_scan, clearable = auto_clear;
inline constexpr u32 configurable = read_only | auto_clear | partition_scan | direct_io;
} // namespace loop_flag

namespace loop_request {
inline constexpr u32 set_file = 0x4c00, clear_file = 0x4c01, set_status = 0x4c04,
                     get_status = 0x4c05, change_file = 0x4c06, set_capacity = 0x4c07,
                     set_direct_io = 0x4c08, set_block_size = 0x4c09, configure = 0x4c0a;
inline constexpr u32 add = 0x4c80, remove = 0x4c81, get_free = 0x4c82; // of /dev/loop-control
} // namespace loop_request

} // namespace linux
