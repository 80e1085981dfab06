// SPDX-License-Identifier: BSD-2-Clause
// PCI configuration space: through ports 0xcf8/0xcfc (PCI Local Bus 3.0, 3.2.2.3.2), or where those
// are dead through the memory window that ACPI's MCFG names (PCI Express Base, 7.2.2).
#pragma once

#include "base/result.h"

namespace core {

struct PciAddress {
    u8 bus = 0;
    u8 device = 0;
    u8 function = 0;
};

class PciConfiguration {
public:
    // Finds out which way works. Process context, once. Errors: nodev (no PCI here).
    static Result<> start();
    // 1, 2 or 4 bytes, aligned. All ones where nothing answers. Any context.
    static u32 read(PciAddress address, u32 offset, u32 width);
    static void write(PciAddress address, u32 offset, u32 width, u32 value);
    // Makes a bus reachable before its first access. Process context. Errors: nomem.
    static Result<> open_bus(u8 bus);
};

} // namespace core
