// SPDX-License-Identifier: BSD-2-Clause
// Which ISA interrupt the pin of a device behind bridges comes out at, by the routing registers of
// the chipsets that are known.
#pragma once

#include "core/pci/pci_device.h"

namespace core {

// `pin` 0 to 3: INTA to INTD. 0: not known, or switched off.
u32 find_chipset_line(const PciDevice& device, u32 pin);

} // namespace core
