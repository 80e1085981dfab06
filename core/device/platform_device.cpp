// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/platform_device.h"

#include "arch/api/machine.h"
#include "base/format.h"
#include "core/device/ram_disk_device.h"
#include "core/device/register_access.h"
#include "core/init/command_line.h"
#include "core/observe/log.h"

namespace core {

PlatformDevice::PlatformDevice(const Description& description)
    : Device(description.name, {description.bus, 0, 0, 0, 0, 0}),
      interrupt_(description.isa_interrupt), trigger_(description.trigger) {
    platform_kind_ = description.kind;
    (void)add_window(description.window); // the first one fits
}

Result<Ref<PlatformDevice>> PlatformDevice::create(const Description& description) {
    return Ref<PlatformDevice>::create(description);
}

// A virtio transport tells its device only through its registers (virtio 1.2, 4.2.2).
Result<> PlatformDevice::open() {
    TRY(Device::open());
    if (identity_.bus == component::DeviceBus::virtio_mmio) {
        identity_.device = static_cast<u32>(read_register(0, 0x008, 4));
        identity_.vendor = static_cast<u32>(read_register(0, 0x00c, 4));
    }
    return {};
}

Result<> PlatformDevice::connect_interrupt(u32 line, InterruptHandler handler, void* argument) {
    if (line >= interrupt_count())
        return Failure(Errno::inval);
    arch::IsaRoute route{interrupt_, arch::LineTrigger::level, arch::LinePolarity::high};
    if (interrupt_ < 16)
        route = arch::isa_route(interrupt_);
    route.trigger = trigger_;
    return lines_.connect_line(line, route, handler, argument);
}

namespace {

// A number in C's notation; moves `text` past it. Linux's suffixes k, m, g apply.
Result<u64> take_number(std::string_view& text) {
    u64 base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    }
    u64 value = 0;
    usize digits = 0;
    for (; !text.empty(); text.remove_prefix(1), ++digits) {
        const char c = static_cast<char>(text[0] | 0x20);
        const u64 digit = c >= '0' && c <= '9'   ? static_cast<u64>(c - '0')
                          : c >= 'a' && c <= 'f' ? static_cast<u64>(c - 'a') + 10
                                                 : 99;
        if (digit >= base)
            break;
        value = value * base + digit;
    }
    if (digits == 0)
        return Failure(Errno::inval);
    if (!text.empty()) {
        const char suffix = static_cast<char>(text[0] | 0x20);
        const unsigned shift = suffix == 'k' ? 10 : suffix == 'm' ? 20 : suffix == 'g' ? 30 : 0;
        if (shift)
            text.remove_prefix(1);
        value <<= shift;
    }
    return value;
}

Result<> take(std::string_view& text, char c) {
    if (text.empty() || text[0] != c)
        return Failure(Errno::inval);
    text.remove_prefix(1);
    return {};
}

void add_transport(const VirtioMmioPlace& place, u32 number) {
    const base::Text<32> name("virtio-mmio.{}", number);
    PlatformDevice::Description description;
    description.name = name.view();
    description.kind = "virtio_mmio";
    description.bus = component::DeviceBus::virtio_mmio;
    description.window = {DeviceWindow::Kind::memory_mapped, 0, place.base, place.size};
    description.isa_interrupt = place.interrupt;
    description.trigger = arch::LineTrigger::level;
    auto device = PlatformDevice::create(description);
    // Opened before matching: the device type stands in its registers.
    if (!device || !(*device)->open() || !add_device(std::move(*device)))
        LOG_WARNING("{}: not usable", name.view());
}

void add_virtio_mmio(std::string_view word, bool after_dashes, void* argument) {
    constexpr std::string_view key = "virtio_mmio.device=";
    if (after_dashes || !word.starts_with(key))
        return;
    u32& number = *static_cast<u32*>(argument);
    const auto place = parse_virtio_mmio(word.substr(key.size()));
    if (!place) {
        LOG_WARNING("virtio-mmio: cannot read \"{}\"", word);
        return;
    }
    add_transport(*place, number++);
}

// A UART answers when its scratch register keeps what is written (it is at offset 7).
bool is_serial_port(u16 port) {
    for (u32 pattern : {0x5au, 0xa5u}) {
        write_port(static_cast<u16>(port + 7), 1, pattern);
        if (read_port(static_cast<u16>(port + 7), 1) != pattern)
            return false;
    }
    return true;
}

Result<> add_serial_ports() {
    struct Place {
        u16 port;
        u32 interrupt;
    };
    constexpr Place places[] = {{0x3f8, 4}, {0x2f8, 3}, {0x3e8, 4}, {0x2e8, 3}};
    for (u32 i = 0; i < 4; ++i) {
        if (!is_serial_port(places[i].port))
            continue;
        const base::Text<32> name("serial8250.{}", i);
        PlatformDevice::Description description;
        description.name = name.view();
        description.kind = "serial_16550";
        description.window = {DeviceWindow::Kind::ports, i, places[i].port, 8};
        description.isa_interrupt = places[i].interrupt;
        TRY(add_device(TRY(PlatformDevice::create(description))));
    }
    return {};
}

// The clock that the wall clock was set from, if there is one: without it both ports read as ones.
Result<> add_real_time_clock() {
    constexpr u16 port = 0x70;
    write_port(port, 1, 0x0d); // register D: its low bits are always 0
    if (read_port(port + 1, 1) & 0x7f)
        return {};
    PlatformDevice::Description description;
    description.name = "rtc_cmos";
    description.kind = "rtc_cmos";
    description.window = {DeviceWindow::Kind::ports, 0, port, 2};
    return add_device(TRY(PlatformDevice::create(description)));
}

} // namespace

Result<VirtioMmioPlace> parse_virtio_mmio(std::string_view text) {
    VirtioMmioPlace place;
    place.size = TRY(take_number(text));
    TRY(take(text, '@'));
    place.base = TRY(take_number(text));
    TRY(take(text, ':'));
    place.interrupt = static_cast<u32>(TRY(take_number(text)));
    if (!text.empty() && text[0] != ':')
        return Failure(Errno::inval);
    if (place.size < 0x100 || place.size > page_size || place.base == 0)
        return Failure(Errno::inval);
    return place;
}

Result<> add_platform_devices() {
    TRY(add_serial_ports());
    TRY(add_real_time_clock());
    u32 number = 0;
    for_each_boot_word(&add_virtio_mmio, &number);
    if (number == 0) { // QEMU tells of them there or in its ACPI tables
        for (const arch::MmioTransport& transport : arch::mmio_transports())
            add_transport({transport.base, transport.size, transport.line}, number++);
    }
    return add_ram_disks(static_cast<u32>(boot_option_number("ramdisks", 0)),
                         boot_option_number("ramdisk_size", 16384) * 1024);
}

} // namespace core
