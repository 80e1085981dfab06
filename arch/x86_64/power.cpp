// SPDX-License-Identifier: BSD-2-Clause
// Power-off and restart: ACPI where tables say how, then the keyboard controller, then a triple
// fault.
#include "arch/api/power.h"

#include "arch/api/cpu.h"
#include "arch/api/interrupts.h"
#include "arch/x86_64/acpi.h"
#include "arch/x86_64/registers.h"
#include "core/memory/kernel_map.h"

namespace arch {

void power_off() {
    const Platform& found = platform();
    disable_interrupts();
    if (found.can_power_off && found.sleep_control) {
        const u8 value = static_cast<u8>(found.sleep_type << 2 | 1 << 5);
        if (auto window =
                core::KernelMapping::map_device(PhysAddr(found.sleep_control & ~0xfffull),
                                                Bytes(page_size), core::CacheMode::uncached))
            window->as<volatile u8>()[found.sleep_control & 0xfff] = value;
    }
    if (found.can_power_off && found.pm1_control)
        write_port16(found.pm1_control, static_cast<u16>(found.sleep_type << 10 | 1 << 13));
    write_port16(0x604, 0x2000); // QEMU's q35 and pc without tables
    restart();
}

void restart() {
    const Platform& found = platform();
    disable_interrupts();
    if (found.reset_register && found.reset_space == 1)
        write_port8(static_cast<u16>(found.reset_register), found.reset_value);
    write_port8(0x64, 0xfe); // keyboard controller: pulse the reset line
    for (int i = 0; i < 100'000; ++i)
        spin_pause();
    struct [[gnu::packed]] {
        u16 limit = 0;
        u64 base = 0;
    } nothing;
    asm volatile("lidt %0; int3" ::"m"(nothing));
    stop_this_cpu();
}

void report_panic_to_machine() {
    // QEMU's isa-debug-exit: ends the virtual machine with status (value << 1) | 1. A port nobody
    // answers elsewhere.
    write_port16(0x501, 0x1f);
}

} // namespace arch
