// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <span>

#include "arch/api/user_frame.h"

namespace arch {

// Return addresses from the innermost out: along frame pointers in debug builds, else every word of
// the stack that points behind a call in the kernel's text. `instruction` 0: not known.
u32 backtrace(u64 instruction, u64 frame_pointer, u64 stack, std::span<u64> addresses);
u64 kernel_slide();
u64 frame_pointer(const UserFrame& frame);
void log_registers(const UserFrame& frame);
// The early console speaks again, whoever had the port leased.
void retake_early_console();

} // namespace arch
