// SPDX-License-Identifier: BSD-2-Clause
// /sys/block/loopN/loop (Linux's drivers/block/loop.c).
#include "core/observe/log.h"
#include "linux/loop/loop_device.h"
#include "linux/process/task.h"
#include "linux/sysfs/uevent.h"
#include "linux/vfs/path_name.h"

namespace linux {

namespace {

Result<LoopDevice::Shown> shown_of(const ProcSubject& subject) {
    const Ref<SysNode> node = TRY(node_of(subject));
    if (!node->facts().disk)
        return Failure(Errno::nodev);
    return TRY(find_loop(node->facts().disk->number().minor))->shown();
}

Result<> show_backing_file(const ProcSubject& subject, base::FormatSink& sink) {
    const LoopDevice::Shown is = TRY(shown_of(subject));
    const Path* path = is.file->path();
    if (!path)
        return Failure(Errno::nodev);
    char* text = new (base::fallible) char[PathName::maximum];
    if (!text)
        return Failure(Errno::nomem);
    const auto name = name_of_path(*path, Task::current().file_context->root(),
                                   {text, PathName::maximum}, {});
    if (name)
        base::format(sink, "{}\n", *name);
    delete[] text;
    return name ? Result<>() : Failure(name.error());
}

template <auto value_in>
Result<> show(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", value_in(TRY(shown_of(subject))));
    return {};
}

template <u32 flag>
constexpr auto read_flag = [](const LoopDevice::Shown& is) { return (is.flags & flag) ? 1 : 0; };
constexpr auto read_offset = [](const LoopDevice::Shown& is) { return is.offset; };
constexpr auto read_size_limit = [](const LoopDevice::Shown& is) { return is.size_limit; };

constexpr ProcEntry loop_attributes[] = {
    sys_file("autoclear", show<read_flag<loop_flag::auto_clear>>),
    sys_file("backing_file", show_backing_file),
    sys_file("dio", show<read_flag<loop_flag::direct_io>>),
    sys_file("offset", show<read_offset>),
    sys_file("partscan", show<read_flag<loop_flag::partition_scan>>),
    sys_file("sizelimit", show<read_size_limit>),
    sys_end,
};

} // namespace

void loop_attached(core::BlockDevice& disk) {
    const RefOrNull<SysNode> node = SysTree::node_of(disk);
    if (!node)
        return;
    SysNode::Facts facts;
    facts.disk = RefOrNull<core::BlockDevice>::share(&disk);
    if (const auto added = SysTree::add(*node, "loop", loop_attributes, std::move(facts)); !added)
        LOG_WARNING("{}: not shown in /sys: {}", disk.name(), added.error());
    send_uevent(*node, "change");
}

void loop_detached(core::BlockDevice& disk) {
    const RefOrNull<SysNode> node = SysTree::node_of(disk);
    if (!node)
        return;
    if (const RefOrNull<SysNode> below = SysTree::child(*node, "loop"))
        SysTree::remove(*below);
    send_uevent(*node, "change");
}

} // namespace linux
