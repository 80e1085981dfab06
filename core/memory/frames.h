// SPDX-License-Identifier: BSD-2-Clause
// The frame allocator: a buddy allocator with per-CPU caches of single frames. Any context; it
// never sleeps and never reclaims (core/vm/reclaim does, before an allocation that may).
#pragma once

#include "base/result.h"
#include "core/memory/page.h"

namespace core {

enum class FrameContent : u8 { undefined, zeroed };

// A frame with one reference. Errors: nomem.
Result<PageRef> allocate_frame(PageUse use, FrameContent content);
// 2^order frames, physically contiguous and aligned to their size; the record of the first stands
// for all. Below 4 GiB if `below_4g`. Errors: nomem.
Result<Page*> allocate_block(unsigned order, PageUse use, bool below_4g = false);
void free_block(Page& first, unsigned order);
// A frame whose last reference is gone; release_page() calls it.
void free_frame(Page& page);

struct FrameCounts {
    u64 total; // frames the kernel manages
    u64 free;
    u64 cached;    // frames of page caches
    u64 anonymous; // frames of anonymous memory
    u64 slab;
    u64 page_tables;
};
FrameCounts frame_counts();

} // namespace core
