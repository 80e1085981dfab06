// SPDX-License-Identifier: BSD-2-Clause
// The I/O APICs (Intel 82093AA data sheet): 24 lines or more, each routed to a vector of a CPU.
#include "arch/x86_64/io_apic.h"

#include "arch/api/interrupts.h"
#include "arch/x86_64/acpi.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/trap.h"
#include "core/memory/kernel_map.h"
#include "core/sync/lock.h"

namespace arch {
namespace {

struct IoApic {
    core::KernelMapping mapping;
    u32 first_line = 0;
    u32 lines = 0;

    // Two registers: an index and a window at +0x10.
    u32 read(u32 index) {
        *mapping.as<volatile u32>() = index;
        return *reinterpret_cast<volatile u32*>(mapping.as<u8>() + 0x10);
    }
    void write(u32 index, u32 value) {
        *mapping.as<volatile u32>() = index;
        *reinterpret_cast<volatile u32*>(mapping.as<u8>() + 0x10) = value;
    }
};

constinit IoApic g_io_apics[8]{};
constinit u32 g_count = 0;
constinit core::IrqSpinLock<core::lock_class::interrupt> g_lock;

constexpr u32 masked = 1 << 16;

IoApic* find(u32 line) {
    for (u32 i = 0; i < g_count; ++i) {
        if (line >= g_io_apics[i].first_line &&
            line < g_io_apics[i].first_line + g_io_apics[i].lines)
            return &g_io_apics[i];
    }
    return nullptr;
}

void mask_legacy_controllers() {
    write_port8(0x21, 0xff); // 8259A interrupt masks
    write_port8(0xa1, 0xff);
}

} // namespace

void start_io_apics() {
    mask_legacy_controllers();
    const Platform& found = platform();
    for (u32 i = 0; i < found.io_apic_count; ++i) {
        IoApic& apic = g_io_apics[g_count];
        auto mapping = core::KernelMapping::map_device(PhysAddr(found.io_apics[i].address),
                                                       Bytes(page_size), core::CacheMode::uncached);
        if (!mapping)
            continue;
        apic.mapping = std::move(*mapping);
        apic.first_line = found.io_apics[i].first_line;
        apic.lines = (apic.read(1) >> 16 & 0xff) + 1;
        for (u32 line = 0; line < apic.lines; ++line)
            apic.write(0x10 + 2 * line, masked);
        ++g_count;
    }
}

Result<> route_line(u32 line, u32 vector, u32 cpu, LineTrigger trigger, LinePolarity polarity) {
    IoApic* apic = find(line);
    if (!apic)
        return Failure(Errno::nodev);
    core::LockGuard<core::lock_class::interrupt> guard(g_lock);
    const u32 low = vector | (polarity == LinePolarity::low ? 1u << 13 : 0) |
                    (trigger == LineTrigger::level ? 1u << 15 : 0) | masked;
    const u32 entry = 0x10 + 2 * (line - apic->first_line);
    apic->write(entry, masked);
    apic->write(entry + 1, cpu_area(cpu).apic_id << 24);
    apic->write(entry, low);
    return {};
}

void mask_line(u32 line, bool mask) {
    IoApic* apic = find(line);
    if (!apic)
        return;
    core::LockGuard<core::lock_class::interrupt> guard(g_lock);
    const u32 entry = 0x10 + 2 * (line - apic->first_line);
    const u32 old = apic->read(entry);
    apic->write(entry, mask ? old | masked : old & ~masked);
}

IsaRoute isa_route(u32 isa_interrupt) {
    const Platform& found = platform();
    for (u32 i = 0; i < found.override_count; ++i) {
        const LineOverride& entry = found.overrides[i];
        if (entry.isa_interrupt == isa_interrupt)
            return {entry.line, entry.level ? LineTrigger::level : LineTrigger::edge,
                    entry.low ? LinePolarity::low : LinePolarity::high};
    }
    return {isa_interrupt, LineTrigger::edge, LinePolarity::high};
}

u32 first_interrupt_vector() { return first_device_vector; }
u32 last_interrupt_vector() { return last_device_vector; }
InterruptMessage interrupt_message(u32 vector, u32 cpu) {
    // SDM volume 3A, 11.11: fixed delivery, physical destination.
    return {0xfee0'0000 | u64{cpu_area(cpu).apic_id} << 12, vector};
}

} // namespace arch
