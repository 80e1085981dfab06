// SPDX-License-Identifier: BSD-2-Clause
// Page records without a call, for loops over whole page tables. Kernel only: in tests on the host
// a record is found in another way.
#pragma once

#include "core/memory/physical.h"

namespace core {

// page_of().
inline Page& record_of(PhysAddr address) { return g_pages[address.value >> page_shift]; }

} // namespace core
