// SPDX-License-Identifier: BSD-2-Clause
// The heap behind `new (base::fallible)`. Any context; never sleeps. Objects up to 2 KiB come from
// slabs.
#pragma once

#include "base/types.h"

namespace core {

void* allocate_memory(usize size); // null when memory is short; content undefined; aligned to 16
void free_memory(void* memory);    // what allocate_memory or operator new gave, or null
usize usable_size(const void* memory);

} // namespace core
