// SPDX-License-Identifier: BSD-2-Clause
// The heap behind `new (base::fallible)`. Any context; never sleeps. Objects up to 2 KiB come from
// slabs.
#pragma once

#include "base/types.h"

namespace core {

void* allocate_memory(usize size); // null when memory is short; content undefined; aligned to 16
void free_memory(void* memory);    // what allocate_memory or operator new gave, or null
usize usable_size(const void* memory);

// The room that `inside` lies in, with what surrounds the object; size 0 if it is not in a slab.
struct HeapRoom {
    void* start;
    usize size;
};
HeapRoom heap_room(const void* inside);

} // namespace core
