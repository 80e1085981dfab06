// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/pci_configuration.h"

#include "arch/api/machine.h"
#include "base/allocate.h"
#include "core/device/register_access.h"
#include "core/memory/kernel_map.h"
#include "core/sync/lock.h"

namespace core {
namespace {

constexpr u16 address_port = 0xcf8;
constexpr u16 data_port = 0xcfc;
constexpr u64 bus_bytes = u64{1} << 20; // of the memory window

struct Access {
    Lock<lock_class::interrupt> lock; // address and data port belong together
    bool by_memory = false;
    u64 window = 0;
    u8 first_bus = 0, last_bus = 0;
    u8* buses[256] = {}; // mapped ones; they stay
};
Access* g_access;

u32 address_word(PciAddress at, u32 offset) {
    return 0x8000'0000u | u32{at.bus} << 16 | u32{at.device} << 11 | u32{at.function} << 8 |
           (offset & 0xfc);
}

u8* mapped(PciAddress at, u32 offset) {
    u8* bus = g_access->buses[at.bus];
    return bus ? bus + (u32{at.device} << 15) + (u32{at.function} << 12) + offset : nullptr;
}

} // namespace

Result<> PciConfiguration::start() {
    g_access = new (base::fallible) Access;
    if (!g_access)
        return Failure(Errno::nomem);
    // The address register reads back what was written only where a host bridge listens.
    write_port(address_port, 4, 0x8000'0000);
    const bool ports = read_port(address_port, 4) == 0x8000'0000;
    const arch::MachineDescription machine = arch::machine_description();
    if (!ports && machine.pci_configuration == 0)
        return Failure(Errno::nodev);
    g_access->by_memory = !ports;
    g_access->window = machine.pci_configuration;
    g_access->first_bus = machine.first_bus;
    g_access->last_bus = machine.last_bus;
    return {};
}

Result<> PciConfiguration::open_bus(u8 bus) {
    Access& access = *g_access;
    if (!access.by_memory || access.buses[bus])
        return {};
    if (bus < access.first_bus || bus > access.last_bus)
        return Failure(Errno::nodev);
    KernelMapping mapping =
        TRY(KernelMapping::map_device(PhysAddr(access.window + bus * bus_bytes), Bytes(bus_bytes),
                                      CacheMode::uncached));
    access.buses[bus] = mapping.as<u8>();
    mapping.forget(); // for good
    return {};
}

u32 PciConfiguration::read(PciAddress at, u32 offset, u32 width) {
    if (g_access->by_memory) {
        const u8* place = mapped(at, offset);
        return place ? static_cast<u32>(read_mapped(place, width)) : ~u32{0};
    }
    if (offset > 0xff)
        return ~u32{0};
    LockGuard<lock_class::interrupt> guard(g_access->lock);
    write_port(address_port, 4, address_word(at, offset));
    return read_port(static_cast<u16>(data_port + (offset & 3)), width);
}

void PciConfiguration::write(PciAddress at, u32 offset, u32 width, u32 value) {
    if (g_access->by_memory) {
        if (u8* place = mapped(at, offset))
            write_mapped(place, width, value);
        return;
    }
    if (offset > 0xff)
        return;
    LockGuard<lock_class::interrupt> guard(g_access->lock);
    write_port(address_port, 4, address_word(at, offset));
    write_port(static_cast<u16>(data_port + (offset & 3)), width, value);
}

} // namespace core
