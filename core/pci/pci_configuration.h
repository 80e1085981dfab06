// SPDX-License-Identifier: BSD-2-Clause
// PCI configuration space: through the memory window that ACPI's MCFG names (PCI Express Base 5.0,
// 7.2.2), or where there is none through ports 0xcf8/0xcfc (PCI Local Bus 3.0, 3.2.2.3.2), which
// reach only the first 256 bytes.
#pragma once

#include "base/result.h"

namespace core {

struct PciAddress {
    u8 bus = 0;
    u8 device = 0;
    u8 function = 0;
    constexpr bool operator==(const PciAddress&) const = default;
};

class PciConfiguration {
public:
    // Finds out which ways work. Process context, once. Errors: nodev (no PCI here).
    static Result<> start();
    // 1, 2 or 4 bytes, aligned. All ones where nothing answers. Any context.
    static u32 read(PciAddress address, u32 offset, u32 width);
    static void write(PciAddress address, u32 offset, u32 width, u32 value);
    // Makes a bus reachable before its first access. Process context. Errors: nomem, nodev.
    static Result<> open_bus(u8 bus);
    // How many bytes of a function's space can be reached: 256 or 4096.
    static u32 reach(u8 bus);
};

} // namespace core
