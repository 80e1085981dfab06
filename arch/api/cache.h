// SPDX-License-Identifier: BSD-2-Clause
// What caches hold, for hardware that does not look into them. The architecture supplies
// inline/cache.h, found through the build's include path.
#pragma once

namespace arch {

// Writes the cache line that holds `place` to memory.
void write_back_line(const void* place);

} // namespace arch

#include "inline/cache.h"
