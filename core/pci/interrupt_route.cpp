// SPDX-License-Identifier: BSD-2-Clause
#include "core/pci/interrupt_route.h"

#include "core/pci/pci_bus.h"

namespace core {
namespace {

constexpr u32 intel = 0x8086, piix3 = 0x7000, ich9 = 0x2918;
constexpr u32 route_disabled = 0x80;

// Route control registers PIRQA to PIRQD at 0x60; ICH9's PIRQE to PIRQH at 0x68 (82371SB data
// sheet, 3.2.4; ICH9 data sheet, 13.1.14). The wiring in front of them is QEMU's.
u32 read_route(u32 slot, u32 pin) {
    for (u8 number = 0; number < 32; ++number) {
        const PciAddress at{0, number, 0};
        const u32 identity = PciConfiguration::read(at, 0, 4);
        u32 offset = 0;
        if (identity == (piix3 << 16 | intel))
            offset = 0x60 + ((pin + slot - 1) & 3);
        else if (identity == (ich9 << 16 | intel))
            offset = slot < 25 ? 0x68 + ((pin + slot) & 3) : 0x60 + (pin & 3);
        else
            continue;
        const u32 route = PciConfiguration::read(at, offset, 1);
        return route & route_disabled ? 0 : route & 15;
    }
    return 0;
}

} // namespace

u32 find_chipset_line(const PciDevice& device, u32 pin) {
    const PciDevice* at = &device;
    // Each bridge turns the pins by the device's number (PCI-to-PCI Bridge 1.2, 9.1).
    while (at->parent()) {
        pin = (pin + at->address().device) & 3;
        at = static_cast<const PciDevice*>(at->parent());
    }
    return read_route(at->address().device, pin);
}

} // namespace core
