// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/acpi.h"

#include <string_view>

#include "arch/api/ports.h"
#include "arch/x86_64/described_devices.h"
#include "arch/x86_64/hot_plug_buses.h"
#include "arch/x86_64/mp_table.h"
#include "base/memory_functions.h"
#include "core/memory/kernel_map.h"
#include "core/observe/log.h"

namespace arch {
namespace {

constinit Platform g_platform{};

template <typename T>
T read_at(const u8* place) {
    T value;
    memcpy(&value, place, sizeof value);
    return value;
}

// A table: checked to lie in mapped memory, to be of sane length, and to sum to zero.
class Table {
public:
    explicit Table(u64 physical) {
        if (!core::is_mapped_memory(PhysAddr(physical), 36))
            return;
        const u8* bytes = core::physical_view(PhysAddr(physical));
        const u32 length = read_at<u32>(bytes + 4);
        if (length < 36 || length > 1 << 20 || !core::is_mapped_memory(PhysAddr(physical), length))
            return;
        u8 sum = 0;
        for (u32 i = 0; i < length; ++i)
            sum = static_cast<u8>(sum + bytes[i]);
        if (sum == 0)
            bytes_ = {bytes, length};
    }
    explicit operator bool() const { return !bytes_.empty(); }
    std::string_view signature() const { return {reinterpret_cast<const char*>(bytes_.data()), 4}; }
    usize size() const { return bytes_.size(); }
    const u8* data() const { return bytes_.data(); }
    template <typename T>
    T read(usize offset) const {
        return offset + sizeof(T) <= bytes_.size() ? read_at<T>(bytes_.data() + offset) : T{};
    }

private:
    std::span<const u8> bytes_;
};

u64 search_rsdp(u64 start, u64 end) {
    for (u64 place = start; place < end; place += 16) {
        if (memcmp(core::physical_view(PhysAddr(place)), "RSD PTR ", 8) == 0)
            return place;
    }
    return 0;
}

void read_local_apic(const u8* entry) {
    const u32 flags = read_at<u32>(entry + 4);
    if ((flags & 3) && g_platform.cpu_count < 64)
        g_platform.apic_ids[g_platform.cpu_count++] = entry[3];
}

void read_madt(const Table& table) {
    usize at = 44;
    while (at + 2 <= table.size()) {
        const u8* entry = table.data() + at;
        const u8 type = entry[0], length = entry[1];
        if (length < 2 || at + length > table.size())
            break;
        if (type == 0 && length >= 8) {
            read_local_apic(entry);
        } else if (type == 1 && length >= 12 && g_platform.io_apic_count < 8) {
            g_platform.io_apics[g_platform.io_apic_count++] = {read_at<u32>(entry + 4),
                                                               read_at<u32>(entry + 8)};
        } else if (type == 2 && length >= 10 && g_platform.override_count < 16) {
            const u16 flags = read_at<u16>(entry + 8);
            g_platform.overrides[g_platform.override_count++] = {
                entry[3], read_at<u32>(entry + 4), (flags & 3) == 3, (flags >> 2 & 3) == 3};
        } else if (type == 9 && length >= 16 && g_platform.cpu_count < 64) {
            if (read_at<u32>(entry + 8) & 3) // local x2APIC
                g_platform.apic_ids[g_platform.cpu_count++] = read_at<u32>(entry + 4);
        }
        at += length;
    }
}

// Finds the package _S5_ in the DSDT: NameOp, "_S5_", PackageOp, length, count, first element.
void read_sleep_package(const Table& dsdt) {
    for (usize at = 36; at + 12 < dsdt.size(); ++at) {
        const u8* bytes = dsdt.data() + at;
        if (memcmp(bytes, "_S5_", 4) != 0 || bytes[4] != 0x12)
            continue;
        const u8* element = bytes + 5 + 1 + (bytes[5] >> 6) + 1;
        g_platform.sleep_type =
            *element == 0x0a ? element[1] : *element; // BytePrefix or a constant
        g_platform.can_power_off = true;
        return;
    }
}

// The general purpose events, for those of QEMU's hot plug (ACPI 6.4, table 5.9). Where its
// registers are, only AML says; they are known by who made the table, and by answering.
void read_event_block(const Table& table) {
    if (std::string_view(reinterpret_cast<const char*>(table.data()) + 10, 6) != "BOCHS ")
        return;
    g_platform.event_interrupt = static_cast<u8>(table.read<u16>(46));
    g_platform.event_ports = static_cast<u16>(table.read<u32>(80));
    g_platform.event_port_count = table.read<u8>(92);
    constexpr u16 pc = 0xae00, q35 = 0xcc0;
    constexpr u16 features = 8;
    for (const u16 base : {pc, q35}) {
        if (read_port(static_cast<u16>(base + features), 4) != ~u32{0})
            g_platform.hot_plug_ports = base;
    }
    const u16 smi_command = static_cast<u16>(table.read<u32>(48));
    const u8 enable = table.read<u8>(52);
    constexpr u32 events_are_ours = 1; // SCI_EN (4.8.3.2.1)
    if (g_platform.hot_plug_ports != 0 && smi_command != 0 && enable != 0 &&
        !(read_port(g_platform.pm1_control, 2) & events_are_ours))
        write_port(smi_command, 1, enable);
}

void read_fadt(const Table& table) {
    constexpr u32 hardware_reduced = 1 << 20, reset_supported = 1 << 10;
    const u32 flags = table.read<u32>(112);
    g_platform.pm1_control = static_cast<u16>(table.read<u32>(64));
    if (flags & reset_supported) {
        g_platform.reset_space = table.read<u8>(116);
        g_platform.reset_register = table.read<u64>(120);
        g_platform.reset_value = table.read<u8>(128);
    }
    if (flags & hardware_reduced)
        g_platform.sleep_control = table.read<u64>(244 + 4);
    read_event_block(table);
    u64 dsdt = table.read<u64>(140);
    if (dsdt == 0)
        dsdt = table.read<u32>(40);
    if (const Table code(dsdt); code) {
        read_sleep_package(code);
        g_platform.transport_count =
            find_virtio_transports({code.data(), code.size()}, g_platform.transports);
        if (g_platform.hot_plug_ports != 0)
            g_platform.hot_plug_bus_count = find_hot_plug_buses(
                {code.data() + 36, code.size() - 36}, g_platform.hot_plug_buses);
    }
}

void read_mcfg(const Table& table) {
    g_platform.mcfg_address = table.read<u64>(44);
    g_platform.mcfg_first_bus = table.read<u8>(44 + 10);
    g_platform.mcfg_last_bus = table.read<u8>(44 + 11);
}

// IA-PC HPET specification 1.0a, section 3.2.4: a generic address, whose first byte 0 means memory.
void read_hpet(const Table& table) {
    if (table.read<u8>(40) == 0)
        g_platform.hpet_address = table.read<u64>(44);
}

void read_table(u64 physical) {
    const Table table(physical);
    if (!table)
        return;
    if (table.signature() == "APIC")
        read_madt(table);
    else if (table.signature() == "FACP")
        read_fadt(table);
    else if (table.signature() == "MCFG")
        read_mcfg(table);
    else if (table.signature() == "HPET")
        read_hpet(table);
    else if (table.signature() == "DMAR")
        g_platform.remapping_table = {table.data(), table.size()};
}

void read_acpi(u64 rsdp) {
    if (rsdp == 0)
        rsdp = search_rsdp(0xe'0000, 0x10'0000);
    if (rsdp == 0) {
        const u64 segment = read_at<u16>(core::physical_view(PhysAddr(0x40e)));
        rsdp = segment ? search_rsdp(segment << 4, (segment << 4) + 1024) : 0;
    }
    if (rsdp == 0 || !core::is_mapped_memory(PhysAddr(rsdp), 36)) {

        return;
    }
    const u8* root = core::physical_view(PhysAddr(rsdp));
    const bool extended = root[15] >= 2 && read_at<u64>(root + 24) != 0;
    const Table list(extended ? read_at<u64>(root + 24) : read_at<u32>(root + 16));
    if (!list) {
        LOG_WARNING("acpi: damaged root table");
        return;
    }
    g_platform.found = true;
    const usize width = extended ? 8 : 4;
    for (usize at = 36; at + width <= list.size(); at += width)
        read_table(extended ? list.read<u64>(at) : list.read<u32>(at));
}

} // namespace

const Platform& platform() { return g_platform; }

void read_firmware_tables(u64 rsdp) {
    read_acpi(rsdp);
    if (!g_platform.found && !read_mp_table(g_platform))
        LOG_WARNING("firmware: neither ACPI nor MP tables; one CPU");
}

} // namespace arch
