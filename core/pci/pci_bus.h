// SPDX-License-Identifier: BSD-2-Clause
// A PCI bus: what is on it, and the addresses its bridge lets through. Everything here is done with
// the topology locked: at boot, and by the worker of hot plug.
#pragma once

#include "base/list.h"
#include "core/pci/pci_device.h"
#include "core/sync/lock.h"

namespace core {

class PciSlot;

class PciBus {
public:
    // The first bus, of the host bridge, or the one behind `bridge`, which owns it.
    PciBus(u8 number, PciDevice* bridge);
    ~PciBus();
    PciBus(const PciBus&) = delete;
    PciBus& operator=(const PciBus&) = delete;

    u8 number() const { return number_; }
    PciDevice* bridge() const { return bridge_; }
    bool is_empty() const { return devices_.empty(); }

    // Finds what was not there before, on this bus and those behind it: gives it addresses, adds it
    // to the tree. Answers how many devices. Errors: nomem.
    Result<u32> scan();
    // The same, and the buses that were known before, too.
    Result<u32> scan_all();
    // The bus behind the bridge at that place (device << 3 | function), null if there is none.
    PciBus* bus_behind(u8 place);
    // Takes off the functions of one device, with what is behind them.
    void remove(u8 device, Departure departure);
    void remove_all(Departure departure);
    // Takes off what does not answer any more, here and behind. Answers how many devices.
    u32 remove_lost();
    // Free addresses for a device on this bus; 0 if there are none.
    u64 find_addresses(const DeviceWindow& window);

private:
    friend class PciTopology;
    static constexpr u32 most_devices = 256;
    struct Ranges {
        AddressRange ports, memory, prefetchable;
    };

    Ranges read_ranges() const;
    Result<> scan_device(u8 number, u32& found);
    Result<> begin_bridge(PciDevice& bridge);
    void take_off(PciDevice& device, Departure departure);
    PciDevice* find(PciAddress address);
    u64 find_in(const AddressRange& range, u64 length, DeviceWindow::Kind kind);

    const u8 number_;
    PciDevice* const bridge_;
    Ranges ranges_;
    List<PciDevice, &PciDevice::bus_link> devices_; // owns a reference to each
    PciSlot* slot_ = nullptr;                       // owned; hot plug behind this bus's bridge
};

// The one tree of buses. Its lock is taken before those of instances and devices.
class PciTopology {
public:
    using Guard = LockGuard<lock_class::pci_topology>;
    static Lock<lock_class::pci_topology>& lock();
    static PciBus* first_bus();
    // The bus with that number, null if there is none. Locked.
    static PciBus* find_bus(u8 number);
    // Calls `visit` for each bus whose bridge has a hot-plug slot. Locked.
    static void for_each_slot(void (*visit)(PciBus& bus, PciSlot& slot));
    // Has the hot-plug worker look at slots, or at everything. Any context.
    static void wake();
    static void request_rescan();

private:
    static void visit_slots(PciBus& bus, void (*visit)(PciBus& bus, PciSlot& slot));
    static PciBus* find_below(PciBus& bus, u8 number);
};

// Finds every PCI device, adds it to the tree, and watches for those that come and go. Process
// context, once. Errors: nodev (no PCI), nomem.
Result<> start_pci();

} // namespace core
