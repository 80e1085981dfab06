// SPDX-License-Identifier: BSD-2-Clause
// /dev/kmsg: the kernel log, a record a read, and lines of programs into it.
#pragma once

#include "linux/devfs/device_registry.h"

namespace linux {

Result<Ref<OpenFile>> open_kmsg(const DeviceNode& node, const Path& path, u32 flags);

} // namespace linux
