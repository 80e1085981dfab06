// SPDX-License-Identifier: BSD-2-Clause
// Ports to the host (virtio-console ports that are no consoles): /dev/vportNpM, plain byte streams
// that one program at a time may open.
#pragma once

#include "core/device/byte_stream_device.h"

namespace linux {

// Makes the port's node. Process context. Errors: nomem, exist.
Result<> create_port(core::ByteStreamDevice& device);
// The device is gone: its node goes, an open file answers nodev.
void remove_port(core::ByteStreamDevice& device);

} // namespace linux
