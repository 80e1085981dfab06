// SPDX-License-Identifier: BSD-2-Clause
// The first C++ of the kernel, on the loader's page tables: makes this CPU fit for the core, then
// hands on.
#include "core/init/start.h"
#include "abi/boot/boot_info.h"
#include "arch/api/kernel_table.h"
#include "arch/api/machine.h"
#include "arch/x86_64/acpi.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/early_console.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/io_apic.h"
#include "arch/x86_64/local_apic.h"
#include "arch/x86_64/smp.h"

extern "C" {
extern u8 boot_stack_guard[];
}

namespace arch {

extern "C" [[noreturn, gnu::no_stack_protector]] void start_kernel(const boot::BootInfo& info) {
    set_cpu_area(0, boot_cpu_area());
    build_interrupt_table();
    load_descriptors(boot_cpu_area());
    boot_cpu_area().block.stack_guard = info.seed[3] & ~u64{0xff}; // a NUL stops string overruns
    start_early_console();
    detect_features();
    enable_features();
    core::start(info);
}

void prepare_machine(const boot::BootInfo& info) {
    patch_smap_sites();
    protect_image_alias(info.image_start);
    unmap_kernel_page(reinterpret_cast<u64>(boot_stack_guard));
    MUST(make_interrupt_stacks(boot_cpu_area()), "boot has memory");
    read_firmware_tables(info.rsdp);
    start_local_apic();
    boot_cpu_area().apic_id = local_apic_id();
    start_io_apics();
    calibrate_clocks();
    cpu_is_online();
}

u32 start_cpus(u32 limit) { return start_other_cpus(limit); }

i64 battery_clock() { return read_wall_clock(); }

namespace {

// Between RAM and the interrupt controllers at 0xfec00000, where PCs have PCI devices.
void find_free_addresses(const boot::BootInfo& info, MachineDescription& machine) {
    constexpr u64 end = 0xfec0'0000;
    u64 start = 0x8000'0000;
    for (u32 i = 0; i < info.range_count; ++i) {
        const u64 range_end = info.ranges[i].start + info.ranges[i].size;
        if (info.ranges[i].start < end && range_end > start)
            start = range_end < end ? range_end : end;
    }
    machine.free_memory_start = start;
    machine.free_memory_end = end;
    // Below are ISA devices; QEMU's own sit at 0xae00 and up, its firmware begins at 0xc000.
    machine.free_ports_start = 0xc000;
    machine.free_ports_end = 0x1'0000;
}

} // namespace

MachineDescription machine_description() {
    const Platform& found = platform();
    MachineDescription machine{};
    machine.pci_configuration = found.mcfg_address;
    machine.first_bus = found.mcfg_first_bus;
    machine.last_bus = found.mcfg_last_bus;
    find_free_addresses(core::boot_info(), machine);
    machine.event_ports = found.event_ports;
    machine.event_port_count = found.event_port_count;
    machine.event_interrupt = found.event_interrupt;
    machine.hot_plug_ports = found.hot_plug_ports;
    machine.remapping_table = found.remapping_table;
    return machine;
}
std::span<const HotPlugBus> hot_plug_buses() {
    return {platform().hot_plug_buses, platform().hot_plug_bus_count};
}
std::span<const MmioTransport> mmio_transports() {
    return {platform().transports, platform().transport_count};
}

} // namespace arch
