// SPDX-License-Identifier: BSD-2-Clause
// Options of prctl(2) and arch_prctl(2) (include/uapi/linux/prctl.h,
// arch/x86/include/uapi/asm/prctl.h).
#pragma once

#include "base/types.h"

namespace linux::prctl {

inline constexpr i32 set_parent_death_signal = 1, get_parent_death_signal = 2, get_dumpable = 3;
inline constexpr i32 set_dumpable = 4, get_keep_capabilities = 7, set_keep_capabilities = 8;
inline constexpr i32 get_timing = 13, set_timing = 14, set_name = 15, get_name = 16;
inline constexpr i32 get_seccomp = 21, set_seccomp = 22, bounding_read = 23, bounding_drop = 24;
inline constexpr i32 get_time_stamp_counter = 25, set_time_stamp_counter = 26;
inline constexpr i32 get_secure_bits = 27, set_secure_bits = 28, set_timer_slack = 29;
inline constexpr i32 get_timer_slack = 30, machine_check = 33, machine_check_get = 34;
inline constexpr i32 set_image = 35, set_subreaper = 36, get_subreaper = 37;
inline constexpr i32 set_no_new_privileges = 38, get_no_new_privileges = 39, get_tid_address = 40;
inline constexpr i32 set_huge_pages_off = 41, get_huge_pages_off = 42, ambient = 47;
inline constexpr i32 set_tracer = 0x59616d61;

inline constexpr u64 ambient_is_set = 1, ambient_raise = 2, ambient_lower = 3;
inline constexpr u64 ambient_clear_all = 4;

inline constexpr u64 image_code_start = 1, image_code_end = 2, image_data_start = 3;
inline constexpr u64 image_data_end = 4, image_stack_start = 5, image_arguments_start = 8;
inline constexpr u64 image_arguments_end = 9, image_environment_start = 10;
inline constexpr u64 image_environment_end = 11;

} // namespace linux::prctl

namespace linux::arch_prctl {

inline constexpr i32 set_gs = 0x1001, set_fs = 0x1002, get_fs = 0x1003, get_gs = 0x1004;
inline constexpr i32 get_cpuid = 0x1011, set_cpuid = 0x1012;

} // namespace linux::arch_prctl
