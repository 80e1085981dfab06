// SPDX-License-Identifier: BSD-2-Clause
// The machine around the CPUs, at start.
#pragma once

#include <span>

#include "abi/boot/boot_info.h"
#include "base/types.h"

namespace arch {

// First CPU, once frames and kernel mappings work: tables of the firmware, interrupt controllers,
// clocks.
void prepare_machine(const boot::BootInfo& info);
// Starts the other CPUs, `limit` in all; each ends in core::run_secondary. How many run, with this
// one.
u32 start_cpus(u32 limit);
// Seconds since 1970 by the machine's own clock; 0 if it has none.
i64 battery_clock();

struct MachineDescription {
    u64 pci_configuration; // physical address of segment 0's ECAM window, 0 if there is none
    u8 first_bus, last_bus;
};
MachineDescription machine_description();

// A virtio transport over MMIO that the firmware tells of; `line` is level-triggered, active high.
struct MmioTransport {
    u64 base;
    u64 size;
    u32 line;
};
std::span<const MmioTransport> mmio_transports();

} // namespace arch
