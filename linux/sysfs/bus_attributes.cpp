// SPDX-License-Identifier: BSD-2-Clause
// The files of devices on busses (Linux's Documentation/ABI/testing/sysfs-bus-pci), and their
// variables in events.
#include "core/device/device.h"
#include "linux/process/credentials.h"
#include "linux/sysfs/device_nodes.h"
#include "linux/sysfs/uevent.h"

namespace linux {

namespace {

using core::Device;
using core::DeviceWindow;

Result<Ref<Device>> device_of(const ProcSubject& subject) {
    const Ref<SysNode> node = TRY(node_of(subject));
    if (!node->facts().device)
        return Failure(Errno::nodev);
    return node->facts().device.to_ref();
}

template <auto read>
Result<> show(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<Device> device = TRY(device_of(subject));
    base::format(sink, "{:#06x}\n", static_cast<u32>(read(device->identity())));
    return {};
}

using Identity = core::DeviceIdentity;
constexpr auto read_vendor = [](const Identity& id) { return id.vendor; };
constexpr auto read_device = [](const Identity& id) { return id.device; };
constexpr auto read_subsystem_vendor = [](const Identity& id) { return id.subsystem >> 16; };
constexpr auto read_subsystem = [](const Identity& id) { return id.subsystem & 0xffff; };

Result<> show_class(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{:#08x}\n", TRY(device_of(subject))->identity().class_code);
    return {};
}

Result<> show_revision(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{:#04x}\n", TRY(device_of(subject))->identity().revision);
    return {};
}

Result<> show_irq(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", TRY(device_of(subject))->interrupt_line());
    return {};
}

Result<> show_alias(const ProcSubject& subject, base::FormatSink& sink) {
    char text[96];
    base::format(sink, "{}\n", TRY(device_of(subject))->module_alias(text));
    return {};
}

// Start, last and flags of the six registers, the ROM, and a bridge's four ranges
// (include/linux/ioport.h for the flags).
Result<> show_resource(const ProcSubject& subject, base::FormatSink& sink) {
    constexpr u32 ports = 0x100, memory = 0x200, prefetchable = 0x2000, wide = 0x10'0000,
                  size_aligned = 0x4'0000;
    const Ref<Device> device = TRY(device_of(subject));
    const bool bridge = device->identity().class_code >> 8 == 0x0604;
    for (u32 number = 0; number < (bridge ? 17u : 13u); ++number) {
        u64 start = 0, end = 0, flags = 0;
        for (const DeviceWindow& window : device->windows()) {
            if (window.index != number || window.kind == DeviceWindow::Kind::absent)
                continue;
            start = window.start;
            end = start + window.length - 1;
            flags = size_aligned | (window.kind == DeviceWindow::Kind::ports
                                        ? ports | 1
                                        : memory | (window.is_prefetchable ? prefetchable | 8 : 0) |
                                              (window.is_wide ? wide | 4 : 0));
        }
        base::format(sink, "{:#018x} {:#018x} {:#018x}\n", start, end, flags);
    }
    return {};
}

// Root sees all of it, others the standard header, as on Linux.
Result<> show_configuration(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<Device> device = TRY(device_of(subject));
    const u32 size = capable(Capability::sys_admin) ? device->configuration_bytes() : 64;
    for (u32 offset = 0; offset < size; offset += 4) {
        const u32 word = device->read_configuration(offset, 4);
        const char bytes[4] = {static_cast<char>(word), static_cast<char>(word >> 8),
                               static_cast<char>(word >> 16), static_cast<char>(word >> 24)};
        sink.write({bytes, sizeof bytes});
    }
    return {};
}

Result<> show_enabled(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<Device> device = TRY(device_of(subject));
    sink.write(device->driver ? "1\n" : "0\n");
    return {};
}

Result<> show_node(const ProcSubject&, base::FormatSink& sink) {
    sink.write("-1\n");
    return {};
}

Result<> show_local_cpus(const ProcSubject&, base::FormatSink& sink) {
    sink.write("0\n");
    return {};
}

// --- virtio

Result<> show_virtio_device(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{:#06x}\n", TRY(node_of(subject))->facts().index);
    return {};
}
Result<> show_virtio_vendor(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{:#06x}\n",
                 TRY(device_of(subject))->identity().bus == component::DeviceBus::pci
                     ? 0x1af4u
                     : TRY(device_of(subject))->identity().vendor);
    return {};
}
Result<> show_virtio_alias(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "virtio:d{:08X}v00001AF4\n", TRY(node_of(subject))->facts().index);
    return {};
}
Result<> show_virtio_status(const ProcSubject& subject, base::FormatSink& sink) {
    sink.write(TRY(device_of(subject))->driver ? "0x0000000f\n" : "0x00000000\n");
    return {};
}

void write_driver(const SysNode& node, base::FormatSink& sink) {
    const RefOrNull<SysNode> driver = SysTree::child(node, "driver");
    if (driver && driver->target())
        base::format(sink, "DRIVER={}\n", driver->target()->name());
}

} // namespace

void describe_pci(const SysNode& node, base::FormatSink& sink) {
    const Device& device = *node.facts().device;
    const Identity& id = device.identity();
    write_driver(node, sink);
    char alias[96];
    base::format(sink, "PCI_CLASS={:X}\nPCI_ID={:04X}:{:04X}\nPCI_SUBSYS_ID={:04X}:{:04X}\n",
                 id.class_code, id.vendor, id.device, id.subsystem >> 16, id.subsystem & 0xffff);
    base::format(sink, "PCI_SLOT_NAME={}\nMODALIAS={}\n", device.name(),
                 device.module_alias(alias));
}

void describe_virtio(const SysNode& node, base::FormatSink& sink) {
    write_driver(node, sink);
    base::format(sink, "MODALIAS=virtio:d{:08X}v00001AF4\n", node.facts().index);
}

void describe_platform(const SysNode& node, base::FormatSink& sink) {
    write_driver(node, sink);
    char alias[96];
    base::format(sink, "MODALIAS={}\n", node.facts().device->module_alias(alias));
}

constexpr ProcEntry pci_attributes[] = {
    sys_file("class", show_class),
    {.name = "config", .mode = file_mode::regular | 0444, .show = show_configuration},
    sys_file("device", show<read_device>),
    sys_file("enable", show_enabled),
    sys_file("irq", show_irq),
    sys_file("local_cpulist", show_local_cpus),
    sys_file("modalias", show_alias),
    sys_file("numa_node", show_node),
    sys_file("resource", show_resource),
    sys_file("revision", show_revision),
    sys_file("subsystem_device", show<read_subsystem>),
    sys_file("subsystem_vendor", show<read_subsystem_vendor>),
    uevent_file,
    sys_file("vendor", show<read_vendor>),
    sys_end,
};

constexpr ProcEntry virtio_attributes[] = {
    sys_file("device", show_virtio_device), sys_file("modalias", show_virtio_alias),
    sys_file("status", show_virtio_status), uevent_file,
    sys_file("vendor", show_virtio_vendor), sys_end,
};

constexpr ProcEntry platform_attributes[] = {
    sys_file("modalias", show_alias),
    uevent_file,
    sys_end,
};

} // namespace linux
