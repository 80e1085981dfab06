// SPDX-License-Identifier: BSD-2-Clause
// The virtio console device: virtio 1.2, 5.3.
#pragma once

#include "base/types.h"

namespace virtio_console {

// 5.3.3 Feature bits.
namespace feature {
inline constexpr u64 size = 1, multiport = 2;
}

// 5.3.4 Device configuration layout.
struct Configuration {
    u16 columns;
    u16 rows;
    u32 maximum_ports;
    u32 emergency_write;
};
static_assert(sizeof(Configuration) == 12);

// 5.3.6.2 Multiport device operation.
struct ControlMessage {
    u32 port;
    u16 event;
    u16 value;
};
static_assert(sizeof(ControlMessage) == 8);

enum class ControlEvent : u16 {
    device_ready = 0, // driver to device
    device_add = 1,   // "port added"
    device_remove = 2,
    port_ready = 3, // driver to device
    console_port = 4,
    resize = 5, // followed by columns, rows (5.3.6.2.1)
    port_open = 6,
    port_name = 7, // followed by the name
};

} // namespace virtio_console
