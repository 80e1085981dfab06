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

MachineDescription machine_description() {
    return {platform().mcfg_address, platform().mcfg_first_bus, platform().mcfg_last_bus};
}
std::span<const MmioTransport> mmio_transports() {
    return {platform().transports, platform().transport_count};
}

} // namespace arch
