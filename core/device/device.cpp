// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/device.h"

#include "base/format.h"
#include "core/device/register_access.h"
#include "core/sync/guarded.h"

namespace core {
namespace {

struct Tree {
    List<Device, &Device::tree_link> devices; // owns a reference to each
};
DeviceListener g_driver_listener = nullptr; // set before the first device
DeviceListener g_listener = nullptr;

using GuardedTree = Guarded<Tree, lock_class::device_tree>;
GuardedTree& tree() {
    static GuardedTree* instance = nullptr; // first used by the one thread that starts the devices
    if (!instance) {
        instance = new (base::fallible) GuardedTree;
        VERIFY(instance); // at start there is memory
    }
    return *instance;
}

// A number in upper-case hexadecimal digits, as modules.alias has them.
void write_hex(base::FormatSink& sink, u32 value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        const char digit = "0123456789ABCDEF"[(value >> shift) & 15];
        sink.write({&digit, 1});
    }
}

// "pci:v00001AF4d00001042sv…sd…bc01sc80i00" (Linux's scripts/mod/file2alias.c).
void write_pci_alias(base::FormatSink& sink, const DeviceIdentity& id) {
    struct Part {
        std::string_view name;
        u32 value;
        int digits;
    };
    const Part parts[] = {{"pci:v", id.vendor, 8},        {"d", id.device, 8},
                          {"sv", id.subsystem >> 16, 8},  {"sd", id.subsystem & 0xffff, 8},
                          {"bc", id.class_code >> 16, 2}, {"sc", (id.class_code >> 8) & 0xff, 2},
                          {"i", id.class_code & 0xff, 2}};
    for (const Part& part : parts) {
        sink.write(part.name);
        write_hex(sink, part.value, part.digits);
    }
}

} // namespace

Device::Device(std::string_view name, const DeviceIdentity& identity) : identity_(identity) {
    name_length_ = name.size() < sizeof name_ ? name.size() : sizeof name_;
    name.copy(name_, name_length_);
}

Device::~Device() = default;

Result<> Device::add_window(const DeviceWindow& window) {
    if (window_count_ == maximum_windows)
        return Failure(Errno::nospc);
    windows_[window_count_++] = window;
    return {};
}

bool Device::matches(const component::DeviceMatch& match) const {
    constexpr u32 any = component::DeviceMatch::any;
    if (match.bus != identity_.bus)
        return false;
    if (match.name)
        return platform_kind_ == match.name;
    if (match.vendor != any && match.vendor != identity_.vendor)
        return false;
    if (match.device != any && match.device != identity_.device)
        return false;
    return match.class_code == any ||
           (match.class_code & match.class_mask) == (identity_.class_code & match.class_mask);
}

std::string_view Device::module_alias(std::span<char> buffer) const {
    base::BufferSink sink(buffer);
    const DeviceIdentity& id = identity_;
    switch (id.bus) {
    case component::DeviceBus::pci: write_pci_alias(sink, id); break;
    case component::DeviceBus::virtio_mmio:
        base::format(sink, "virtio:d{:08x}v{:08x}", id.device, id.vendor);
        break;
    default: base::format(sink, "platform:{}", platform_kind_);
    }
    return sink.text();
}

Result<> Device::open() {
    for (u32 i = 0; i < window_count_; ++i) {
        const DeviceWindow& window = windows_[i];
        if (window.kind != DeviceWindow::Kind::memory_mapped || mappings_[i].size().value != 0)
            continue;
        mappings_[i] = TRY(KernelMapping::map_device(PhysAddr(window.start), Bytes(window.length),
                                                     CacheMode::uncached));
    }
    return {};
}

u64 Device::read_register(u32 window, u64 offset, u32 width) {
    if (is_removed())
        return ~u64{0};
    if (windows_[window].kind == DeviceWindow::Kind::ports)
        return read_port(static_cast<u16>(windows_[window].start + offset), width);
    return read_mapped(mappings_[window].as<u8>() + offset, width);
}

void Device::write_register(u32 window, u64 offset, u32 width, u64 value) {
    if (is_removed())
        return;
    if (windows_[window].kind == DeviceWindow::Kind::ports)
        write_port(static_cast<u16>(windows_[window].start + offset), width,
                   static_cast<u32>(value));
    else
        write_mapped(mappings_[window].as<u8>() + offset, width, value);
}

Result<> add_device(Ref<Device> device) {
    {
        auto locked = tree().lock();
        for (Device& other : locked->devices) {
            if (other.name() == device->name())
                return Failure(Errno::exist);
        }
        Ref<Device> kept = device;
        locked->devices.push_back(*kept.release());
    }
    if (g_listener)
        g_listener(*device, true);
    if (g_driver_listener)
        g_driver_listener(*device, true);
    return {};
}

void remove_device(Device& device, Departure departure) {
    if (departure == Departure::pulled_out)
        device.mark_removed();
    {
        auto locked = tree().lock();
        if (!device.tree_link.is_linked())
            return;
        device.tree_link.unlink();
    }
    const Ref<Device> last = Ref<Device>::adopt(&device);
    if (g_driver_listener)
        g_driver_listener(*last, false);
    last->mark_removed();
    if (g_listener)
        g_listener(*last, false);
}

void for_each_device(bool (*visit)(Device&, void*), void* argument) {
    for (u32 i = 0;; ++i) {
        RefOrNull<Device> next;
        {
            auto locked = tree().lock();
            u32 place = 0;
            for (Device& device : locked->devices) {
                if (place++ == i)
                    next = RefOrNull<Device>::share(&device);
            }
        }
        if (!next || !visit(*next, argument))
            return;
    }
}

Result<Ref<Device>> find_device(std::string_view name) {
    auto locked = tree().lock();
    for (Device& device : locked->devices) {
        if (device.name() == name)
            return Ref<Device>::share(device);
    }
    return Failure(Errno::noent);
}

void set_device_driver_listener(DeviceListener listener) { g_driver_listener = listener; }
void set_device_listener(DeviceListener listener) { g_listener = listener; }

} // namespace core
