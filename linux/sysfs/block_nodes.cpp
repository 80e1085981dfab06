// SPDX-License-Identifier: BSD-2-Clause
// Disks and partitions: …/block/vda/vda1, /sys/class/block, /sys/block
// (Documentation/ABI/stable/sysfs-block).
#include "core/component/manager.h"
#include "core/observe/log.h"
#include "linux/sysfs/device_nodes.h"
#include "linux/sysfs/uevent.h"

namespace linux {

namespace {

using core::BlockDevice;

Result<Ref<BlockDevice>> disk_of(const ProcSubject& subject) {
    const Ref<SysNode> node = TRY(node_of(subject));
    if (!node->facts().disk)
        return Failure(Errno::nodev);
    return node->facts().disk.to_ref();
}

template <auto read>
Result<> show(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<BlockDevice> disk = TRY(disk_of(subject));
    base::format(sink, "{}\n", read(*disk));
    return {};
}

Result<> show_number(const ProcSubject& subject, base::FormatSink& sink) {
    const core::BlockDeviceNumber number = TRY(disk_of(subject))->number();
    base::format(sink, "{}:{}\n", number.major, number.minor);
    return {};
}

Result<> show_scheduler(const ProcSubject&, base::FormatSink& sink) {
    sink.write("[none]\n");
    return {};
}

Result<> show_cache(const ProcSubject& subject, base::FormatSink& sink) {
    sink.write(TRY(disk_of(subject))->properties().write_cache ? "write back\n"
                                                               : "write through\n");
    return {};
}

Result<> show_zoned(const ProcSubject&, base::FormatSink& sink) {
    sink.write("none\n");
    return {};
}

Result<> show_serial(const ProcSubject& subject, base::FormatSink& sink) {
    const Ref<BlockDevice> disk = TRY(disk_of(subject));
    const std::string_view serial(disk->properties().serial, sizeof(disk->properties().serial));
    base::format(sink, "{}\n", serial.substr(0, serial.find('\0')));
    return {};
}

// Documentation/admin-guide/iostats.rst: times are not kept and read as zero.
Result<> show_statistics(const ProcSubject& subject, base::FormatSink& sink) {
    const core::BlockStatistics is = TRY(disk_of(subject))->statistics();
    base::format(sink, "{:8} {:8} {:8} {:8} {:8} {:8} {:8} {:8} ", is.requests[0], is.merged[0],
                 is.sectors[0], 0, is.requests[1], is.merged[1], is.sectors[1], 0);
    base::format(sink, "{:8} {:8} {:8} {:8} {:8} {:8} {:8} {:8} {:8}\n", is.in_flight, 0, 0, 0, 0,
                 0, 0, is.flushes, 0);
    return {};
}

constexpr auto read_size = [](const BlockDevice& disk) { return disk.capacity(); };
constexpr auto read_only = [](const BlockDevice& disk) { return disk.read_only() ? 1 : 0; };
constexpr auto read_start = [](const BlockDevice& disk) { return disk.first_sector(); };
constexpr auto read_partition = [](const BlockDevice& disk) { return disk.partition(); };
constexpr auto read_zero = [](const BlockDevice&) { return 0; };
constexpr auto read_logical = [](const BlockDevice& disk) { return disk.sector_size(); };
constexpr auto read_physical = [](const BlockDevice& disk) {
    return disk.properties().physical_sector_size;
};
constexpr auto read_depth = [](const BlockDevice& disk) { return disk.properties().queue_depth; };
constexpr auto read_segments = [](const BlockDevice& disk) {
    return disk.properties().max_segments;
};
constexpr auto read_largest_kib = [](const BlockDevice& disk) {
    const u32 bytes = disk.properties().max_request_bytes;
    return bytes ? bytes / 1024 : 1280;
};
constexpr auto read_discard = [](const BlockDevice& disk) {
    return disk.properties().discard ? u64{disk.properties().max_discard_sectors} * 512 : 0;
};
constexpr auto read_granularity = [](const BlockDevice& disk) {
    return disk.properties().discard ? disk.sector_size() : 0;
};
constexpr auto read_range = [](const BlockDevice& disk) {
    return disk.number().major == 1 ? 1 : 16;
};
constexpr auto read_sequence = [](const BlockDevice& disk) { return disk.sequence(); };

constexpr ProcEntry queue_attributes[] = {
    sys_file("discard_granularity", show<read_granularity>),
    sys_file("discard_max_bytes", show<read_discard>),
    sys_file("hw_sector_size", show<read_logical>),
    sys_file("logical_block_size", show<read_logical>),
    sys_file("max_hw_sectors_kb", show<read_largest_kib>),
    sys_file("max_sectors_kb", show<read_largest_kib>),
    sys_file("max_segments", show<read_segments>),
    sys_file("minimum_io_size", show<read_physical>),
    sys_file("nr_requests", show<read_depth>),
    sys_file("optimal_io_size", show<read_zero>),
    sys_file("physical_block_size", show<read_physical>),
    sys_file("rotational", show<read_zero>),
    sys_file("scheduler", show_scheduler),
    sys_file("write_cache", show_cache),
    sys_file("zoned", show_zoned),
    sys_end,
};

constexpr ProcEntry disk_attributes[] = {
    sys_file("alignment_offset", show<read_zero>),
    sys_file("capability", show<read_zero>),
    sys_file("dev", show_number),
    sys_file("discard_alignment", show<read_zero>),
    sys_file("diskseq", show<read_sequence>),
    sys_file("ext_range", show<read_range>),
    sys_file("hidden", show<read_zero>),
    sys_file("range", show<read_range>),
    sys_file("removable", show<read_zero>),
    sys_file("ro", show<read_only>),
    sys_file("serial", show_serial),
    sys_file("size", show<read_size>),
    sys_file("stat", show_statistics),
    uevent_file,
    sys_end,
};

constexpr ProcEntry partition_attributes[] = {
    sys_file("alignment_offset", show<read_zero>),
    sys_file("dev", show_number),
    sys_file("discard_alignment", show<read_zero>),
    sys_file("partition", show<read_partition>),
    sys_file("ro", show<read_only>),
    sys_file("size", show<read_size>),
    sys_file("start", show<read_start>),
    sys_file("stat", show_statistics),
    uevent_file,
    sys_end,
};

void describe(const SysNode& node, base::FormatSink& sink) {
    const BlockDevice& disk = *node.facts().disk;
    if (disk.is_partition())
        base::format(sink, "PARTN={}\n", disk.partition());
    base::format(sink, "DISKSEQ={}\n", disk.sequence());
}

// The driver's device: its virtio node, or the device itself; "virtual" without one.
Result<Ref<SysNode>> parent_of(const BlockDevice& disk) {
    if (disk.is_partition()) {
        const RefOrNull<SysNode> whole = SysTree::node_of(disk.disk());
        return whole ? Result<Ref<SysNode>>(whole.to_ref()) : Failure(Errno::nodev);
    }
    const auto instance = core::find_instance(disk.driver_name());
    const core::Device* device = instance ? (*instance)->device() : nullptr;
    if (device && device->identity().bus != component::DeviceBus::platform) {
        RefOrNull<SysNode> node = function_node(*device);
        if (!node)
            node = SysTree::node_of(*device);
        if (node) {
            show_driver(*node, (*instance)->object().name());
            if (const RefOrNull<SysNode> outer = SysTree::node_of(*device))
                show_driver(*outer, (*instance)->object().name());
            return SysTree::directory(*node, "block");
        }
    }
    return SysTree::directory(*TRY(SysTree::fixed(SysNode::virtual_devices)), "block");
}

Result<> add_disk(BlockDevice& disk) {
    const Ref<SysNode> parent = TRY(parent_of(disk));
    SysNode::Facts facts;
    facts.subsystem = "block";
    facts.device_type = disk.is_partition() ? "partition" : "disk";
    facts.disk = RefOrNull<BlockDevice>::share(&disk);
    facts.number = {disk.number().major, disk.number().minor};
    facts.has_number = facts.is_block = true;
    disk.name().copy(facts.device_name, sizeof facts.device_name - 1);
    facts.describe = describe;
    const Ref<SysNode> node =
        TRY(enter_device(*parent, disk.name(),
                         disk.is_partition() ? partition_attributes : disk_attributes,
                         std::move(facts)));
    if (disk.is_partition())
        return {};
    SysNode::Facts about_queue;
    about_queue.disk = RefOrNull<BlockDevice>::share(&disk);
    TRY(SysTree::add(*node, "queue", queue_attributes, std::move(about_queue)));
    TRY(SysTree::link(*TRY(SysTree::fixed(SysNode::block)), disk.name(), *node));
    if (SysNode* above = parent->parent(); above && above->facts().device)
        TRY(SysTree::link(*node, "device", *above));
    return {};
}

} // namespace

void disk_added(BlockDevice& disk) {
    if (const Result<> added = add_disk(disk); !added)
        LOG_WARNING("{}: not shown in /sys: {}", disk.name(), added.error());
}

void disk_removed(BlockDevice& disk) {
    if (const RefOrNull<SysNode> node = SysTree::node_of(disk))
        leave_device(*node);
}

} // namespace linux
