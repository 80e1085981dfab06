// SPDX-License-Identifier: BSD-2-Clause
// What the tree of sysfs is told of: devices of busses, disks, and character devices by class.
// Process context.
#pragma once

#include "linux/devfs/device_registry.h"
#include "linux/sysfs/sys_node.h"

namespace linux {

// Makes the tree, with the devices there are by now; those that come later get their directories,
// links and events as they come. Before the first device node. Errors: nomem.
Result<> start_device_nodes();
// The kernel's node for /dev was made, or is gone.
void character_node_added(const DeviceNode& node);
void character_node_removed(DeviceNumber number);
void disk_added(core::BlockDevice& disk);
void disk_removed(core::BlockDevice& disk);

// --- between the files of this folder

// The node a bus device's children hang below: its virtio device, or itself.
RefOrNull<SysNode> function_node(const core::Device& device);
// /sys/bus/NAME/{devices,drivers} or /sys/class/NAME get a link, the node `subsystem`, `uevent` and
// an event. Errors: nomem.
Result<Ref<SysNode>> enter_device(SysNode& parent, std::string_view name,
                                  const ProcEntry* attributes, SysNode::Facts facts);
// The opposite, with an event.
void leave_device(SysNode& node);
// Shows `component` as the driver of a bus device.
void show_driver(SysNode& node, std::string_view component);

extern const ProcEntry pci_attributes[];
extern const ProcEntry virtio_attributes[];
extern const ProcEntry platform_attributes[];
void describe_pci(const SysNode& node, base::FormatSink& sink);
void describe_virtio(const SysNode& node, base::FormatSink& sink);
void describe_platform(const SysNode& node, base::FormatSink& sink);

} // namespace linux
