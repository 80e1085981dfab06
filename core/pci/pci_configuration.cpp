// SPDX-License-Identifier: BSD-2-Clause
#include "core/pci/pci_configuration.h"

#include "arch/api/machine.h"
#include "base/allocate.h"
#include "core/device/register_access.h"
#include "core/memory/kernel_map.h"
#include "core/observe/log.h"
#include "core/sync/lock.h"

namespace core {
namespace {

constexpr u16 address_port = 0xcf8;
constexpr u16 data_port = 0xcfc;
constexpr u64 bus_bytes = u64{1} << 20; // of the memory window

struct Access {
    Lock<lock_class::interrupt> lock; // address and data port belong together
    bool by_ports = false;
    u64 window = 0; // 0: there is none
    u8 last_bus = 0;
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

// The window must tell of the host bridge what the ports tell; a wrong MCFG is not rare.
bool window_is_sound(u8* first_bus) {
    if (!g_access->by_ports)
        return true;
    LockGuard<lock_class::interrupt> guard(g_access->lock);
    write_port(address_port, 4, address_word({}, 0));
    return read_mapped(first_bus, 4) == read_port(data_port, 4);
}

Result<u8*> map_bus(const Access& access, u8 bus) {
    KernelMapping mapping =
        TRY(KernelMapping::map_device(PhysAddr(access.window + bus * bus_bytes), Bytes(bus_bytes),
                                      CacheMode::uncached));
    u8* const memory = mapping.as<u8>();
    mapping.forget(); // for good
    return memory;
}

} // namespace

Result<> PciConfiguration::start() {
    g_access = new (base::fallible) Access;
    if (!g_access)
        return Failure(Errno::nomem);
    // The address register reads back what was written only where a host bridge listens.
    write_port(address_port, 4, 0x8000'0000);
    g_access->by_ports = read_port(address_port, 4) == 0x8000'0000;
    const arch::MachineDescription machine = arch::machine_description();
    if (machine.pci_configuration != 0 && machine.first_bus == 0) {
        g_access->window = machine.pci_configuration;
        g_access->last_bus = machine.last_bus;
        g_access->buses[0] = TRY(map_bus(*g_access, 0));
        if (!window_is_sound(g_access->buses[0])) {
            LOG_WARNING("pci: the configuration window at {:#x} shows something else than the "
                        "ports: not used",
                        g_access->window);
            g_access->buses[0] = nullptr;
            g_access->window = 0;
        }
    }
    return g_access->by_ports || g_access->window ? Result<>() : Failure(Errno::nodev);
}

Result<> PciConfiguration::open_bus(u8 bus) {
    Access& access = *g_access;
    if (access.buses[bus])
        return {};
    if (access.window == 0 || bus > access.last_bus)
        return access.by_ports ? Result<>() : Failure(Errno::nodev);
    access.buses[bus] = TRY(map_bus(access, bus));
    return {};
}

u32 PciConfiguration::reach(u8 bus) { return g_access->buses[bus] ? 4096 : 256; }

u32 PciConfiguration::read(PciAddress at, u32 offset, u32 width) {
    if (const u8* place = mapped(at, offset))
        return static_cast<u32>(read_mapped(place, width));
    if (offset > 0xff || !g_access->by_ports)
        return ~u32{0};
    LockGuard<lock_class::interrupt> guard(g_access->lock);
    write_port(address_port, 4, address_word(at, offset));
    return read_port(static_cast<u16>(data_port + (offset & 3)), width);
}

void PciConfiguration::write(PciAddress at, u32 offset, u32 width, u32 value) {
    if (u8* place = mapped(at, offset)) {
        write_mapped(place, width, value);
        return;
    }
    if (offset > 0xff || !g_access->by_ports)
        return;
    LockGuard<lock_class::interrupt> guard(g_access->lock);
    write_port(address_port, 4, address_word(at, offset));
    write_port(static_cast<u16>(data_port + (offset & 3)), width, value);
}

} // namespace core
