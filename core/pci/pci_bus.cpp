// SPDX-License-Identifier: BSD-2-Clause
#include "core/pci/pci_bus.h"

#include "arch/api/machine.h"
#include "core/observe/log.h"
#include "core/pci/pci_slot.h"
#include "core/pci/registers.h"

namespace core {

namespace space = pci_space;

PciBus::PciBus(u8 number, PciDevice* bridge) : number_(number), bridge_(bridge) {
    ranges_ = read_ranges();
}

PciBus::~PciBus() {
    delete slot_;
    while (PciDevice* device = devices_.pop_front())
        device->drop_reference();
}

// What the bridge's header lets through (PCI-to-PCI Bridge 1.2, 3.2.5.6 to 3.2.5.10). Bits below
// the granularity tell the kind of range.
PciBus::Ranges PciBus::read_ranges() const {
    if (!bridge_) {
        const arch::MachineDescription machine = arch::machine_description();
        return {{machine.free_ports_start, machine.free_ports_end},
                {machine.free_memory_start, machine.free_memory_end},
                {}};
    }
    const PciDevice& bridge = *bridge_;
    const auto range = [](u64 base, u64 limit, u64 granularity) {
        return base <= limit ? AddressRange{base, (limit | (granularity - 1)) + 1} : AddressRange{};
    };
    Ranges found;
    u64 port_base = (bridge.config(space::port_base, 1) & 0xf0) << 8;
    u64 port_limit = (bridge.config(space::port_limit, 1) & 0xf0) << 8;
    if ((bridge.config(space::port_base, 1) & 15) == 1) {
        port_base |= u64{bridge.config(space::port_base_high, 2)} << 16;
        port_limit |= u64{bridge.config(space::port_limit_high, 2)} << 16;
    }
    found.ports = range(port_base, port_limit, 0x1000);
    found.memory = range(u64{bridge.config(space::memory_base, 2) & 0xfff0} << 16,
                         u64{bridge.config(space::memory_limit, 2) & 0xfff0} << 16, 0x10'0000);
    u64 base = u64{bridge.config(space::prefetch_base, 2) & 0xfff0} << 16;
    u64 limit = u64{bridge.config(space::prefetch_limit, 2) & 0xfff0} << 16;
    if ((bridge.config(space::prefetch_base, 2) & 15) == 1) {
        base |= u64{bridge.config(space::prefetch_base_high, 4)} << 32;
        limit |= u64{bridge.config(space::prefetch_limit_high, 4)} << 32;
    }
    found.prefetchable = range(base, limit, 0x10'0000);
    return found;
}

PciDevice* PciBus::find(PciAddress address) {
    for (PciDevice& device : devices_) {
        if (device.address() == address)
            return &device;
    }
    return nullptr;
}

u64 PciBus::find_in(const AddressRange& range, u64 length, DeviceWindow::Kind kind) {
    constexpr usize capacity = 128;
    AddressRange taken[capacity];
    usize used = 0;
    const auto add = [&](const AddressRange& one) {
        if (one.overlaps(range) && used < capacity)
            taken[used++] = one;
    };
    const arch::MachineDescription machine = arch::machine_description();
    constexpr u64 bus_bytes = u64{1} << 20;
    if (kind == DeviceWindow::Kind::memory_mapped && machine.pci_configuration != 0)
        add({machine.pci_configuration,
             machine.pci_configuration + (u64{machine.last_bus} + 1) * bus_bytes});
    for (const PciDevice& device : devices_) {
        for (const DeviceWindow& window : device.windows()) {
            if (window.kind == kind && window.start != 0)
                add({window.start, window.start + window.length});
        }
        if (const PciBus* behind = device.bus_behind()) {
            const Ranges& passed = behind->ranges_;
            add(kind == DeviceWindow::Kind::ports ? passed.ports : passed.memory);
            add(kind == DeviceWindow::Kind::ports ? AddressRange{} : passed.prefetchable);
        }
    }
    return used == capacity ? 0 : find_free_addresses(range, length, {taken, used});
}

u64 PciBus::find_addresses(const DeviceWindow& window) {
    // Small windows do not share a page: pages are what can be handed out.
    if (window.kind == DeviceWindow::Kind::ports)
        return find_in(ranges_.ports, window.length, window.kind);
    const u64 length = window.length < page_size ? page_size : window.length;
    constexpr u64 four_gib = u64{1} << 32;
    if (window.is_prefetchable && (window.is_wide || ranges_.prefetchable.end <= four_gib)) {
        if (const u64 place = find_in(ranges_.prefetchable, length, window.kind))
            return place;
    }
    return find_in(ranges_.memory, length, window.kind);
}

Result<> PciBus::scan_device(u8 number, u32& found) {
    u8 functions = 1;
    for (u8 function = 0; function < functions; ++function) {
        const PciAddress at{number_, number, function};
        const bool known = find(at) != nullptr;
        if (!known) {
            auto device = PciDevice::create(at, *this);
            if (!device && device.error() == Errno::nodev)
                continue;
            if (!device)
                return Failure(device.error());
            devices_.push_back(*device->release());
            ++found;
        }
        if (function == 0 &&
            (PciConfiguration::read(at, space::header_type, 1) & space::header_many_functions))
            functions = 8;
    }
    return {};
}

Result<u32> PciBus::scan() {
    TRY(PciConfiguration::open_bus(number_));
    u32 found = 0;
    // Behind a port of PCI Express there is one device (PCI Express Base 5.0, 7.3.1).
    const u8 devices = slot_ ? 1 : 32;
    for (u8 device = 0; device < devices; ++device)
        TRY(scan_device(device, found));
    // All of them are known before the first one is given addresses.
    PciDevice* fresh[most_devices];
    u32 count = 0;
    for (PciDevice& device : devices_) {
        if (!device.tree_link.is_linked() && count < most_devices)
            fresh[count++] = &device;
    }
    for (u32 i = 0; i < count; ++i) {
        if (fresh[i]->is_bridge())
            TRY(begin_bridge(*fresh[i]));
    }
    for (u32 i = 0; i < count; ++i)
        fresh[i]->assign_windows();
    for (u32 i = 0; i < count; ++i)
        TRY(add_device(Ref<Device>::share(*fresh[i])));
    for (u32 i = 0; i < count; ++i) {
        if (PciBus* behind = fresh[i]->bus_behind()) {
            fresh[i]->enable_forwarding();
            if (auto slot = PciSlot::create(*fresh[i]))
                behind->slot_ = slot->release();
            found += TRY(behind->scan());
        }
    }
    return found;
}

Result<u32> PciBus::scan_all() {
    u32 found = TRY(scan());
    for (PciDevice& device : devices_) {
        if (PciBus* behind = device.bus_behind())
            found += TRY(behind->scan_all());
    }
    return found;
}

PciBus* PciBus::bus_behind(u8 place) {
    PciDevice* bridge =
        find({number_, static_cast<u8>(place >> 3), static_cast<u8>(place & 7)});
    return bridge ? bridge->bus_behind() : nullptr;
}

// The numbers are the firmware's: a bridge it left alone, or that came later, leads nowhere.
Result<> PciBus::begin_bridge(PciDevice& bridge) {
    const u32 secondary = bridge.config(space::secondary_bus, 1);
    if (secondary <= number_ || PciTopology::find_bus(static_cast<u8>(secondary))) {
        LOG_WARNING("{}: a bridge without a bus of its own: nothing behind it is used",
                    bridge.name());
        return {};
    }
    auto* behind = new (base::fallible) PciBus(static_cast<u8>(secondary), &bridge);
    if (!behind)
        return Failure(Errno::nomem);
    bridge.set_bus_behind(behind);
    return {};
}

void PciBus::take_off(PciDevice& device, Departure departure) {
    if (PciBus* behind = device.bus_behind())
        behind->remove_all(departure);
    const Ref<PciDevice> last = Ref<PciDevice>::adopt(&device); // the list's reference
    device.bus_link.unlink();
    remove_device(device, departure);
    LOG_INFO("{}: {}", device.name(),
             departure == Departure::in_order ? "removed" : "pulled out");
}

void PciBus::remove(u8 device, Departure departure) {
    for (u8 function = 8; function-- != 0;) {
        if (PciDevice* found = find({number_, device, function}))
            take_off(*found, departure);
    }
}

void PciBus::remove_all(Departure departure) {
    while (!devices_.empty())
        take_off(devices_.back(), departure);
}

u32 PciBus::remove_lost() {
    u32 count = 0;
    bool again = true;
    while (again) {
        again = false;
        for (PciDevice& device : devices_) {
            if (device.answers())
                continue;
            take_off(device, Departure::pulled_out);
            ++count;
            again = true; // the list has changed
            break;
        }
    }
    for (PciDevice& device : devices_) {
        if (PciBus* behind = device.bus_behind())
            count += behind->remove_lost();
    }
    return count;
}

} // namespace core
