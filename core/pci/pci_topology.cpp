// SPDX-License-Identifier: BSD-2-Clause
#include "core/gate/worker.h"
#include "core/iommu/remapping.h"
#include "core/observe/log.h"
#include "core/pci/acpi_hot_plug.h"
#include "core/pci/pci_slot.h"

namespace core {
namespace {

struct Topology {
    Lock<lock_class::pci_topology> lock;
    PciBus* first = nullptr;
    AcpiHotPlug* by_firmware = nullptr;
    Worker* worker = nullptr;
    std::atomic<bool> rescan{false};
};
Topology* g_topology; // set once, before the first device

void look_after_slots(void*) {
    PciTopology::Guard guard(PciTopology::lock());
    if (g_topology->by_firmware)
        g_topology->by_firmware->attend();
    PciTopology::for_each_slot([](PciBus& bus, PciSlot& slot) { slot.attend(bus); });
    if (!g_topology->rescan.exchange(false, std::memory_order_acquire))
        return;
    g_topology->first->remove_lost();
    if (const auto found = g_topology->first->scan_all(); !found)
        LOG_ERROR("pci: {}", found.error());
}

} // namespace

Lock<lock_class::pci_topology>& PciTopology::lock() { return g_topology->lock; }
PciBus* PciTopology::first_bus() { return g_topology->first; }

PciBus* PciTopology::find_bus(u8 number) { return find_below(*g_topology->first, number); }

PciBus* PciTopology::find_below(PciBus& bus, u8 number) {
    if (bus.number() == number)
        return &bus;
    for (PciDevice& device : bus.devices_) {
        if (PciBus* behind = device.bus_behind()) {
            if (PciBus* found = find_below(*behind, number))
                return found;
        }
    }
    return nullptr;
}

void PciTopology::for_each_slot(void (*visit)(PciBus& bus, PciSlot& slot)) {
    visit_slots(*g_topology->first, visit);
}

void PciTopology::visit_slots(PciBus& bus, void (*visit)(PciBus& bus, PciSlot& slot)) {
    if (bus.slot_)
        visit(bus, *bus.slot_);
    for (PciDevice& device : bus.devices_) {
        if (PciBus* behind = device.bus_behind())
            visit_slots(*behind, visit);
    }
}

void PciTopology::wake() {
    if (g_topology && g_topology->worker)
        g_topology->worker->kick();
}

void PciTopology::request_rescan() {
    if (!g_topology)
        return;
    g_topology->rescan.store(true, std::memory_order_release);
    wake();
}

Result<> start_pci() {
    TRY(PciConfiguration::start());
    start_remapping();
    auto* topology = new (base::fallible) Topology;
    if (!topology)
        return Failure(Errno::nomem);
    g_topology = topology;
    topology->first = new (base::fallible) PciBus(0, nullptr);
    if (!topology->first)
        return Failure(Errno::nomem);
    {
        PciTopology::Guard guard(topology->lock);
        LOG_INFO("pci: {} devices", TRY(topology->first->scan()));
    }
    topology->worker = TRY(Worker::create("hot-plug", look_after_slots, nullptr)).release();
    if (auto by_firmware = AcpiHotPlug::create())
        topology->by_firmware = by_firmware->release();
    PciTopology::wake(); // what came meanwhile
    return {};
}

} // namespace core
