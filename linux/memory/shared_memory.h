// SPDX-License-Identifier: BSD-2-Clause
// Memory that processes share without a file: MAP_SHARED | MAP_ANONYMOUS, System V segments.
#pragma once

#include "core/vm/page_cache.h"

namespace linux {

// Zeroed pages, made when touched. Errors: nomem.
Result<Ref<core::PageCache>> create_shared_memory(u64 size);

} // namespace linux
