// SPDX-License-Identifier: BSD-2-Clause
// The tables of /proc/PID and /proc/PID/task/TID, and their small files (proc(5)).
#include "core/memory/frames.h"
#include "core/sched/scheduler.h"
#include "linux/proc/tables.h"
#include "linux/process/file_context.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/nameless.h"
#include "linux/vfs/open_file.h"

namespace linux {

Path root_of_reader() { return Task::current().file_context->root(); }

namespace {

Result<> show_comm(const ProcSubject& subject, base::FormatSink& sink) {
    const TaskRef task = TRY(subject.task());
    base::format(sink, "{}\n", task->thread->name());
    return {};
}

Result<> store_comm(const ProcSubject& subject, std::string_view text) {
    const TaskRef task = TRY(subject.task());
    if (task->process.get() != &Process::current())
        return Failure(Errno::inval);
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    task->thread->set_name(text.substr(0, 15));
    return {};
}

struct LimitName {
    const char* name;
    const char* unit;
};
constexpr LimitName limit_names[] = {
    {"Max cpu time", "seconds"},     {"Max file size", "bytes"},
    {"Max data size", "bytes"},      {"Max stack size", "bytes"},
    {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
    {"Max processes", "processes"},  {"Max open files", "files"},
    {"Max locked memory", "bytes"},  {"Max address space", "bytes"},
    {"Max file locks", "locks"},     {"Max pending signals", "signals"},
    {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
    {"Max realtime priority", ""},   {"Max realtime timeout", "us"},
};

void write_limit(base::FormatSink& sink, u64 value) {
    if (value == unlimited)
        base::format(sink, "{:<20} ", "unlimited");
    else
        base::format(sink, "{:<20} ", value);
}

Result<> show_limits(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    base::format(sink, "{:<25} {:<20} {:<20} {:<10}\n", "Limit", "Soft Limit", "Hard Limit",
                 "Units");
    for (u32 i = 0; i < std::size(limit_names); ++i) {
        const ResourceLimit limit = process->limits(static_cast<Resource>(i));
        base::format(sink, "{:<25} ", limit_names[i].name);
        write_limit(sink, limit.current);
        write_limit(sink, limit.maximum);
        if (limit_names[i].unit[0])
            base::format(sink, "{:<10}\n", limit_names[i].unit);
        else
            sink.write("\n");
    }
    return {};
}

// ---- links --------------------------------------------------------------------------------------

Result<Path> executable(const ProcSubject& subject) {
    const RefOrNull<Process> process = subject.process();
    const RefOrNull<ProgramImage> image = process ? image_of(*process) : RefOrNull<ProgramImage>();
    if (!image)
        return Failure(Errno::noent);
    RefOrNull<OpenFile> file;
    {
        core::LockGuard guard(image->lock);
        file = image->executable;
    }
    const Path* path = file ? file->path() : nullptr;
    return path ? Result<Path>(*path) : Failure(Errno::noent);
}

Result<Ref<FileContext>> context_for(const ProcSubject& subject) {
    const Result<TaskRef> task = subject.task();
    if (!task)
        return Failure(Errno::noent);
    RefOrNull<FileContext> context = file_context_of(**task);
    if (!context)
        return Failure(Errno::noent);
    return context.to_ref();
}

Result<Path> working_directory(const ProcSubject& subject) {
    return TRY(context_for(subject))->working_directory();
}

Result<Path> root(const ProcSubject& subject) { return TRY(context_for(subject))->root(); }

template <Result<Path> (*Where)(const ProcSubject&)>
Result<> write_path(const ProcSubject& subject, base::FormatSink& sink) {
    const Path path = TRY(Where(subject));
    void* memory = ::operator new(page_size, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    const Result<std::string_view> name = name_of_path(
        path, root_of_reader(), {static_cast<char*>(memory), page_size}, {true, false});
    if (name)
        sink.write(*name);
    ::operator delete(memory);
    return name ? Result<>() : Failure(name.error());
}

// ---- numbers
// -------------------------------------------------------------------------------------------------

Result<> show_oom_adjust(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    base::format(sink, "{}\n", process->oom_score_adjust.load(std::memory_order_relaxed));
    return {};
}

Result<> store_oom_adjust(const ProcSubject& subject, std::string_view text) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    const i64 value = TRY(parse_integer(text));
    if (value < -1000 || value > 1000)
        return Failure(Errno::inval);
    if (value < process->oom_score_adjust_minimum.load() && !capable(Capability::sys_resource))
        return Failure(Errno::acces);
    process->oom_score_adjust.store(static_cast<i16>(value), std::memory_order_relaxed);
    if (capable(Capability::sys_resource))
        process->oom_score_adjust_minimum.store(static_cast<i16>(value), std::memory_order_relaxed);
    return {};
}

// The share of memory a process holds, in thousandths, moved by its adjustment.
Result<> show_oom_score(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    const RefOrNull<ProgramImage> image = image_of(*process);
    const u64 total = core::frame_counts().total;
    const u64 resident = image ? image->space->statistics().resident.value : 0;
    const i64 adjust = process->oom_score_adjust.load(std::memory_order_relaxed);
    const i64 score =
        666 + static_cast<i64>(resident * 1000 / (total ? total : 1)) * 2 / 3 + adjust * 2 / 3;
    base::format(sink, "{}\n", score < 0 || adjust == -1000 ? 0 : score);
    return {};
}

Result<> show_filter(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    if (const RefOrNull<ProgramImage> image = image_of(*process))
        base::format(sink, "{:08x}\n", image->core_filter.load(std::memory_order_relaxed));
    return {};
}

Result<> show_personality(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{:08x}\n", TRY(subject.task())->personality_flags);
    return {};
}

Result<> show_slack(const ProcSubject& subject, base::FormatSink& sink) {
    base::format(sink, "{}\n", TRY(subject.task())->timer_slack);
    return {};
}

Result<> show_schedstat(const ProcSubject& subject, base::FormatSink& sink) {
    const TaskRef task = TRY(subject.task());
    const core::Thread& thread = *task->thread;
    const core::CpuTimeSplit time = thread.cpu_time();
    base::format(sink, "{} 0 {}\n", time.user.value + time.system.value,
                 thread.voluntary_switches() + thread.involuntary_switches());
    return {};
}

Result<> show_children(const ProcSubject& subject, base::FormatSink& sink) {
    const RefOrNull<Process> process = subject.process();
    if (!process)
        return Failure(Errno::srch);
    Pid children[64];
    u32 count = 0;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        for (Process& child : process->children)
            if (count < std::size(children))
                children[count++] = child.pid;
    }
    for (u32 i = 0; i < count; ++i)
        base::format(sink, "{} ", children[i]);
    return {};
}

template <const char* const& Text>
Result<> show_constant(const ProcSubject&, base::FormatSink& sink) {
    sink.write(Text);
    return {};
}
constexpr const char* wait_channel_text = "0";
constexpr const char* control_group_text = "0::/\n";
constexpr const char* cpuset_text = "/\n";
constexpr const char* id_map_text = "         0          0 4294967295\n";
constexpr const char* set_groups_text = "allow\n";
constexpr const char* no_id_text = "4294967295";

// ---- name spaces: one of each kind
// ---------------------------------------------------------------------------

template <const char* const& Text>
Result<> name_space_target(const ProcSubject&, base::FormatSink& sink) {
    sink.write(Text);
    return {};
}
// They cannot be entered, as there is nothing else to come from.
Result<Path> name_space_follow(const ProcSubject&) { return Failure(Errno::opnotsupp); }

// The numbers are those Linux gives the first of each kind (include/linux/proc_ns.h).
constexpr const char* cgroup_text = "cgroup:[4026531835]";
constexpr const char* ipc_text = "ipc:[4026531839]";
constexpr const char* mount_text = "mnt:[4026531841]";
constexpr const char* net_text = "net:[4026531840]";
constexpr const char* pid_text = "pid:[4026531836]";
constexpr const char* time_text = "time:[4026531834]";
constexpr const char* user_text = "user:[4026531837]";
constexpr const char* uts_text = "uts:[4026531838]";

template <const char* const& Text>
constexpr ProcEntry name_space(const char* name) {
    return {.name = name,
            .mode = file_mode::symlink | 0777,
            .target = name_space_target<Text>,
            .follow = name_space_follow,
            .needs_trace_right = true};
}

constexpr ProcEntry end_of_table{.name = nullptr, .mode = 0};

constexpr ProcEntry name_space_entries[] = {
    name_space<cgroup_text>("cgroup"),
    name_space<ipc_text>("ipc"),
    name_space<mount_text>("mnt"),
    name_space<net_text>("net"),
    name_space<pid_text>("pid"),
    name_space<pid_text>("pid_for_children"),
    name_space<time_text>("time"),
    name_space<time_text>("time_for_children"),
    name_space<user_text>("user"),
    name_space<uts_text>("uts"),
    end_of_table,
};

// ---- the tables
// -----------------------------------------------------------------------------------------------

constexpr ProcEntry file(const char* name, u32 mode,
                         Result<> (*show)(const ProcSubject&, base::FormatSink&)) {
    return {.name = name, .mode = file_mode::regular | mode, .show = show};
}
constexpr ProcEntry guarded(ProcEntry entry) {
    entry.needs_trace_right = true;
    return entry;
}
constexpr ProcEntry writable(ProcEntry entry,
                             Result<> (*store)(const ProcSubject&, std::string_view)) {
    entry.store = store;
    return entry;
}
constexpr ProcEntry watched(ProcEntry entry) {
    entry.changes = MountTable::changes;
    entry.change_queue = MountTable::change_queue;
    return entry;
}
template <Result<Path> (*Where)(const ProcSubject&)>
constexpr ProcEntry link(const char* name) {
    return {.name = name,
            .mode = file_mode::symlink | 0777,
            .target = write_path<Where>,
            .follow = Where,
            .needs_trace_right = true};
}

} // namespace

// What a process and each of its tasks show alike.
constexpr ProcEntry common_entries[] = {
    guarded(file("auxv", 0400, show_auxiliary)),
    file("cgroup", 0444, show_constant<control_group_text>),
    file("cmdline", 0444, show_command_line),
    writable(file("comm", 0644, show_comm), store_comm),
    file("cpuset", 0444, show_constant<cpuset_text>),
    link<working_directory>("cwd"),
    guarded(file("environ", 0400, show_environment)),
    link<executable>("exe"),
    ProcEntry{.name = "fd",
              .mode = file_mode::directory | 0500,
              .find = find_descriptor,
              .list = list_descriptors},
    ProcEntry{.name = "fdinfo",
              .mode = file_mode::directory | 0555,
              .find = find_descriptor_details,
              .list = list_descriptors},
    file("gid_map", 0644, show_constant<id_map_text>),
    file("limits", 0444, show_limits),
    file("loginuid", 0644, show_constant<no_id_text>),
    guarded(file("maps", 0444, show_maps)),
    ProcEntry{.name = "mem",
              .mode = file_mode::regular | 0600,
              .open = open_memory,
              .needs_trace_right = true},
    watched(file("mountinfo", 0444, show_mount_info)),
    watched(file("mounts", 0444, show_mounts)),
    ProcEntry{.name = "ns", .mode = file_mode::directory | 0511, .children = name_space_entries},
    file("oom_score", 0444, show_oom_score),
    writable(file("oom_score_adj", 0644, show_oom_adjust), store_oom_adjust),
    guarded(file("personality", 0400, show_personality)),
    file("projid_map", 0644, show_constant<id_map_text>),
    link<root>("root"),
    file("schedstat", 0444, show_schedstat),
    file("sessionid", 0444, show_constant<no_id_text>),
    file("setgroups", 0644, show_constant<set_groups_text>),
    guarded(file("smaps", 0444, show_smaps)),
    guarded(file("smaps_rollup", 0444, show_smaps_rollup)),
    file("stat", 0444, show_stat),
    file("statm", 0444, show_statm),
    file("status", 0444, show_status),
    file("uid_map", 0644, show_constant<id_map_text>),
    file("wchan", 0444, show_constant<wait_channel_text>),
    end_of_table,
};

constexpr ProcEntry process_entries[] = {
    ProcEntry{.name = "task",
              .mode = file_mode::directory | 0555,
              .find = find_task_of,
              .list = list_tasks_of},
    file("coredump_filter", 0644, show_filter),
    guarded(file("mountstats", 0400, show_mount_statistics)),
    file("timerslack_ns", 0666, show_slack),
    end_of_table,
};

constexpr ProcEntry task_entries[] = {
    file("children", 0444, show_children),
    end_of_table,
};

} // namespace linux
