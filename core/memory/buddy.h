// SPDX-License-Identifier: BSD-2-Clause
// The buddy allocator below the per-CPU caches; for core/memory only.
#pragma once

#include "core/memory/frames.h"

namespace core {

inline constexpr unsigned maximum_order = 10; // blocks of up to 4 MiB

// Clears the records of the blocks that frames first and last lie in. Merging looks at the other
// half of a block, which at the ends of RAM may be a record that nobody wrote: it must not look
// free by what was in memory before. For every range that will be added, before the first is.
void prepare_records(u64 first, u64 last);
// Hands frames first..last-1 to the allocator for the first time.
void add_frames(u64 first, u64 last);

} // namespace core
