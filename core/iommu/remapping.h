// SPDX-License-Identifier: BSD-2-Clause
// The remapping units of this machine: started before any bus is searched, so that no driver ever
// saw its device without one. Boot options: intel_iommu=off, iommu=off.
#pragma once

#include "core/device/dma_domain.h"
#include "core/pci/pci_configuration.h"

namespace core {

// Process context, once, before the first driver. What the firmware has devices use stays theirs.
// Without units, or when they are unusable, nothing stands before any device.
void start_remapping();

// Of the function at that place, which signs its accesses itself; null where no unit stands before
// it. It lasts. Process context. Errors: nomem, nospc, range.
Result<DmaDomain*> dma_domain_of(PciAddress address);
bool has_remapping();

} // namespace core
