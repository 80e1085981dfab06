// SPDX-License-Identifier: BSD-2-Clause
#include "core/iommu/remapping.h"

#include "arch/api/machine.h"
#include "core/gate/worker.h"
#include "core/init/command_line.h"
#include "core/iommu/dmar_table.h"
#include "core/iommu/remapping_unit.h"
#include "core/observe/log.h"
#include "core/pci/registers.h"
#include "core/time/clock.h"

namespace core {
namespace {

namespace space = pci_space;

struct Remapping {
    DmarTable table;
    RemappingUnit* units[DmarTable::most_units] = {}; // null: unusable
    Lock<lock_class::device_tree> lock;                 // of the units' domains and fault logs
    Worker* worker = nullptr;
    bool is_on = false; // a unit translates
    // How many faults were told of since `told_since`.
    Nanos told_since{};
    u32 told = 0, untold = 0;
};
Remapping* g_remapping; // set once, before the first driver

// --- which unit

u32 read_space(PciAddress at, u32 offset) { return PciConfiguration::read(at, offset, 1); }

// Where a scope's path ends, through bridges as the firmware numbered them.
Result<PciAddress> find_end(const DmarScope& scope) {
    PciAddress at{scope.bus, scope.path[0].device, scope.path[0].function};
    for (u32 i = 1; i < scope.depth; ++i) {
        TRY(PciConfiguration::open_bus(at.bus));
        const bool is_bridge = (read_space(at, space::header_type) & 0x7f) == space::header_bridge;
        const u8 behind = static_cast<u8>(read_space(at, space::secondary_bus));
        if (!is_bridge || behind == 0)
            return Failure(Errno::nodev);
        at = {behind, scope.path[i].device, scope.path[i].function};
    }
    TRY(PciConfiguration::open_bus(at.bus));
    return at;
}

bool is_in(const DmarScope& scope, PciAddress address) {
    const auto end = find_end(scope);
    if (!end)
        return false;
    if (*end == address)
        return true;
    return scope.kind == DmarScope::Kind::bridge &&
           address.bus >= read_space(*end, space::secondary_bus) &&
           address.bus <= read_space(*end, space::subordinate_bus);
}

bool is_in(std::span<const DmarScope> scopes, PciAddress address) {
    for (const DmarScope& scope : scopes) {
        if (is_in(scope, address))
            return true;
    }
    return false;
}

RemappingUnit* unit_of(PciAddress address) {
    RemappingUnit* others = nullptr;
    const auto described = g_remapping->table.units();
    for (usize i = 0; i < described.size(); ++i) {
        if (is_in(described[i].scopes, address))
            return g_remapping->units[i];
        if (described[i].has_all_others)
            others = g_remapping->units[i];
    }
    return others;
}

Result<VtdDomain*> domain_of(PciAddress address) {
    RemappingUnit* unit = unit_of(address);
    if (!unit)
        return nullptr;
    VtdDomain::Range reserved[DmarTable::most_regions];
    usize count = 0;
    for (const DmarTable::Region& region : g_remapping->table.regions()) {
        if (is_in(region.scopes, address))
            reserved[count++] = {region.start, region.end};
    }
    return unit->domain_of(source_of(address), {reserved, count});
}

// --- faults

// Lines are few, however often a device tries.
bool may_tell() {
    constexpr Nanos interval = base::seconds(5);
    constexpr u32 most = 10;
    if (now() - g_remapping->told_since > interval) {
        if (g_remapping->untold != 0)
            LOG_WARNING("iommu: {} more accesses were kept from memory", g_remapping->untold);
        g_remapping->told_since = now();
        g_remapping->told = g_remapping->untold = 0;
    }
    g_remapping->untold += g_remapping->told == most;
    return g_remapping->told < most && ++g_remapping->told;
}

void take_fault(RemappingUnit& unit, const RemappingUnit::Fault& fault) {
    VtdDomain* domain = unit.find_domain(fault.source);
    if (may_tell())
        LOG_WARNING("iommu: 0000:{:02x}:{:02x}.{} was kept from {} {:#x} (reason {})",
                    fault.source >> 8, fault.source >> 3 & 31, fault.source & 7,
                    fault.access.is_write ? "writing" : "reading", fault.access.address,
                    fault.reason);
    if (domain)
        (void)domain->tell(fault.access);
}

void read_fault_logs() {
    const LockGuard<lock_class::device_tree> guard(g_remapping->lock);
    for (RemappingUnit* unit : g_remapping->units) {
        if (unit && !unit->read_faults(&take_fault))
            LOG_WARNING("iommu: more accesses were kept from memory than the log holds");
    }
}

InterruptAnswer fault_arrived(void*) {
    g_remapping->worker->kick();
    return InterruptAnswer::handled;
}

// --- start

// What the firmware has devices use without any driver must go on. Errors: those of domains.
Result<> keep_reserved_memory() {
    for (const DmarTable::Region& region : g_remapping->table.regions()) {
        for (const DmarScope& scope : region.scopes) {
            if (const auto end = find_end(scope))
                TRY(domain_of(*end));
        }
    }
    return {};
}

void give_up_unit(usize index, Errno why) {
    LOG_ERROR("iommu: unit at {:#x}: {}; devices behind it reach all memory",
              g_remapping->table.units()[index].registers, why);
    g_remapping->units[index] = nullptr; // it stays, where it may translate all the same
}

// Everything that may fail, then each unit on its own. Errors: proto, nospc, nomem, range.
Result<> prepare_units(std::span<const u8> bytes) {
    TRY(g_remapping->table.parse(bytes));
    g_remapping->worker =
        TRY(Worker::create("iommu", [](void*) { read_fault_logs(); }, nullptr)).release();
    const auto described = g_remapping->table.units();
    for (usize i = 0; i < described.size(); ++i) {
        auto unit = RemappingUnit::create(PhysAddr(described[i].registers), &read_fault_logs);
        if (unit)
            g_remapping->units[i] = unit->release();
        else
            give_up_unit(i, unit.error());
    }
    return keep_reserved_memory();
}

void enable_units() {
    u32 count = 0;
    for (usize i = 0; i < std::size(g_remapping->units); ++i) {
        RemappingUnit* unit = g_remapping->units[i];
        if (!unit)
            continue;
        Result<> on = unit->connect_faults(&fault_arrived, nullptr);
        if (on)
            on = unit->enable();
        if (!on)
            give_up_unit(i, on.error());
        count += on.has_value();
    }
    g_remapping->is_on = count != 0;
    if (g_remapping->is_on)
        LOG_INFO("iommu: {} units; devices reach what they were lent", count);
    g_remapping->worker->kick(); // faults from before its interrupt
}

} // namespace

void start_remapping() {
    const std::span<const u8> bytes = arch::machine_description().remapping_table;
    if (bytes.empty() || boot_option("intel_iommu") == "off" || boot_option("iommu") == "off")
        return;
    g_remapping = new (base::fallible) Remapping;
    const Result<> prepared = g_remapping ? prepare_units(bytes) : Failure(Errno::nomem);
    if (!prepared)
        LOG_ERROR("iommu: not used: {}", prepared.error());
    else
        enable_units();
}

bool has_remapping() { return g_remapping && g_remapping->is_on; }

Result<DmaDomain*> dma_domain_of(PciAddress address) {
    if (!has_remapping())
        return nullptr;
    const LockGuard<lock_class::device_tree> guard(g_remapping->lock);
    return TRY(domain_of(address));
}

} // namespace core
