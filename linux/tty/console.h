// SPDX-License-Identifier: BSD-2-Clause
// What the terminal layer gives to the rest of the kernel at start.
#pragma once

#include "base/result.h"
#include "base/units.h"

namespace linux {

// Registers /dev/tty and /dev/console, makes terminals and ports of all byte streams there are and
// of those to come, starts devpts. Once, when the device table stands and kernel threads can run.
// Errors: nomem.
Result<> start_terminals();

// Waits until the log and what programs wrote has left the devices of terminals, but no longer than
// `limit`. Before the machine stops. Process context.
void drain_device_terminals(Nanos limit);

} // namespace linux
