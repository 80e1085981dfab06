// SPDX-License-Identifier: BSD-2-Clause
// Page records without a call, for loops over whole page tables. Kernel only: in tests on the host
// a record is found in another way.
#pragma once

#include "core/memory/frames.h"
#include "core/memory/physical.h"

namespace core {

// page_of().
inline Page& record_of(PhysAddr address) { return g_pages[address.value >> page_shift]; }

// release_page().
inline void drop_reference(Page& page) {
    if (page.references.fetch_sub(1, std::memory_order_acq_rel) == 1) [[unlikely]]
        free_frame(page);
}

} // namespace core
