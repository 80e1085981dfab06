// SPDX-License-Identifier: BSD-2-Clause
#include "linux/sysfs/device_nodes.h"

#include "core/component/manager.h"
#include "core/observe/log.h"
#include "linux/sysfs/uevent.h"

namespace linux {

namespace {

using core::Device;

constinit std::atomic<u32> g_virtio_number{0};

// "pci0000:00", or what stands above a device.
Result<Ref<SysNode>> parent_of(const Device& device) {
    if (device.parent()) {
        if (RefOrNull<SysNode> found = SysTree::node_of(*device.parent()))
            return found.to_ref();
    }
    const Ref<SysNode> devices = TRY(SysTree::fixed(SysNode::devices));
    const bool pci = device.identity().bus == component::DeviceBus::pci;
    return SysTree::directory(*devices, pci ? "pci0000:00" : "platform");
}

// The number of a virtio device type, 0 if it is none (Virtio 1.2, 4.1.2).
u32 virtio_type(const core::DeviceIdentity& id) {
    if (id.bus == component::DeviceBus::virtio_mmio)
        return id.device;
    if (id.bus != component::DeviceBus::pci || id.vendor != 0x1af4 || id.device < 0x1000 ||
        id.device > 0x107f)
        return 0;
    return id.device >= 0x1040 ? id.device - 0x1040 : id.subsystem & 0xffff;
}

Result<> add_device_nodes(Device& device) {
    const Ref<SysNode> parent = TRY(parent_of(device));
    const bool pci = device.identity().bus == component::DeviceBus::pci;
    SysNode::Facts facts;
    facts.subsystem = pci ? "pci" : "platform";
    facts.is_on_bus = true;
    facts.device = RefOrNull<Device>::share(&device);
    facts.describe = pci ? describe_pci : describe_platform;
    const Ref<SysNode> node = TRY(enter_device(
        *parent, device.name(), pci ? pci_attributes : platform_attributes, std::move(facts)));
    const u32 type = virtio_type(device.identity());
    if (type == 0)
        return {};
    SysNode::Facts inner;
    inner.subsystem = "virtio";
    inner.is_on_bus = true;
    inner.device = RefOrNull<Device>::share(&device);
    inner.index = type;
    inner.describe = describe_virtio;
    const base::Text<24> name("virtio{}", g_virtio_number.fetch_add(1));
    TRY(enter_device(*node, name.view(), virtio_attributes, std::move(inner)));
    return {};
}

void device_listener(Device& device, bool present) {
    if (present) {
        if (const Result<> added = add_device_nodes(device); !added)
            LOG_WARNING("{}: not shown in /sys: {}", device.name(), added.error());
        return;
    }
    if (const RefOrNull<SysNode> inner = function_node(device); inner)
        leave_device(*inner);
    if (const RefOrNull<SysNode> node = SysTree::node_of(device))
        leave_device(*node);
}

Result<Ref<SysNode>> subsystem_directory(const SysNode::Facts& facts) {
    const Ref<SysNode> root =
        TRY(SysTree::fixed(facts.is_on_bus ? SysNode::bus : SysNode::class_root));
    return SysTree::directory(*root, facts.subsystem);
}

// Where the links to the devices of a subsystem stand.
Result<Ref<SysNode>> links_directory(const SysNode::Facts& facts) {
    Ref<SysNode> subsystem = TRY(subsystem_directory(facts));
    if (!facts.is_on_bus)
        return subsystem;
    TRY(SysTree::directory(*subsystem, "drivers"));
    return SysTree::directory(*subsystem, "devices");
}

Result<> add_links(SysNode& node) {
    const SysNode::Facts& facts = node.facts();
    TRY(SysTree::link(*TRY(links_directory(facts)), node.name(), node));
    TRY(SysTree::link(node, "subsystem", *TRY(subsystem_directory(facts))));
    if (!facts.has_number)
        return {};
    const base::Text<24> number("{}:{}", facts.number.major, facts.number.minor);
    const Ref<SysNode> numbers = TRY(SysTree::fixed(
        facts.is_block ? SysNode::numbers_block : SysNode::numbers_character));
    return SysTree::link(*numbers, number.view(), node);
}

} // namespace

RefOrNull<SysNode> function_node(const Device& device) {
    const RefOrNull<SysNode> node = SysTree::node_of(device);
    if (!node)
        return nullptr;
    // A transport has one child that is about the same device.
    return SysTree::child_about(*node, device);
}

Result<Ref<SysNode>> enter_device(SysNode& parent, std::string_view name,
                                  const ProcEntry* attributes, SysNode::Facts facts) {
    Ref<SysNode> node = TRY(SysTree::add(parent, name, attributes, std::move(facts)));
    if (const Result<> linked = add_links(*node); !linked) {
        SysTree::remove(*node);
        return Failure(linked.error());
    }
    const core::Instance* driver = node->facts().device ? node->facts().device->driver : nullptr;
    if (driver)
        show_driver(*node, driver->object().name());
    send_uevent(*node, "add");
    return node;
}

void leave_device(SysNode& node) {
    send_uevent(node, "remove");
    SysTree::remove(node);
}

void show_driver(SysNode& node, std::string_view component) {
    (void)SysTree::unlink(node, "driver");
    const auto subsystem = subsystem_directory(node.facts());
    if (!subsystem)
        return;
    const auto drivers = SysTree::directory(**subsystem, "drivers");
    if (!drivers)
        return;
    const auto driver = SysTree::directory(**drivers, component);
    if (!driver)
        return;
    (void)SysTree::link(node, "driver", **driver);
    (void)SysTree::link(**driver, node.name(), node);
}

Result<> start_device_nodes() {
    TRY(SysTree::start());
    core::set_device_listener(&device_listener);
    core::for_each_device(
        [](Device& device, void*) {
            device_listener(device, true);
            return true;
        },
        nullptr);
    return {};
}

} // namespace linux
