// SPDX-License-Identifier: BSD-2-Clause
// Memory calls: flags of mmap(2), madvise(2) and their kin (include/uapi/asm-generic/mman*.h).
#pragma once

#include "base/types.h"

namespace linux {

namespace map_flag {
inline constexpr u32 type_mask = 0xf, shared = 1, is_private = 2, shared_validate = 3;
inline constexpr u32 fixed = 0x10, anonymous = 0x20, below_2g = 0x40, grows_down = 0x100;
inline constexpr u32 deny_write = 0x800, executable = 0x1000, locked = 0x2000;
inline constexpr u32 no_reserve = 0x4000, populate = 0x8000, non_block = 0x10000, stack = 0x20000;
inline constexpr u32 huge_pages = 0x40000, sync = 0x80000, fixed_no_replace = 0x100000;
inline constexpr u32 uninitialised = 0x4000000;
inline constexpr u32 huge_shift = 26;
// What every kernel knew before MAP_SHARED_VALIDATE.
inline constexpr u32 legacy = type_mask | fixed | anonymous | below_2g | grows_down | deny_write |
                              executable | locked | no_reserve | populate | non_block | stack |
                              huge_pages | uninitialised | 0x3fu << huge_shift;
} // namespace map_flag

namespace protection_flag {
inline constexpr u64 read = 1, write = 2, execute = 4, semaphore = 8;
inline constexpr u64 grows_down = 0x0100'0000, grows_up = 0x0200'0000;
inline constexpr u64 known = read | write | execute | semaphore;
} // namespace protection_flag

namespace remap_flag {
inline constexpr u64 may_move = 1, fixed = 2, dont_unmap = 4;
} // namespace remap_flag

namespace sync_flag {
inline constexpr i32 async = 1, invalidate = 2, sync = 4;
} // namespace sync_flag

namespace advice {
inline constexpr i32 normal = 0, random = 1, sequential = 2, will_need = 3, dont_need = 4;
inline constexpr i32 free = 8, remove = 9, dont_fork = 10, do_fork = 11, mergeable = 12;
inline constexpr i32 unmergeable = 13, huge_page = 14, no_huge_page = 15, dont_dump = 16;
inline constexpr i32 do_dump = 17, wipe_on_fork = 18, keep_on_fork = 19, cold = 20, page_out = 21;
inline constexpr i32 populate_read = 22, populate_write = 23, dont_need_locked = 24, collapse = 25;
inline constexpr i32 poison = 100, soft_offline = 101;
} // namespace advice

namespace lock_flag {
inline constexpr i32 current = 1, future = 2, on_fault = 4;
} // namespace lock_flag

namespace membarrier_command {
inline constexpr i32 query = 0, global = 1, global_expedited = 2, register_global = 4;
inline constexpr i32 private_expedited = 8, register_private = 16;
inline constexpr i32 private_core = 32, register_private_core = 64;
} // namespace membarrier_command

} // namespace linux
