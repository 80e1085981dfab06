// SPDX-License-Identifier: BSD-2-Clause
// Input and output ports, where the CPU has them (elsewhere reads give all ones). Any context.
#pragma once

#include "base/types.h"

namespace arch {

// `width` is 1, 2 or 4 bytes.
u32 read_port(u16 port, u32 width);
void write_port(u16 port, u32 width, u32 value);

} // namespace arch
