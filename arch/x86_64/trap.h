// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "arch/api/user_frame.h"

namespace arch {

// Vectors the kernel gives to itself; devices get those from first_device_vector up.
inline constexpr u32 first_device_vector = 0x30, last_device_vector = 0xef;
inline constexpr u32 timer_vector = 0xf0, reschedule_vector = 0xf1, call_vector = 0xf2,
                     stop_vector = 0xf3, spurious_vector = 0xff;

// Runs until there is nothing left to do before the program goes on. Interrupts off on return.
void leave_to_user(UserFrame& frame);

} // namespace arch
