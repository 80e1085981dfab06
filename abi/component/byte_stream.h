// SPDX-License-Identifier: BSD-2-Clause
// The byte stream interface: serial lines, consoles and named ports. The core keeps the line
// discipline and both buffers; the component moves bytes to and from the device.
#pragma once

#include "abi/component/request.h"

namespace component {

enum class StreamKind : u32 { serial = 1, console = 2, port = 3 };

struct ByteStreamProperties {
    StreamKind kind = StreamKind::serial;
    u32 number = 0; // of the port on its device
    u32 columns = 0;
    u32 rows = 0;
    u32 host_connected = 1;
    u32 reserved = 0;
    char label[64] = {}; // what the host calls the port
};

struct ByteStream {
    static constexpr InterfaceId id = InterfaceId::byte_stream;
    static constexpr std::string_view name = "byte_stream";
    using Properties = ByteStreamProperties;

    enum class Operation : u16 { transmit, receive_ready, set_line, set_open };

    static constexpr std::array<OperationInfo, 4> operations = {{
        // Sends the buffer, in order; answered with the bytes handed to the device.
        {"transmit", OperationFlags::repeatable | OperationFlags::reads_buffer},
        // The core has room again: deliver what the device holds. Answered at once.
        {"receive_ready", OperationFlags::idempotent},
        // arguments[0]: baud rate; arguments[1]: data bits | stop bits << 8 | parity << 16.
        {"set_line", OperationFlags::idempotent},
        // arguments[0]: 1 when the first program opens the port, 0 after the last closed it.
        {"set_open", OperationFlags::idempotent},
    }};

    // Events of Env::deliver.
    enum class Event : u32 {
        received,  // bytes from the line
        resized,   // two u16: columns, rows
        broken,    // break condition; no bytes
        host_open, // one byte: 1 the host's side is connected, 0 it is not
    };
};

} // namespace component
