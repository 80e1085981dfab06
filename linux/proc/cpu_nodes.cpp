// SPDX-License-Identifier: BSD-2-Clause
// /sys/devices/system/cpu: a directory for each CPU, with its place and its caches
// (Documentation/ABI/testing/sysfs-devices-system-cpu).
#include <bit>

#include "core/sched/scheduler.h"
#include "linux/proc/cpu_topology.h"
#include "linux/proc/tables.h"
#include "linux/sysfs/sys_node.h"

namespace linux {

namespace {

constexpr u32 directory_mode = file_mode::directory | 0755;

// Of a subject: the CPU, and in a cache's directory its index behind it.
constexpr u32 cache_shift = 8;
u32 cpu_of(const ProcSubject& subject) { return subject.index & ((1u << cache_shift) - 1); }

// --- sets of CPUs, as Linux writes them

void write_list(base::FormatSink& sink, u64 cpus) {
    const char* before = "";
    while (cpus != 0) {
        const u32 first = static_cast<u32>(std::countr_zero(cpus));
        const u32 length = static_cast<u32>(std::countr_one(cpus >> first));
        base::format(sink, "{}{}", before, first);
        if (length > 1)
            base::format(sink, "-{}", first + length - 1);
        before = ",";
        cpus = first + length < 64 ? cpus >> (first + length) << (first + length) : 0;
    }
    sink.write("\n");
}

// A digit for each four CPUs there are, in groups of eight.
void write_mask(base::FormatSink& sink, u64 cpus) {
    for (u32 digit = (core::Scheduler::cpu_count() + 3) / 4; digit-- > 0;)
        base::format(sink, "{:x}{}", cpus >> 4 * digit & 15, digit % 8 == 0 && digit ? "," : "");
    sink.write("\n");
}

template <u64 CpuPlace::*Set>
Result<> show_place_list(const ProcSubject& subject, base::FormatSink& sink) {
    write_list(sink, place_of_cpu(cpu_of(subject)).*Set);
    return {};
}
template <u64 CpuPlace::*Set>
Result<> show_place_mask(const ProcSubject& subject, base::FormatSink& sink) {
    write_mask(sink, place_of_cpu(cpu_of(subject)).*Set);
    return {};
}
template <u32 CpuPlace::*Number>
Result<> show_place(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", place_of_cpu(cpu_of(subject)).*Number);
    return {};
}
Result<> show_zero(const ProcSubject&, base::FormatSink& sink) {
    sink.write("0\n");
    return {};
}
Result<> show_one(const ProcSubject&, base::FormatSink& sink) {
    sink.write("1\n");
    return {};
}

// A package is one die here.
constexpr ProcEntry topology_files[] = {
    sys_file("core_cpus", show_place_mask<&CpuPlace::core_cpus>),
    sys_file("core_cpus_list", show_place_list<&CpuPlace::core_cpus>),
    sys_file("core_id", show_place<&CpuPlace::core>),
    sys_file("core_siblings", show_place_mask<&CpuPlace::package_cpus>),
    sys_file("core_siblings_list", show_place_list<&CpuPlace::package_cpus>),
    sys_file("die_cpus", show_place_mask<&CpuPlace::package_cpus>),
    sys_file("die_cpus_list", show_place_list<&CpuPlace::package_cpus>),
    sys_file("die_id", show_zero),
    sys_file("package_cpus", show_place_mask<&CpuPlace::package_cpus>),
    sys_file("package_cpus_list", show_place_list<&CpuPlace::package_cpus>),
    sys_file("physical_package_id", show_place<&CpuPlace::package>),
    sys_file("thread_siblings", show_place_mask<&CpuPlace::core_cpus>),
    sys_file("thread_siblings_list", show_place_list<&CpuPlace::core_cpus>),
    sys_end,
};

// --- caches

Result<CpuCache> cache_of(const ProcSubject& subject) {
    CpuCache cache;
    if (!find_cpu_cache(cpu_of(subject), subject.index >> cache_shift, cache))
        return Failure(Errno::nodev);
    return cache;
}
template <u32 CpuCache::*Number>
Result<> show_cache(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", TRY(cache_of(subject)).*Number);
    return {};
}
Result<> show_cache_size(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}K\n", TRY(cache_of(subject)).kibibytes());
    return {};
}
Result<> show_cache_type(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", TRY(cache_of(subject)).type);
    return {};
}
Result<> show_sharers(const ProcSubject& subject, base::FormatSink& sink) {
    write_mask(sink, TRY(cache_of(subject)).shared_by);
    return {};
}
Result<> show_sharer_list(const ProcSubject& subject, base::FormatSink& sink) {
    write_list(sink, TRY(cache_of(subject)).shared_by);
    return {};
}

constexpr ProcEntry cache_files[] = {
    sys_file("coherency_line_size", show_cache<&CpuCache::line_bytes>),
    sys_file("id", show_cache<&CpuCache::id>),
    sys_file("level", show_cache<&CpuCache::level>),
    sys_file("number_of_sets", show_cache<&CpuCache::sets>),
    sys_file("physical_line_partition", show_cache<&CpuCache::partitions>),
    sys_file("shared_cpu_list", show_sharer_list),
    sys_file("shared_cpu_map", show_sharers),
    sys_file("size", show_cache_size),
    sys_file("type", show_cache_type),
    sys_file("ways_of_associativity", show_cache<&CpuCache::ways>),
    sys_end,
};
constexpr ProcEntry cache_directory{.name = "", .mode = directory_mode, .children = cache_files};

// --- directories with a number in their name

// Which of `count` directories it is; `count` for any other name.
u32 find_numbered(std::string_view prefix, u32 count, std::string_view name) {
    u32 number = 0;
    while (number < count && base::Text<16>("{}{}", prefix, number).view() != name)
        ++number;
    return number;
}

Result<> list_numbered(std::string_view prefix, u32 count, u64 position, DirectorySink& sink) {
    for (u64 i = position - first_dynamic_position; i < count; ++i) {
        const base::Text<16> name("{}{}", prefix, i);
        if (!sink.add(name.view(), 0xb000'0000 + i, file_mode::directory,
                      first_dynamic_position + i + 1))
            break;
    }
    return {};
}

u32 cache_count(u32 cpu) {
    u32 count = 0;
    for (CpuCache cache; find_cpu_cache(cpu, count, cache);)
        ++count;
    return count;
}

Result<RefOrNull<Inode>> find_cache(ProcInode& directory, std::string_view name) {
    const u32 cpu = cpu_of(directory.subject()), count = cache_count(cpu);
    const u32 index = find_numbered("index", count, name);
    if (index == count)
        return RefOrNull<Inode>();
    return RefOrNull<Inode>(TRY(ProcInode::create_inode(directory.super_block(), cache_directory,
                                                        {.index = cpu | index << cache_shift})));
}
Result<> list_caches(ProcInode& directory, u64 position, DirectorySink& sink) {
    return list_numbered("index", cache_count(cpu_of(directory.subject())), position, sink);
}

constexpr ProcEntry caches{
    .name = "cache", .mode = directory_mode, .find = find_cache, .list = list_caches};
constexpr ProcEntry topology{
    .name = "topology", .mode = directory_mode, .children = topology_files};
// The first CPU cannot go, and so does not say that it is there.
constexpr ProcEntry first_files[] = {caches, topology, sys_end};
constexpr ProcEntry other_files[] = {caches, sys_file("online", show_one), topology, sys_end};
constexpr ProcEntry first_cpu{.name = "", .mode = directory_mode, .children = first_files};
constexpr ProcEntry other_cpu{.name = "", .mode = directory_mode, .children = other_files};

} // namespace

Result<RefOrNull<Inode>> find_cpu(ProcInode& directory, std::string_view name) {
    const u32 count = core::Scheduler::cpu_count(), number = find_numbered("cpu", count, name);
    if (number == count)
        return RefOrNull<Inode>();
    return RefOrNull<Inode>(TRY(ProcInode::create_inode(
        directory.super_block(), number == 0 ? first_cpu : other_cpu, {.index = number})));
}

Result<> list_cpus(ProcInode&, u64 position, DirectorySink& sink) {
    return list_numbered("cpu", core::Scheduler::cpu_count(), position, sink);
}

} // namespace linux
