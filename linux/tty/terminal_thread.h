// SPDX-License-Identifier: BSD-2-Clause
// The thread behind the terminals of devices, and which of them are consoles (console=).
#pragma once

#include <string_view>

#include "base/types.h"

namespace linux {

class DeviceTerminal;

// A new terminal: from now on the thread looks after it; it may be a console. Process context.
void enlist_device_terminal(DeviceTerminal& terminal);
// The speed console=NAME,SPEED gives a line, or 9600.
u32 console_speed(std::string_view name);

} // namespace linux
