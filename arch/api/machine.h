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
    // Addresses that neither RAM nor the machine's own devices use: for PCI devices on its first
    // bus. Ends are exclusive.
    u64 free_memory_start, free_memory_end;
    u32 free_ports_start, free_ports_end;
    // The firmware's general purpose events, and QEMU's registers for hot plug by them; 0: none.
    u16 event_ports, hot_plug_ports;
    u8 event_port_count, event_interrupt;
    // The firmware's table of DMA remapping units (DMAR), its checksum checked; empty: none.
    std::span<const u8> remapping_table;
};
MachineDescription machine_description();

// A PCI bus on which the firmware reports hot plug: the number it goes by in QEMU's registers, and
// the bridges on the way to it (device << 3 | function each), from the first bus on.
struct HotPlugBus {
    u32 selector;
    u32 depth;
    u8 path[4];
};
std::span<const HotPlugBus> hot_plug_buses();

// A virtio transport over MMIO that the firmware tells of; `line` is level-triggered, active high.
struct MmioTransport {
    u64 base;
    u64 size;
    u32 line;
};
std::span<const MmioTransport> mmio_transports();

} // namespace arch
