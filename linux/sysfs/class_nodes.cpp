// SPDX-License-Identifier: BSD-2-Clause
// Character devices by class: /sys/class/{tty,mem,misc,…}, /sys/dev/char.
#include "core/component/manager.h"
#include "core/device/byte_stream_device.h"
#include "core/observe/log.h"
#include "linux/sysfs/device_nodes.h"
#include "linux/sysfs/uevent.h"

namespace linux {

namespace {

Result<> show_number(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<SysNode> node = TRY(node_of(subject));
    const DeviceNumber number = node->facts().number;
    base::format(sink, "{}:{}\n", number.major, number.minor);
    return {};
}

constexpr ProcEntry class_attributes[] = {sys_file("dev", show_number), uevent_file, sys_end};

// By name first, for majors that are handed out as they come (admin-guide/devices.txt).
const char* class_of(const DeviceNode& node) {
    struct Row {
        std::string_view prefix;
        const char* name;
    };
    constexpr Row rows[] = {
        {"hvc", "tty"},      {"vport", "virtio-ports"}, {"rtc", "rtc"},     {"input/", "input"},
        {"snd/", "sound"},   {"fb", "graphics"},        {"dri/", "drm"},    {"nvme", "nvme"},
        {"watchdog", "watchdog"}};
    for (const Row& row : rows) {
        if (node.name.starts_with(row.prefix))
            return row.name;
    }
    switch (node.number.major) {
    case 1: return "mem";
    case 4:
    case 5: return "tty";
    case 10: return "misc";
    default: return nullptr;
    }
}

Result<> add_node(const DeviceNode& node, const char* class_name) {
    const Ref<SysNode> above = TRY(SysTree::fixed(SysNode::virtual_devices));
    const Ref<SysNode> parent = TRY(SysTree::directory(*above, class_name));
    SysNode::Facts facts;
    facts.subsystem = class_name;
    facts.number = node.number;
    facts.has_number = true;
    node.name.copy(facts.device_name, sizeof facts.device_name - 1);
    std::string_view last = node.name.substr(node.name.rfind('/') + 1);
    if (last == "hwrng") // called otherwise than its node (drivers/char/hw_random/core.c)
        last = "hw_random";
    TRY(enter_device(*parent, last, class_attributes, std::move(facts)));
    return {};
}

} // namespace

void character_node_added(const DeviceNode& node) {
    const char* class_name = node.name.empty() ? nullptr : class_of(node);
    if (!class_name)
        return;
    if (const Result<> added = add_node(node, class_name); !added)
        LOG_WARNING("{}: not shown in /sys: {}", node.name, added.error());
}

void character_node_removed(DeviceNumber number) {
    if (const RefOrNull<SysNode> node = SysTree::character_node(number))
        leave_device(*node);
}

} // namespace linux
