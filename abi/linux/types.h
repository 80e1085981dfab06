// SPDX-License-Identifier: BSD-2-Clause
// Structures and constants of the Linux system-call ABI that several families share (x86-64
// layouts, Linux include/uapi). Families keep their own beside this file. Data only.
#pragma once

#include "base/types.h"

namespace linux {

using Pid = i32;
using UserId = u32;
using GroupId = u32;

struct TimeSpec {
    i64 seconds;
    i64 nanoseconds;
};
struct TimeVal {
    i64 seconds;
    i64 microseconds;
};
struct IoVector {
    u64 base;
    u64 length;
};

// open(2) flags (asm-generic/fcntl.h).
namespace open_flag {
inline constexpr u32 access_mode = 3, read_only = 0, write_only = 1, read_write = 2;
inline constexpr u32 create = 0100, exclusive = 0200, no_tty = 0400, truncate = 01000;
inline constexpr u32 append = 02000, non_block = 04000, data_sync = 010000, async = 020000;
inline constexpr u32 direct = 040000, large_file = 0100000, directory = 0200000;
inline constexpr u32 no_follow = 0400000, no_access_time = 01000000, close_on_exec = 02000000;
inline constexpr u32 sync = 04010000, path = 010000000, temporary = 020200000;
} // namespace open_flag

// File types in st_mode (linux/stat.h).
namespace file_mode {
inline constexpr u32 type_mask = 0170000, socket = 0140000, symlink = 0120000, regular = 0100000;
inline constexpr u32 block_device = 0060000, directory = 0040000, character_device = 0020000;
inline constexpr u32 fifo = 0010000, set_user = 04000, set_group = 02000, sticky = 01000;
} // namespace file_mode

// poll(2) events (asm-generic/poll.h).
namespace poll_event {
inline constexpr u32 in = 0x1, priority = 0x2, out = 0x4, error = 0x8, hang_up = 0x10;
inline constexpr u32 invalid = 0x20, read_normal = 0x40, read_band = 0x80, write_normal = 0x100;
inline constexpr u32 write_band = 0x200, message = 0x400, read_hang_up = 0x2000;
} // namespace poll_event

} // namespace linux
