// SPDX-License-Identifier: BSD-2-Clause
// seccomp(2) and the classic BPF it runs (include/uapi/linux/seccomp.h, filter.h, audit.h).
#pragma once

#include "base/types.h"

namespace linux {

struct BpfInstruction {
    u16 code;
    u8 if_true, if_false;
    u32 operand;
};
static_assert(sizeof(BpfInstruction) == 8);
struct BpfProgram {
    u16 length;
    u16 padding[3];
    u64 code; // user address
};
// struct seccomp_data.
struct CallDescription {
    i32 number;
    u32 architecture;
    u64 instruction;
    u64 arguments[6];
};
static_assert(sizeof(CallDescription) == 64);

namespace seccomp {
inline constexpr u64 mode_strict = 1, mode_filter = 2;
inline constexpr u32 set_strict = 0, set_filter = 1, action_available = 2, notify_sizes = 3;
inline constexpr u64 flag_synchronise = 1, flag_log = 2, flag_allow_ssb = 4, flag_listener = 8;
inline constexpr u64 flag_synchronise_with_error = 16;
inline constexpr u32 action_mask = 0xffff'0000, data_mask = 0xffff;
inline constexpr u32 kill_process = 0x8000'0000, kill_thread = 0, trap = 0x0003'0000;
inline constexpr u32 error = 0x0005'0000, notify = 0x7fc0'0000, trace = 0x7ff0'0000;
inline constexpr u32 log = 0x7ffc'0000, allow = 0x7fff'0000;
inline constexpr u32 architecture_x86_64 = 0xc000'003e;
} // namespace seccomp

namespace bpf {
inline constexpr u16 class_jump = 5;
inline constexpr u16 load_absolute = 0x20, load_immediate = 0x00, load_length = 0x80;
inline constexpr u16 load_memory = 0x60, loadx_immediate = 0x01, loadx_length = 0x81;
inline constexpr u16 loadx_memory = 0x61, store = 0x02, storex = 0x03;
inline constexpr u16 add_constant = 0x04, add_x = 0x0c, subtract_constant = 0x14;
inline constexpr u16 subtract_x = 0x1c, multiply_constant = 0x24, multiply_x = 0x2c;
inline constexpr u16 divide_constant = 0x34, divide_x = 0x3c, or_constant = 0x44, or_x = 0x4c;
inline constexpr u16 and_constant = 0x54, and_x = 0x5c, shift_left_constant = 0x64;
inline constexpr u16 shift_left_x = 0x6c, shift_right_constant = 0x74, shift_right_x = 0x7c;
inline constexpr u16 negate = 0x84, xor_constant = 0xa4, xor_x = 0xac;
inline constexpr u16 jump = 0x05, jump_equal_constant = 0x15, jump_equal_x = 0x1d;
inline constexpr u16 jump_greater_constant = 0x25, jump_greater_x = 0x2d;
inline constexpr u16 jump_not_less_constant = 0x35, jump_not_less_x = 0x3d;
inline constexpr u16 jump_set_constant = 0x45, jump_set_x = 0x4d;
inline constexpr u16 return_constant = 0x06, return_a = 0x16;
inline constexpr u16 transfer_to_x = 0x07, transfer_to_a = 0x87;
} // namespace bpf

} // namespace linux
