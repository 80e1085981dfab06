// SPDX-License-Identifier: BSD-2-Clause
#include "core/pci/pci_device.h"

#include "base/format.h"
#include "core/init/command_line.h"
#include "core/iommu/remapping.h"
#include "core/observe/log.h"
#include "core/pci/interrupt_route.h"
#include "core/pci/pci_bus.h"
#include "core/pci/registers.h"
#include "core/sched/scheduler.h"

namespace core {

namespace space = pci_space;

PciDevice::PciDevice(std::string_view name, const DeviceIdentity& identity, PciAddress address,
                     PciBus& bus)
    : Device(name, identity), address_(address), bus_(bus) {
    parent_ = RefOrNull<Device>::share(bus.bridge());
}

PciDevice::~PciDevice() { delete behind_; }

Result<Ref<PciDevice>> PciDevice::create(PciAddress at, PciBus& bus) {
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
    const bool bridge = (read(space::header_type, 1) & 0x7f) == space::header_bridge;
    if (!bridge)
        identity.subsystem =
            read(space::subsystem_vendor, 2) << 16 | read(space::subsystem, 2);
    const base::Text<32> name("0000:{:02x}:{:02x}.{}", at.bus, at.device, at.function);
    Ref<PciDevice> device = TRY(Ref<PciDevice>::create(name.view(), identity, at, bus));
    device->is_bridge_ = bridge;
    device->size_windows();
    return device;
}

// Writes ones into each base address register to see which bits stick, decoding switched off
// meanwhile.
void PciDevice::size_windows() {
    const u32 command = config(space::command, 2);
    set_config(space::command, 2, command & ~(space::command_ports | space::command_memory));
    const u32 count = is_bridge_ ? 2 : 6;
    for (u32 bar = 0; bar < count; ++bar) {
        const u32 offset = space::first_bar + 4 * bar;
        const u32 low = config(offset, 4);
        set_config(offset, 4, ~u32{0});
        const u32 mask = config(offset, 4);
        set_config(offset, 4, low);
        if (mask == 0 || mask == ~u32{0})
            continue;
        DeviceWindow window{DeviceWindow::Kind::memory_mapped, bar, low & ~u32{15}, 0};
        window.is_prefetchable = (low & 9) == 8;
        if (low & 1) {
            window.kind = DeviceWindow::Kind::ports;
            window.start = low & 0xfffc;
            window.length = (~(mask & 0xfffc) & 0xffff) + 1;
        } else if ((low & 6) == 4 && bar + 1 < count) {
            const u32 high = config(offset + 4, 4);
            set_config(offset + 4, 4, ~u32{0});
            const u32 high_mask = config(offset + 4, 4);
            set_config(offset + 4, 4, high);
            window.start |= u64{high} << 32;
            window.length = ~(u64{high_mask} << 32 | (mask & ~u32{15})) + 1;
            window.is_wide = true;
            ++bar;
        } else {
            window.length = u32(~(mask & ~u32{15}) + 1);
        }
        (void)add_window(window); // six registers fit
    }
    set_config(space::command, 2, command);
}

void PciDevice::assign_windows() {
    for (u32 i = 0; i < windows().size(); ++i) {
        DeviceWindow& window = window_at(i);
        if (window.start != 0)
            continue;
        const u64 place = bus_.find_addresses(window);
        if (place == 0) {
            LOG_WARNING("{}: no addresses left for register {} ({} bytes)", name(), window.index,
                        window.length);
            window.kind = DeviceWindow::Kind::absent;
            continue;
        }
        window.start = place;
        const u32 offset = space::first_bar + 4 * window.index;
        set_config(offset, 4, static_cast<u32>(place)); // the low bits are read-only
        if (window.is_wide)
            set_config(offset + 4, 4, static_cast<u32>(place >> 32));
    }
}

void PciDevice::enable_forwarding() {
    set_config(space::command, 2,
               config(space::command, 2) | space::command_ports | space::command_memory |
                   space::command_master);
}

u32 PciDevice::window_of_bar(u32 bar) const {
    for (u32 i = 0; i < windows().size(); ++i) {
        if (windows()[i].index == bar && windows()[i].kind != DeviceWindow::Kind::absent)
            return i;
    }
    return ~u32{0};
}

// Behind a bridge to conventional PCI all accesses are the bridge's (PCI Express to PCI Bridge 1.0,
// 2.3).
bool PciDevice::signs_its_accesses() const {
    for (const PciDevice* bridge = bus_.bridge(); bridge; bridge = bridge->bus_.bridge()) {
        const u32 express = bridge->find_capability(space::capability_express);
        if (!express || (bridge->config(express + space::express_flags, 2) >>
                             space::flags_type_shift & 15) == space::type_bridge_to_pci)
            return false;
    }
    return true;
}

Result<> PciDevice::open() {
    TRY(Device::open());
    if (has_remapping() && !signs_its_accesses()) {
        LOG_ERROR("{}: behind a bridge to conventional PCI; it works with intel_iommu=off", name());
        return Failure(Errno::nodev);
    }
    domain_ = TRY(dma_domain_of(address_));
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

void PciDevice::write_configuration(u32 offset, u32 width, u32 value) {
    if (!is_removed() && (width == 1 || width == 2 || width == 4) && offset % width == 0 &&
        offset <= configuration_bytes() - width)
        set_config(offset, width, value);
}

// Only PCI Express devices have more than 256 bytes (PCI Express Base 5.0, 7.2).
u32 PciDevice::configuration_bytes() const {
    return find_capability(space::capability_express) ? PciConfiguration::reach(address_.bus) : 256;
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
            for (u32 line = 0; line < count; ++line) // nothing comes before it is connected
                write_register(table_window_, table_offset_ + u64{line} * 16 + 12, 4, 1);
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
    return lines_.connect_line(line, TRY(line_route()), handler, argument);
}

// What the firmware wrote down, or for a device it never saw, what the chipset is set to.
Result<arch::IsaRoute> PciDevice::line_route() const {
    const u32 isa = interrupt_line();
    if (isa == 0)
        return Failure(Errno::nodev);
    arch::IsaRoute route = arch::isa_route(isa);
    route.trigger = arch::LineTrigger::level;
    return route;
}

u32 PciDevice::interrupt_line() const {
    const u32 pin = config(space::interrupt_pin, 1);
    if (pin == 0 || pin > 4)
        return 0;
    const u32 written = config(space::interrupt_line, 1);
    return written != 0 && written < 16 ? written : find_chipset_line(*this, pin - 1);
}

void PciDevice::disconnect_interrupt(u32 line) {
    if (is_removed()) {
        lines_.disconnect(line);
        return;
    }
    if (msix_ && line < message_count_)
        write_register(table_window_, table_offset_ + u64{line} * 16 + 12, 4, 1);
    else if (msi_)
        set_config(msi_ + 2, 2, config(msi_ + 2, 2) & ~u32{1});
    lines_.disconnect(line);
}

void PciDevice::acknowledge_interrupt(u32 line) { lines_.acknowledge(line); }

} // namespace core
