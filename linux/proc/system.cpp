// SPDX-License-Identifier: BSD-2-Clause
// The files of /proc itself (proc(5)).
#include "core/device/block_device.h"
#include "core/init/command_line.h"
#include "core/init/power.h"
#include "core/irq/interrupt.h"
#include "core/memory/frames.h"
#include "core/observe/panic.h"
#include "core/sched/scheduler.h"
#include "core/time/clock.h"
#include "linux/devfs/device_registry.h"
#include "linux/file/locks.h"
#include "linux/proc/cpu_information.h"
#include "linux/proc/tables.h"
#include "linux/system/names.h"
#include "linux/vfs/mount.h"

namespace linux {

namespace {

constexpr u64 nanos_per_tick = 10'000'000; // USER_HZ is 100
constexpr u64 kib_per_page = page_size / 1024;

u64 ticks(Nanos time) { return time.value / nanos_per_tick; }

Result<> show_memory(const ProcSubject&, base::FormatSink& sink) {
    const core::FrameCounts f = core::frame_counts();
    const auto line = [&sink](std::string_view name, u64 pages) {
        base::format(sink, "{:<16}{:8} kB\n", name, pages * kib_per_page);
    };
    const u64 cached = f.cached;
    line("MemTotal:", f.total);
    line("MemFree:", f.free);
    line("MemAvailable:", f.free + cached);
    line("Buffers:", 0);
    line("Cached:", cached);
    line("SwapCached:", 0);
    line("Active:", f.anonymous);
    line("Inactive:", cached);
    line("Active(anon):", f.anonymous);
    line("Inactive(anon):", 0);
    line("Active(file):", 0);
    line("Inactive(file):", cached);
    line("Unevictable:", 0);
    line("Mlocked:", 0);
    line("SwapTotal:", 0);
    line("SwapFree:", 0);
    line("Dirty:", 0);
    line("Writeback:", 0);
    line("AnonPages:", f.anonymous);
    line("Mapped:", cached);
    line("Shmem:", 0);
    line("KReclaimable:", 0);
    line("Slab:", f.slab);
    line("SReclaimable:", 0);
    line("SUnreclaim:", f.slab);
    base::format(sink, "{:<16}{:8} kB\n", "KernelStack:", u64{ProcessTable::task_count()} * 16);
    line("PageTables:", f.page_tables);
    line("CommitLimit:", f.total / 2);
    line("Committed_AS:", f.anonymous);
    base::format(sink, "VmallocTotal:   34359738367 kB\n");
    line("VmallocUsed:", 0);
    line("VmallocChunk:", 0);
    base::format(sink, "HugePages_Total:       0\nHugePages_Free:        0\n"
                       "HugePages_Rsvd:        0\nHugePages_Surp:        0\n");
    base::format(sink, "Hugepagesize:       2048 kB\nHugetlb:               0 kB\n");
    return {};
}

Result<> show_cpus(const ProcSubject&, base::FormatSink& sink) {
    return write_cpu_information(sink);
}

void write_cpu_times(base::FormatSink& sink, const core::Scheduler::CpuTimes& t) {
    base::format(sink, " {} 0 {} {} 0 0 0 0 0 0\n", ticks(t.user), ticks(t.system), ticks(t.idle));
}

u64 interrupts_of_all(u32 vector) {
    u64 sum = 0;
    for (u32 cpu = 0; cpu < core::Scheduler::cpu_count(); ++cpu)
        sum += core::interrupt_count(vector, cpu);
    return sum;
}

constexpr u32 vector_count = 256;

Result<> show_statistics(const ProcSubject&, base::FormatSink& sink) {
    core::Scheduler::CpuTimes sum{};
    const u32 cpus = core::Scheduler::cpu_count();
    for (u32 cpu = 0; cpu < cpus; ++cpu) {
        const core::Scheduler::CpuTimes one = core::Scheduler::cpu_times(cpu);
        sum.user += one.user;
        sum.system += one.system;
        sum.idle += one.idle;
    }
    sink.write("cpu ");
    write_cpu_times(sink, sum);
    for (u32 cpu = 0; cpu < cpus; ++cpu) {
        base::format(sink, "cpu{}", cpu);
        write_cpu_times(sink, core::Scheduler::cpu_times(cpu));
    }
    u64 interrupts = 0;
    for (u32 vector = 0; vector < vector_count; ++vector)
        interrupts += interrupts_of_all(vector);
    const u64 boot = (core::wall_now().value - core::now().value) / base::nanos_per_second.value;
    base::format(sink,
                 "intr {}\nctxt {}\nbtime {}\nprocesses {}\nprocs_running {}\nprocs_blocked 0\n",
                 interrupts, core::Scheduler::context_switches(), boot, ProcessTable::total_forks(),
                 core::Scheduler::runnable_count());
    sink.write("softirq 0 0 0 0 0 0 0 0 0 0 0\n");
    return {};
}

Result<> show_uptime(const ProcSubject&, base::FormatSink& sink) {
    u64 idle = 0;
    for (u32 cpu = 0; cpu < core::Scheduler::cpu_count(); ++cpu)
        idle += core::Scheduler::cpu_times(cpu).idle.value;
    const u64 hundredths = core::now().value / nanos_per_tick;
    base::format(sink, "{}.{:02} {}.{:02}\n", hundredths / 100, hundredths % 100,
                 idle / nanos_per_tick / 100, idle / nanos_per_tick % 100);
    return {};
}

Result<> show_load(const ProcSubject&, base::FormatSink& sink) {
    u64 averages[3];
    core::Scheduler::load_averages(averages);
    for (const u64 average : averages)
        base::format(sink, "{}.{:02} ", average >> 11, (average & 2047) * 100 >> 11);
    base::format(sink, "{}/{} {}\n", core::Scheduler::runnable_count(), ProcessTable::task_count(),
                 ProcessTable::last_pid());
    return {};
}

Result<> show_version(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{} version {} (pith@build) ({}) {}\n", system_name, system_release,
                 __VERSION__, system_version);
    return {};
}

Result<> show_command(const ProcSubject&, base::FormatSink& sink) {
    sink.write(core::command_line());
    sink.write("\n");
    return {};
}

Result<> show_file_systems(const ProcSubject&, base::FormatSink& sink) {
    for (const FileSystemType* type = next_file_system(nullptr); type;
         type = next_file_system(const_cast<FileSystemType*>(type)))
        base::format(sink, "{}\t{}\n", type->on_device() ? "" : "nodev", type->name());
    return {};
}

Result<> show_devices(const ProcSubject&, base::FormatSink& sink) {
    struct Want {
        base::FormatSink& sink;
        DeviceType type;
    };
    const auto line = [](DeviceType type, u32 major, const char* name, void* argument) {
        const auto& want = *static_cast<Want*>(argument);
        if (type == want.type)
            base::format(want.sink, "{:3} {}\n", major, name);
        return true;
    };
    Want want{sink, DeviceType::character};
    sink.write("Character devices:\n");
    for_each_device_major(line, &want);
    sink.write("\nBlock devices:\n");
    Want blocks{sink, DeviceType::block};
    for_each_device_major(line, &blocks);
    return {};
}

Result<> show_partitions(const ProcSubject&, base::FormatSink& sink) {
    sink.write("major minor  #blocks  name\n\n");
    core::for_each_block_device(
        [](core::BlockDevice& device, void* argument) {
            base::format(*static_cast<base::FormatSink*>(argument), "{:4}  {:7} {:10} {}\n",
                         device.number().major, device.number().minor,
                         device.size_in_bytes() / 1024, device.name());
            return true;
        },
        &sink);
    return {};
}

Result<> show_interrupts(const ProcSubject&, base::FormatSink& sink) {
    const u32 cpus = core::Scheduler::cpu_count();
    sink.write("           ");
    for (u32 cpu = 0; cpu < cpus; ++cpu)
        base::format(sink, "CPU{:<8}", cpu);
    sink.write("\n");
    for (u32 vector = 0; vector < vector_count; ++vector) {
        if (interrupts_of_all(vector) == 0)
            continue;
        base::format(sink, "{:3}: ", vector);
        for (u32 cpu = 0; cpu < cpus; ++cpu)
            base::format(sink, "{:10} ", core::interrupt_count(vector, cpu));
        base::format(sink, "  vector {}\n", vector);
    }
    return {};
}

Result<> show_swaps(const ProcSubject&, base::FormatSink& sink) {
    sink.write("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    return {};
}

Result<> show_vm_statistics(const ProcSubject&, base::FormatSink& sink) {
    const core::FrameCounts f = core::frame_counts();
    base::format(sink,
                 "nr_free_pages {}\nnr_anon_pages {}\nnr_file_pages {}\nnr_slab_unreclaimable {}\n",
                 f.free, f.anonymous, f.cached, f.slab);
    base::format(sink, "nr_page_table_pages {}\nnr_dirty 0\nnr_writeback 0\npswpin 0\npswpout 0\n",
                 f.page_tables);
    return {};
}

Result<> show_locks(const ProcSubject&, base::FormatSink& sink) {
    struct State {
        base::FormatSink& sink;
        u32 number = 0;
    } state{sink};
    for_each_lock(
        [](const LockLine& line, void* argument) {
            auto& s = *static_cast<State*>(argument);
            base::format(s.sink, "{}: {} ADVISORY  {} {} {:02x}:{:02x}:{} {} ", ++s.number,
                         line.kind, line.exclusive ? "WRITE" : "READ ", line.pid, line.device_major,
                         line.device_minor, line.inode, line.start);
            if (line.end == 0x7fff'ffff'ffff'ffff)
                s.sink.write("EOF\n");
            else
                base::format(s.sink, "{}\n", line.end);
            return true;
        },
        &state);
    return {};
}

Result<> show_disks(const ProcSubject&, base::FormatSink& sink) {
    core::for_each_block_device(
        [](core::BlockDevice& device, void* argument) {
            const core::BlockStatistics s = device.statistics();
            auto& out = *static_cast<base::FormatSink*>(argument);
            base::format(out, "{:4} {:7} {} {} {} {} 0 {} {} {} 0 {} 0 0 0 0 0 0 {} 0\n",
                         device.number().major, device.number().minor, device.name(), s.requests[0],
                         s.merged[0], s.sectors[0], s.requests[1], s.merged[1], s.sectors[1],
                         s.in_flight, s.flushes);
            return true;
        },
        &sink);
    return {};
}

Result<> show_control_groups(const ProcSubject&, base::FormatSink& sink) {
    sink.write("#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
    return {};
}

// ---- links --------------------------------------------------------------------------------------

Result<> self_target(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}", Process::current().pid);
    return {};
}

Result<> thread_self_target(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}/task/{}", Process::current().pid, Task::current().tid);
    return {};
}

Result<> mounts_target(const ProcSubject&, base::FormatSink& sink) {
    sink.write("self/mounts");
    return {};
}

constexpr ProcEntry file(const char* name, Result<> (*show)(const ProcSubject&, base::FormatSink&),
                         u32 mode = 0444) {
    return {.name = name, .mode = file_mode::regular | mode, .show = show};
}
constexpr ProcEntry link(const char* name,
                         Result<> (*target)(const ProcSubject&, base::FormatSink&)) {
    return {.name = name, .mode = file_mode::symlink | 0777, .target = target};
}

// The keys of Documentation/admin-guide/sysrq.rst that Pith has; others do nothing, as there.
Result<> trigger(const ProcSubject&, std::string_view text) {
    switch (text.empty() ? 0 : text[0]) {
    case 'b': core::restart();
    case 'c': core::panic("sysrq triggered crash");
    case 'o': core::power_off();
    case 's': return MountTable::sync_all_file_systems(false);
    default: return {};
    }
}

} // namespace

constexpr ProcEntry system_entries[] = {
    file("cgroups", show_control_groups),
    file("cmdline", show_command),
    file("cpuinfo", show_cpus),
    file("devices", show_devices),
    file("diskstats", show_disks),
    file("filesystems", show_file_systems),
    file("interrupts", show_interrupts),
    file("loadavg", show_load),
    file("locks", show_locks),
    file("meminfo", show_memory),
    file("modules", show_modules),
    link("mounts", mounts_target),
    file("partitions", show_partitions),
    link("self", self_target),
    file("stat", show_statistics),
    file("swaps", show_swaps),
    ProcEntry{.name = "sysrq-trigger", .mode = file_mode::regular | 0200, .store = trigger},
    ProcEntry{.name = "sys", .mode = file_mode::directory | 0555, .children = sys_entries},
    ProcEntry{.name = "sysvipc",
              .mode = file_mode::directory | 0555,
              .children = sysvipc_entries},
    link("thread-self", thread_self_target),
    file("uptime", show_uptime),
    file("version", show_version),
    file("vmstat", show_vm_statistics),
    ProcEntry{.name = nullptr, .mode = 0},
};

} // namespace linux
