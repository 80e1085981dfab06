// SPDX-License-Identifier: BSD-2-Clause
// The machine around the CPUs, at start.
#pragma once

#include "abi/boot/boot_info.h"
#include "base/types.h"

namespace arch {

// First CPU, once frames and kernel mappings work: tables of the firmware, interrupt controllers,
// clocks.
void prepare_machine(const boot::BootInfo& info);
// Starts the other CPUs, `limit` in all; each ends in core::run_secondary.
void start_cpus(u32 limit);
// Seconds since 1970 by the machine's own clock; 0 if it has none.
i64 battery_clock();

struct MachineDescription {
    u64 pci_configuration; // physical address of segment 0's ECAM window, 0 if there is none
    u8 first_bus, last_bus;
};
MachineDescription machine_description();

} // namespace arch
