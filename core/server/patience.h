// SPDX-License-Identifier: BSD-2-Clause
// How long a handler may run on before it counts as hung. A healthy one is done after a million
// instructions; how long those take depends on the machine, so its speed is measured once.
#pragma once

#include "base/units.h"

namespace core::server {

constexpr Nanos watch_interval = base::milliseconds(10);

// How often the watch, which looks every `watch_interval`, may find one and the same handler
// running. At the first call: some ten thousand instructions.
u32 look_limit();

} // namespace core::server
