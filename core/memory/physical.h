// SPDX-License-Identifier: BSD-2-Clause
// Physical memory as the boot handed it over: what is RAM, and the map of all of it.
#pragma once

#include "abi/boot/boot_info.h"
#include "base/address.h"
#include "core/memory/page.h"

namespace core {

// First CPU, once, before anything else of core/memory.
void start_physical_memory(const boot::BootInfo& info);
// Gives what the loader and the boot structures used back, once nobody reads them any more.
void release_boot_memory(PhysAddr start, u64 size);

// Frames at and above this number have no record.
u64 frame_limit();

extern u8* g_physical_map; // where physical address 0 is mapped
extern Page* g_pages;      // the record of frame 0

} // namespace core
