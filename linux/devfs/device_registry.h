// SPDX-License-Identifier: BSD-2-Clause
// The table of devices programs can open: by type and number (a node made by mknod anywhere leads
// here), and by name (devtmpfs shows a node for each). Filled by the glue of drivers. Process
// context.
#pragma once

#include <string_view>

#include "base/ref.h"

#include "linux/vfs/attributes.h"

namespace linux {

class OpenFile;
class Path;

enum class DeviceType : u8 { character, block };

// What a device says about itself; the registration outlives every open file of it.
struct DeviceNode {
    // Opens the device; `path` is how it was found, `flags` as open(2) has them. The open file
    // keeps `path` (so that fstat and /proc/self/fd show the node). Errors: nxio, busy, acces, io.
    using Open = Result<Ref<OpenFile>> (*)(const DeviceNode& node, const Path& path, u32 flags);

    std::string_view name; // "ttyS0", "input/event0"; "" for no node in devtmpfs; copied
    DeviceType type = DeviceType::character;
    DeviceNumber number;
    u32 mode = 0600;       // permission bits of the devtmpfs node
    Open open = nullptr;
    void* context = nullptr; // the registrant's
    // Where the context can go away: one reference passes to the registration with the device, and
    // an opening holds one of its own. Any context under a mutex.
    void (*retain)(void* context) = nullptr;
    void (*release)(void* context) = nullptr;
};

// Errors: exist (number or name is taken), nomem. Before devtmpfs is mounted too.
Result<> register_device_node(const DeviceNode& node);
// The same by fields, for those without context.
Result<> register_device_node(std::string_view name, DeviceType type, u32 major, u32 minor,
                              u32 mode, DeviceNode::Open open);
// Removes node and number; open files of it stay open. Errors: noent.
Result<> unregister_device_node(DeviceType type, DeviceNumber number);
// Calls the open function behind a number. Errors: nxio when there is none.
Result<Ref<OpenFile>> open_device(DeviceType type, DeviceNumber number, const Path& path,
                                  u32 flags);
// Name of a major number for /proc/devices ("ttyS", "virtblk"). `name` has static storage.
void name_device_major(DeviceType type, u32 major, const char* name);
// The named majors, in the order they were named.
void for_each_device_major(bool (*visit)(DeviceType type, u32 major, const char* name,
                                         void* argument),
                           void* argument);
// The device numbers in order, for /proc and /sys; false ends. Calls `visit` without locks held.
void for_each_device(bool (*visit)(const DeviceNode& node, void* argument), void* argument);

} // namespace linux
