// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/local_apic.h"

#include "arch/api/cpu.h"
#include "arch/api/interrupts.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/trap.h"
#include "core/memory/kernel_map.h"
#include "core/time/clock.h"

namespace arch {
namespace {

// Register offsets (SDM table 11-1).
constexpr u32 register_id = 0x20, register_eoi = 0xb0, register_spurious = 0xf0,
              register_task_priority = 0x80, register_command_low = 0x300,
              register_command_high = 0x310, register_timer = 0x320, register_lint0 = 0x350,
              register_lint1 = 0x360, register_error = 0x370, register_initial_count = 0x380,
              register_current_count = 0x390, register_divide = 0x3e0;
constexpr u32 timer_deadline = 2 << 17;
constexpr u32 masked = 1 << 16, delivery_pending = 1 << 12, delivery_nmi = 4 << 8;
constexpr u64 base_enable = 1 << 11, base_x2apic = 1 << 10;

constinit volatile u8* g_registers = nullptr;
constinit bool g_by_msr = false;
constinit u64 g_timer_rate = 0;

u32 read(u32 offset) {
    if (g_by_msr)
        return static_cast<u32>(read_msr(0x800 + (offset >> 4)));
    return *reinterpret_cast<volatile u32*>(g_registers + offset);
}
void write(u32 offset, u32 value) {
    if (g_by_msr)
        write_msr(0x800 + (offset >> 4), value);
    else
        *reinterpret_cast<volatile u32*>(g_registers + offset) = value;
}

void send_command(u32 apic_id, u32 low) {
    const u64 saved = save_and_disable_interrupts();
    if (g_by_msr) {
        write_msr(0x830, (u64{apic_id} << 32) | low);
    } else {
        write(register_command_high, apic_id << 24);
        write(register_command_low, low);
        while (read(register_command_low) & delivery_pending)
            spin_pause();
    }
    restore_interrupts(saved);
}

} // namespace

void start_local_apic() {
    const u64 base = read_msr(msr::apic_base);
    g_by_msr = (base & base_x2apic) != 0;
    if (!g_by_msr) {
        write_msr(msr::apic_base, base | base_enable);
        if (!g_registers) {
            static constinit core::KernelMapping mapping;
            mapping =
                MUST(core::KernelMapping::map_device(PhysAddr(base & 0xf'ffff'f000),
                                                     Bytes(page_size), core::CacheMode::uncached),
                     "boot has memory for one mapping");
            g_registers = mapping.as<volatile u8>();
        }
    }
    write(register_task_priority, 0);
    write(register_lint0, masked);
    write(register_lint1, delivery_nmi);
    write(register_error, masked);
    write(register_timer, masked);
    write(register_divide, 0xb); // divide by 1
    write(register_spurious, 0x100 | spurious_vector);
}

u32 local_apic_id() {
    const u32 id = read(register_id);
    return g_by_msr ? id : id >> 24;
}
void acknowledge_interrupt() { write(register_eoi, 0); }
void send_interrupt(u32 apic_id, u32 vector) { send_command(apic_id, 0x4000 | vector); }
void send_init(u32 apic_id) { send_command(apic_id, 0x4500); }
void send_startup(u32 apic_id, u32 page) { send_command(apic_id, 0x4600 | page); }

void stop_other_cpus() {
    if (g_registers || g_by_msr)
        send_command(0, 0xc0000 | 0x4000 | stop_vector); // shorthand: all but self
}
void stop_this_cpu() {
    while (true)
        asm volatile("cli; hlt");
}

void set_apic_timer_rate(u64 ticks_per_second) { g_timer_rate = ticks_per_second; }
void start_apic_timer(u32 ticks) {
    write(register_timer, timer_vector);
    write(register_initial_count, ticks);
}
u32 apic_timer_count() { return read(register_current_count); }

// With a deadline the timer needs no rate of its own (SDM volume 3, 11.5.4.1).
void arm_timer(Nanos delay) {
    if (cpu_features().tsc_deadline) {
        write_msr(msr::tsc_deadline, timestamp() + core::nanos_to_cycles(delay) + 1);
        return;
    }
    // Rounded up, and never 0, which would stop the timer.
    const u64 nanos = delay.value < 1'000'000'000 ? delay.value : 1'000'000'000;
    const u64 ticks = nanos * (g_timer_rate / 1000) / 1'000'000 + 1;
    write(register_initial_count, ticks > 0xffff'ffff ? 0xffff'ffff : static_cast<u32>(ticks));
}
void start_timer() {
    write(register_timer, timer_vector | (cpu_features().tsc_deadline ? timer_deadline : 0));
    if (!g_by_msr) // the mode is set before a deadline is written
        asm volatile("mfence" ::: "memory");
}

void send_reschedule(u32 cpu) { send_interrupt(cpu_area(cpu).apic_id, reschedule_vector); }
void send_call_interrupt(u64 mask) {
    for (; mask != 0; mask &= mask - 1)
        send_interrupt(cpu_area(static_cast<u32>(__builtin_ctzll(mask))).apic_id, call_vector);
}

} // namespace arch
