// SPDX-License-Identifier: BSD-2-Clause
// The frame allocator: a buddy allocator with per-CPU caches of single frames. Any context; it
// never sleeps and never reclaims (core/vm/reclaim does, before an allocation that may).
#pragma once

#include <span>

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
// 2^frame_run_order frames as allocate_frame() gives them, each with a record and a reference of
// its own, that lie side by side; the first. Errors: nomem.
inline constexpr unsigned frame_run_order = 4;
inline constexpr u64 frame_run = u64{1} << frame_run_order;
Result<Page*> allocate_frame_run(PageUse use, FrameContent content);
// Frames whose last reference is gone; release_page() does it for one.
void free_frame(Page& page);
void free_frames(std::span<Page* const> pages);

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
