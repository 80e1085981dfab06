// SPDX-License-Identifier: BSD-2-Clause
// The end: prints what is known, tells the machine, stops. Any context.
#pragma once

#include <string_view>

#include "arch/api/user_frame.h"

namespace core {

[[noreturn]] void panic(std::string_view message);
// After an exception in the kernel itself.
[[noreturn]] void panic_with_frame(std::string_view what, const arch::UserFrame& frame, u32 vector,
                                   u64 error, u64 address);
// A non-maskable interrupt arrived: a watchdog's, or a panicking CPU's.
void nmi_received(const arch::UserFrame& frame);

// Set from panic= : seconds to wait before restart, negative at once, 0 never.
void set_panic_timeout(i64 seconds);

} // namespace core
