// SPDX-License-Identifier: BSD-2-Clause
// devtmpfs: one tmpfs that the kernel keeps a node in for each device that has a name.
#pragma once

#include "linux/devfs/device_registry.h"

namespace linux {

// Makes the file system and registers its type; devices known by then get their nodes. Errors:
// nomem.
Result<> start_devtmpfs();
// For the registry: a device came or went. Does nothing before start_devtmpfs(). Process context,
// any task.
void devtmpfs_add(const DeviceNode& node);
void devtmpfs_remove(std::string_view name);

} // namespace linux
