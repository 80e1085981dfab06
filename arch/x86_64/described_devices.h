// SPDX-License-Identifier: BSD-2-Clause
// Devices that only the firmware's AML tells of. No interpreter: QEMU's microvm writes its virtio
// transports as constants, which are found by their pattern (ACPI specification 6.4, 6.4.3
// and 20.2).
#pragma once

#include <span>

#include "arch/api/machine.h"

namespace arch {

// The devices "LNRO0005" (virtio over MMIO) in the body of a DSDT; answers how many `into` got.
// What has no sound window and line is left out.
usize find_virtio_transports(std::span<const u8> code, std::span<MmioTransport> into);

} // namespace arch
