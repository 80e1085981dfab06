// SPDX-License-Identifier: BSD-2-Clause
// The virtio console device as its specification has it (Virtio 1.2, 5.3).
#pragma once

#include "base/types.h"

namespace virtio_console {

namespace feature {
inline constexpr u64 size = 1 << 0, multiport = 1 << 1;
}

// 5.3.4.
struct Configuration {
    u16 columns;
    u16 rows;
    u32 maximum_ports;
    u32 emergency_write;

    static constexpr u8 widths[] = {2, 2, 4, 4};
};
static_assert(sizeof(Configuration) == 12);

// 5.3.6.2. Some carry more behind the message: a name, a size.
enum class ControlEvent : u16 {
    device_ready = 0,
    port_add = 1,
    port_remove = 2,
    port_ready = 3,
    console_port = 4,
    resize = 5,
    port_open = 6,
    port_name = 7,
};
struct ControlMessage {
    u32 port;
    ControlEvent event;
    u16 value;
};
static_assert(sizeof(ControlMessage) == 8);

// Behind a resize message. Linux before 6.15 reads the two the other way round; this is the
// specification's.
struct Size {
    u16 columns;
    u16 rows;
};

// 5.3.2: receive and transmit queue of port 0, the control queues, then those of port 1, …
inline constexpr u16 control_in = 2, control_out = 3;
constexpr u16 in_queue(u32 port) { return static_cast<u16>(port == 0 ? 0 : 2 + 2 * port); }
constexpr u16 out_queue(u32 port) { return static_cast<u16>(in_queue(port) + 1); }

} // namespace virtio_console
