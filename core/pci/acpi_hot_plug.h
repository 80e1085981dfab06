// SPDX-License-Identifier: BSD-2-Clause
// Hot plug on machines whose firmware does it by QEMU's registers: a general purpose event says
// that slots were filled or are to be emptied (QEMU, docs/specs/acpi_pci_hotplug). What the
// firmware's AML would do is done here.
#pragma once

#include "base/box.h"
#include "core/irq/interrupt.h"
#include "core/pci/pci_bus.h"

namespace core {

class AcpiHotPlug {
public:
    // Begins to listen. Errors: nodev (not such a machine), nomem, and those of the interrupt.
    static Result<Box<AcpiHotPlug>> create();

    // Does what the events since the last look ask for. Topology locked, process context.
    void attend();

private:
    friend class Box<AcpiHotPlug>;
    AcpiHotPlug() = default;

    static InterruptAnswer interrupt_arrived(void* self);
    void attend_bus(u32 selector, PciBus& bus);

    u16 registers_ = 0;
    u16 event_status_ = 0; // port of the event's status byte
    u16 event_enable_ = 0;
    std::atomic<bool> pending_{false};
    Interrupt interrupt_;
};

} // namespace core
