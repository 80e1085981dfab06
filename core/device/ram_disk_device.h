// SPDX-License-Identifier: BSD-2-Clause
// The storage behind a RAM disk: pages the core owns, so that they outlive the component that
// serves them.
#pragma once

#include "core/device/device.h"

namespace core {

// Adds `count` devices "ramdisk.N" of `bytes` each; their pages are taken at once. Errors: nomem.
Result<> add_ram_disks(u32 count, u64 bytes);

} // namespace core
