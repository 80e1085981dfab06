// SPDX-License-Identifier: BSD-2-Clause
// sysfs: what is always there. What comes and goes with devices is linux/sysfs.
#include "core/sched/scheduler.h"
#include "linux/proc/component_objects.h"
#include "linux/proc/tables.h"
#include "linux/sysfs/sys_node.h"
#include "linux/sysfs/uevent.h"

namespace linux {

namespace {

constexpr ProcEntry end_of_table{.name = nullptr, .mode = 0};
constexpr ProcEntry directory(const char* name, const ProcEntry* children = nullptr) {
    return {.name = name, .mode = file_mode::directory | 0755, .children = children};
}
constexpr ProcEntry file(const char* name,
                         Result<> (*show)(const ProcSubject&, base::FormatSink&)) {
    return {.name = name, .mode = file_mode::regular | 0444, .show = show};
}

// "0-3" of the CPUs that run.
Result<> show_online(const ProcSubject&, base::FormatSink& sink) {
    const u32 count = core::Scheduler::cpu_count();
    if (count > 1)
        base::format(sink, "0-{}\n", count - 1);
    else
        sink.write("0\n");
    return {};
}

Result<> show_none(const ProcSubject&, base::FormatSink& sink) {
    sink.write("\n");
    return {};
}

Result<> show_never(const ProcSubject&, base::FormatSink& sink) {
    sink.write("always madvise [never]\n");
    return {};
}

Result<> show_kernel_maximum(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", arch::maximum_cpus - 1);
    return {};
}

constexpr ProcEntry cpu_entries[] = {
    file("isolated", show_none),
    file("kernel_max", show_kernel_maximum),
    file("offline", show_none),
    file("online", show_online),
    file("possible", show_online),
    file("present", show_online),
    end_of_table,
};
constexpr ProcEntry system_devices[] = {{.name = "cpu",
                                         .mode = file_mode::directory | 0755,
                                         .children = cpu_entries,
                                         .find = find_cpu,
                                         .list = list_cpus},
                                        end_of_table};

template <SysNode::Fixed which>
constexpr ProcEntry tree(const char* name, const ProcEntry* children = nullptr) {
    return {.name = name,
            .mode = file_mode::directory | 0755,
            .children = children,
            .find = find_fixed<which>,
            .list = list_fixed<which>};
}

Result<> show_uevent_number(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", last_uevent());
    return {};
}

constexpr ProcEntry device_entries[] = {directory("system", system_devices),
                                        tree<SysNode::virtual_devices>("virtual"), end_of_table};
constexpr ProcEntry huge_page_entries[] = {file("enabled", show_never), end_of_table};
constexpr ProcEntry memory_entries[] = {directory("transparent_hugepage", huge_page_entries),
                                        end_of_table};
constexpr ProcEntry kernel_entries[] = {directory("debug"), directory("mm", memory_entries),
                                        directory("security"), directory("tracing"),
                                      file("uevent_seqnum", show_uevent_number), end_of_table};
constexpr ProcEntry fs_entries[] = {directory("bpf"), directory("cgroup"), directory("ext4"),
                                    directory("pstore"), end_of_table};
constexpr ProcEntry number_entries[] = {tree<SysNode::numbers_block>("block"),
                                        tree<SysNode::numbers_character>("char"), end_of_table};

constexpr ProcEntry root_entries[] = {
    tree<SysNode::block>("block"),
    tree<SysNode::bus>("bus"),
    tree<SysNode::class_root>("class"),
    directory("dev", number_entries),
    tree<SysNode::devices>("devices", device_entries),
    directory("firmware"), directory("fs", fs_entries), directory("kernel", kernel_entries),
    {.name = "module",
     .mode = file_mode::directory | 0755,
     .find = find_module,
     .list = list_objects},
    directory("pith", pith_entries),
    directory("power"), end_of_table,
};

} // namespace

constexpr ProcEntry sysfs_root{.name = "/",
                               .mode = file_mode::directory | 0555,
                               .children = root_entries};

} // namespace linux
