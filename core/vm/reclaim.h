// SPDX-License-Identifier: BSD-2-Clause
// When memory is short: clean cached pages go first, then the personality chooses a victim.
#pragma once

#include "core/memory/page.h"

namespace core {

// The page of zeros that reads of untouched anonymous memory share. Never freed.
Page& zero_page();

// Frees memory or, failing that, asks the victim hook; returns when trying again makes sense.
// Process context, no locks held.
void make_memory_available();
// Drops up to `wanted` clean cached pages; returns how many. Process context.
u64 reclaim_pages(u64 wanted);
// The personality's choice of what to end: kills something, or panics if there is nothing. Set
// once.
using OutOfMemoryHook = void (*)();
void set_out_of_memory_hook(OutOfMemoryHook hook);

// Pages of page caches that may be dropped, in the order they came; kept by PageCache.
void add_reclaimable(Page& page);
void remove_reclaimable(Page& page);

} // namespace core
