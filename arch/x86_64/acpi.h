// SPDX-License-Identifier: BSD-2-Clause
// The static ACPI tables (ACPI specification 6.4, chapter 5): CPUs, interrupt controllers,
// power-off. No AML is interpreted but the sleep package of _S5.
#pragma once

#include <span>

#include "arch/api/machine.h"
#include "base/address.h"
#include "base/types.h"

namespace arch {

struct IoApicEntry {
    u64 address;
    u32 first_line;
};
struct LineOverride {
    u8 isa_interrupt;
    u32 line;
    bool low, level;
};

struct Platform {
    u32 apic_ids[64];
    u32 cpu_count = 0;
    IoApicEntry io_apics[8];
    u32 io_apic_count = 0;
    LineOverride overrides[16];
    u32 override_count = 0;
    bool found = false;
    u64 mcfg_address = 0; // PCI Express configuration space of segment 0, 0 if none
    u8 mcfg_first_bus = 0, mcfg_last_bus = 0;
    std::span<const u8> remapping_table; // DMAR; empty: none
    u64 hpet_address = 0; // registers of the High Precision Event Timer, 0 if none
    MmioTransport transports[32];
    usize transport_count = 0;
    HotPlugBus hot_plug_buses[32];
    usize hot_plug_bus_count = 0;
    u16 event_ports = 0, hot_plug_ports = 0;
    u8 event_port_count = 0, event_interrupt = 0;
    // Power-off: write sleep_type << 10 | 1 << 13 to pm1_control.
    u16 pm1_control = 0;
    u8 sleep_type = 0;
    bool can_power_off = false;
    // Power-off by the reduced-hardware sleep register (microvm).
    u64 sleep_control = 0;
    u8 reset_space = 0, reset_value = 0;
    u64 reset_register = 0;
};

const Platform& platform();
// First CPU, once: ACPI, or the MultiProcessor tables where there is none. `rsdp` 0: searched in
// the BIOS areas.
void read_firmware_tables(u64 rsdp);

} // namespace arch
