// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/pci.h"

#include "base/format.h"
#include "core/init/command_line.h"
#include "core/observe/log.h"

namespace core {
namespace {

// Offsets in configuration space (PCI Local Bus 3.0, figure 6-1).
namespace space {
constexpr u32 vendor = 0x00, device = 0x02, command = 0x04, status = 0x06, revision = 0x08,
              header_type = 0x0e, first_bar = 0x10, secondary_bus = 0x19, subsystem_vendor = 0x2c,
              subsystem = 0x2e, capabilities = 0x34, interrupt_line = 0x3c, interrupt_pin = 0x3d;
constexpr u32 command_ports = 1, command_memory = 2, command_master = 4, command_no_line = 0x400;
constexpr u32 status_capabilities = 0x10;
constexpr u8 capability_msi = 0x05, capability_msix = 0x11;
} // namespace space

} // namespace

Result<Ref<PciDevice>> PciDevice::create(PciAddress at) {
    const auto read = [&](u32 offset, u32 width) {
        return PciConfiguration::read(at, offset, width);
    };
    const u32 vendor = read(space::vendor, 2);
    if (vendor == 0xffff || vendor == 0)
        return Failure(Errno::nodev);
    DeviceIdentity identity;
    identity.bus = component::DeviceBus::pci;
    identity.vendor = vendor;
    identity.device = read(space::device, 2);
    const u32 class_and_revision = read(space::revision, 4);
    identity.class_code = class_and_revision >> 8;
    identity.revision = class_and_revision & 0xff;
    const bool bridge = (read(space::header_type, 1) & 0x7f) == 1;
    if (!bridge)
        identity.subsystem =
            read(space::subsystem_vendor, 2) << 16 | read(space::subsystem, 2);
    const base::Text<32> name("0000:{:02x}:{:02x}.{}", at.bus, at.device, at.function);
    Ref<PciDevice> device = TRY(Ref<PciDevice>::create(name.view(), identity, at));
    if (bridge)
        device->secondary_bus_ = static_cast<u8>(read(space::secondary_bus, 1));
    else
        device->size_windows();
    return device;
}

// Writes ones into each base address register to see which bits stick, decoding switched off
// meanwhile.
void PciDevice::size_windows() {
    const u32 command = config(space::command, 2);
    set_config(space::command, 2, command & ~(space::command_ports | space::command_memory));
    for (u32 bar = 0; bar < 6; ++bar) {
        const u32 offset = space::first_bar + 4 * bar;
        const u32 low = config(offset, 4);
        set_config(offset, 4, ~u32{0});
        const u32 mask = config(offset, 4);
        set_config(offset, 4, low);
        if (mask == 0 || mask == ~u32{0})
            continue;
        DeviceWindow window{DeviceWindow::Kind::memory_mapped, bar, low & ~u32{15}, 0};
        if (low & 1) {
            window.kind = DeviceWindow::Kind::ports;
            window.start = low & 0xfffc;
            window.length = (~(mask & 0xfffc) & 0xffff) + 1;
        } else if ((low & 6) == 4 && bar < 5) {
            const u32 high = config(offset + 4, 4);
            set_config(offset + 4, 4, ~u32{0});
            const u32 high_mask = config(offset + 4, 4);
            set_config(offset + 4, 4, high);
            window.start |= u64{high} << 32;
            window.length = ~(u64{high_mask} << 32 | (mask & ~u32{15})) + 1;
            ++bar;
        } else {
            window.length = ~(mask & ~u32{15}) + 1;
        }
        if (window.start != 0) // firmware gave it no place otherwise
            (void)add_window(window); // six registers fit
    }
    set_config(space::command, 2, command);
}

u32 PciDevice::window_of_bar(u32 bar) const {
    for (u32 i = 0; i < windows().size(); ++i) {
        if (windows()[i].index == bar)
            return i;
    }
    return ~u32{0};
}

Result<> PciDevice::open() {
    TRY(Device::open());
    set_config(space::command, 2,
               config(space::command, 2) | space::command_ports | space::command_memory);
    return {};
}

u32 PciDevice::read_configuration(u32 offset, u32 width) {
    if (is_removed() || (width != 1 && width != 2 && width != 4) || offset % width != 0 ||
        offset > 4096 - width)
        return ~u32{0};
    return config(offset, width);
}

void PciDevice::set_bus_master(bool on) {
    const u32 command = config(space::command, 2);
    set_config(space::command, 2,
               on ? command | space::command_master : command & ~space::command_master);
}

u32 PciDevice::find_capability(u8 id) const {
    if (!(config(space::status, 2) & space::status_capabilities))
        return 0;
    u32 offset = config(space::capabilities, 1) & 0xfc;
    for (int steps = 0; offset >= 0x40 && steps < 48; ++steps) { // a damaged list may be a circle
        if (config(offset, 1) == id)
            return offset;
        offset = config(offset + 1, 1) & 0xfc;
    }
    return 0;
}

Result<u32> PciDevice::prepare_messages(u32 wanted) {
    if (message_count_ != 0)
        return message_count_;
    if (boot_option("pci") == "nomsi")
        return 0u;
    if (const u32 at = find_capability(space::capability_msix)) {
        const u32 table = config(at + 4, 4);
        const u32 count = (config(at + 2, 2) & 0x7ff) + 1;
        const u32 window = window_of_bar(table & 7);
        const u32 offset = table & ~u32{7};
        if (window != ~u32{0} && offset + u64{count} * 16 <= windows()[window].length) {
            msix_ = at;
            table_window_ = window;
            table_offset_ = offset;
            message_count_ = wanted < count ? wanted : count;
            if (message_count_ > InterruptLines::capacity)
                message_count_ = InterruptLines::capacity;
        }
    } else if (const u32 single = find_capability(space::capability_msi)) {
        msi_ = single;
        message_count_ = 1;
    }
    if (message_count_ != 0)
        set_config(space::command, 2, config(space::command, 2) | space::command_no_line);
    return message_count_;
}

// Tells the device what to write where (MSI-X: PCI Local Bus 3.0, 6.8.2; MSI: 6.8.1).
Result<> PciDevice::write_message(u32 line, const arch::InterruptMessage& message) {
    if (msix_) {
        const u64 entry = table_offset_ + u64{line} * 16;
        write_register(table_window_, entry, 4, message.address & 0xffff'ffff);
        write_register(table_window_, entry + 4, 4, message.address >> 32);
        write_register(table_window_, entry + 8, 4, message.data);
        write_register(table_window_, entry + 12, 4, 0); // unmasked
        set_config(msix_ + 2, 2, (config(msix_ + 2, 2) & 0x3fff) | 0x8000);
        return {};
    }
    const u32 control = config(msi_ + 2, 2);
    const bool wide = (control & 0x80) != 0;
    set_config(msi_ + 4, 4, static_cast<u32>(message.address));
    if (wide)
        set_config(msi_ + 8, 4, static_cast<u32>(message.address >> 32));
    set_config(msi_ + (wide ? 12 : 8), 2, message.data);
    set_config(msi_ + 2, 2, (control & ~u32{0x70}) | 1);
    return {};
}

Result<> PciDevice::connect_interrupt(u32 line, InterruptHandler handler, void* argument) {
    if (line >= interrupt_count())
        return Failure(Errno::inval);
    if (message_count_ != 0) {
        const arch::InterruptMessage message =
            TRY(lines_.connect_message(line, handler, argument));
        return write_message(line, message);
    }
    const u32 isa = config(space::interrupt_line, 1);
    if (config(space::interrupt_pin, 1) == 0 || isa > 15)
        return Failure(Errno::nodev);
    arch::IsaRoute route = arch::isa_route(isa);
    route.trigger = arch::LineTrigger::level;
    return lines_.connect_line(line, route, handler, argument);
}

void PciDevice::disconnect_interrupt(u32 line) {
    if (msix_ && line < message_count_)
        write_register(table_window_, table_offset_ + u64{line} * 16 + 12, 4, 1);
    else if (msi_)
        set_config(msi_ + 2, 2, config(msi_ + 2, 2) & ~u32{1});
    lines_.disconnect(line);
}

void PciDevice::acknowledge_interrupt(u32 line) { lines_.acknowledge(line); }

namespace {

// The busses still to be looked at; a bus behind a bridge has a higher number than the bridge's
// own.
class BusScan {
public:
    Result<> run() {
        for (u32 bus = 0; bus < 256; ++bus) {
            if (wanted_[bus])
                TRY(scan_bus(static_cast<u8>(bus)));
        }
        return {};
    }
    u32 found() const { return found_; }

private:
    Result<> scan_bus(u8 bus) {
        TRY(PciConfiguration::open_bus(bus));
        for (u8 device = 0; device < 32; ++device)
            TRY(scan_device(bus, device));
        return {};
    }

    Result<> scan_device(u8 bus, u8 number) {
        u8 functions = 1;
        for (u8 function = 0; function < functions; ++function) {
            auto device = PciDevice::create({bus, number, function});
            if (!device && device.error() == Errno::nodev)
                continue;
            if (!device)
                return Failure(device.error());
            if (function == 0 &&
                (PciConfiguration::read({bus, number, 0}, space::header_type, 1) & 0x80))
                functions = 8;
            if ((*device)->secondary_bus() > bus)
                wanted_[(*device)->secondary_bus()] = true;
            ++found_;
            TRY(add_device(std::move(*device)));
        }
        return {};
    }

    bool wanted_[256] = {true};
    u32 found_ = 0;
};

} // namespace

Result<> enumerate_pci() {
    TRY(PciConfiguration::start());
    BusScan scan;
    TRY(scan.run());
    LOG_INFO("pci: {} devices", scan.found());
    return {};
}

} // namespace core
