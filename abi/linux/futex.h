// SPDX-License-Identifier: BSD-2-Clause
// futex(2)'s operations and layouts (include/uapi/linux/futex.h).
#pragma once

#include "abi/linux/types.h"

namespace linux {

namespace futex_operation {
inline constexpr i32 wait = 0, wake = 1, fd = 2, requeue = 3, compare_requeue = 4, wake_op = 5;
inline constexpr i32 lock_pi = 6, unlock_pi = 7, trylock_pi = 8, wait_bitset = 9, wake_bitset = 10;
inline constexpr i32 wait_requeue_pi = 11, compare_requeue_pi = 12, lock_pi2 = 13;
inline constexpr i32 private_flag = 128, clock_realtime = 256, command_mask = 127;
} // namespace futex_operation

// The word of a PI or robust futex.
namespace futex_word {
inline constexpr u32 waiters = 0x8000'0000, owner_died = 0x4000'0000, tid_mask = 0x3fff'ffff;
} // namespace futex_word
inline constexpr u32 futex_match_any = ~0u;

// struct robust_list_head.
struct RobustListHead {
    u64 first;
    i64 futex_offset;
    u64 pending;
};
inline constexpr u32 robust_list_limit = 2048;

// struct futex_waitv.
struct FutexWait {
    u64 value, address;
    u32 flags, reserved;
};
inline constexpr u32 futex_wait_maximum = 128;

} // namespace linux
