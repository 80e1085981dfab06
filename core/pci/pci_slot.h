// SPDX-License-Identifier: BSD-2-Clause
// A hot-plug slot of a PCI Express port (PCI Express Base 5.0, 6.7): its button, power, indicator,
// and the interrupts that tell of changes.
#pragma once

#include "base/box.h"
#include "core/pci/pci_bus.h"

namespace core {

class PciSlot {
public:
    // The slot behind a port; it begins to listen. Errors: nodev (no such slot), nomem, and those
    // of its interrupt.
    static Result<Box<PciSlot>> create(PciDevice& port);
    ~PciSlot();

    // Does what the events since the last look ask for: devices on `bus`, behind the port, come and
    // go. Topology locked, process context.
    void attend(PciBus& bus);

private:
    friend class Box<PciSlot>;
    PciSlot(PciDevice& port, u32 capability);

    static void interrupt_arrived(void* slot, u32 line);
    Result<> listen();
    u32 status() const;
    void control(u32 clear, u32 set);
    void switch_on();
    void switch_off();

    PciDevice& port_; // owns the bus, which owns this
    const u32 capability_;
    const u32 features_;
    std::atomic<u32> events_{0};
    u32 line_ = 0;
    bool listening_ = false;
};

} // namespace core
