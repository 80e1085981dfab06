// SPDX-License-Identifier: BSD-2-Clause
#include "core/pci/acpi_hot_plug.h"

#include "arch/api/machine.h"
#include "core/device/register_access.h"
#include "core/observe/log.h"

namespace core {
namespace {

// Offsets from the block's first port: 4 bytes each.
constexpr u16 filled = 0x0, to_be_emptied = 0x4, eject = 0x8, bus_select = 0x10;
constexpr u8 hot_plug_event = 1 << 1; // GPE 1

} // namespace

Result<Box<AcpiHotPlug>> AcpiHotPlug::create() {
    const arch::MachineDescription machine = arch::machine_description();
    if (machine.hot_plug_ports == 0 || machine.event_ports == 0)
        return Failure(Errno::nodev);
    Box<AcpiHotPlug> made = TRY(Box<AcpiHotPlug>::create());
    made->registers_ = machine.hot_plug_ports;
    // The first half of the block is status, the second what is let through (ACPI 6.4, 4.8.4.1).
    made->event_status_ = machine.event_ports;
    made->event_enable_ = static_cast<u16>(machine.event_ports + machine.event_port_count / 2);
    const arch::IsaRoute route = arch::isa_route(machine.event_interrupt);
    made->interrupt_ = TRY(Interrupt::connect_line(route.line, arch::LineTrigger::level,
                                                   route.polarity, &interrupt_arrived,
                                                   made.get()));
    write_port(made->event_status_, 1, hot_plug_event);
    write_port(made->event_enable_, 1, read_port(made->event_enable_, 1) | hot_plug_event);
    return made;
}

InterruptAnswer AcpiHotPlug::interrupt_arrived(void* argument) {
    auto& self = *static_cast<AcpiHotPlug*>(argument);
    if (!(read_port(self.event_status_, 1) & hot_plug_event))
        return InterruptAnswer::not_mine;
    write_port(self.event_status_, 1, hot_plug_event);
    self.pending_.store(true, std::memory_order_release);
    PciTopology::wake();
    return InterruptAnswer::handled;
}

void AcpiHotPlug::attend() {
    if (!pending_.exchange(false, std::memory_order_acquire))
        return;
    for (const arch::HotPlugBus& bus : arch::hot_plug_buses()) {
        PciBus* found = PciTopology::first_bus();
        for (u32 i = 0; found && i < bus.depth; ++i)
            found = found->bus_behind(bus.path[i]);
        if (found)
            attend_bus(bus.selector, *found);
    }
}

void AcpiHotPlug::attend_bus(u32 selector, PciBus& bus) {
    write_port(static_cast<u16>(registers_ + bus_select), 4, selector);
    const u32 leaving = read_port(static_cast<u16>(registers_ + to_be_emptied), 4);
    const u32 coming = read_port(static_cast<u16>(registers_ + filled), 4);
    for (u8 slot = 0; slot < 32; ++slot) {
        if (!(leaving >> slot & 1))
            continue;
        bus.remove(slot, Departure::in_order);
        write_port(static_cast<u16>(registers_ + bus_select), 4, selector);
        write_port(static_cast<u16>(registers_ + eject), 4, u32{1} << slot);
    }
    if (coming == 0)
        return;
    if (const auto scanned = bus.scan(); !scanned)
        LOG_ERROR("pci: bus {}: {}", bus.number(), scanned.error());
}

} // namespace core
