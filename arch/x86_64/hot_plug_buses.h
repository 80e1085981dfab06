// SPDX-License-Identifier: BSD-2-Clause
// Which PCI buses QEMU's firmware reports hot plug for. Only AML says; no interpreter: QEMU writes
// the buses as nested devices with constant addresses, which are found by their pattern (ACPI
// specification 6.4, 20.2; QEMU, docs/specs/acpi_pci_hotplug).
#pragma once

#include <span>

#include "arch/api/machine.h"

namespace arch {

// The buses with a selector (`BSEL`) in the body of a DSDT; answers how many `into` got.
usize find_hot_plug_buses(std::span<const u8> code, std::span<HotPlugBus> into);

} // namespace arch
