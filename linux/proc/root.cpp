// SPDX-License-Identifier: BSD-2-Clause
// The root of procfs: the system's files, and a directory for each process.
#include "linux/init/start.h"
#include "linux/proc/tables.h"

namespace linux {

namespace {

// A process by its decimal number; 0 if the name is none.
u32 number_of(std::string_view name) {
    u32 value = 0;
    if (name.empty() || name.size() > 9 || name.front() == '0')
        return 0;
    for (const char c : name) {
        if (c < '0' || c > '9')
            return 0;
        value = value * 10 + static_cast<u32>(c - '0');
    }
    return value;
}

bool process_is_current(const ProcSubject& subject);

constexpr ProcEntry process_directory{.name = "",
                                      .mode = file_mode::directory | 0555,
                                      .children = process_entries,
                                      .more_children = common_entries,
                                      .is_current = process_is_current};
constexpr ProcEntry task_directory{.name = "",
                                   .mode = file_mode::directory | 0555,
                                   .children = task_entries,
                                   .more_children = common_entries,
                                   .is_current = process_is_current};

bool process_is_current(const ProcSubject& subject) {
    return subject.tid ? static_cast<bool>(subject.task()) : static_cast<bool>(subject.process());
}

} // namespace

Result<RefOrNull<Inode>> find_process(ProcInode& directory, std::string_view name) {
    const u32 pid = number_of(name);
    if (pid == 0)
        return RefOrNull<Inode>();
    RefOrNull<Process> process = ProcessTable::find(static_cast<Pid>(pid));
    Pid tid = 0;
    if (!process) { // a thread's number works, too, but is not listed
        const TaskRef task = ProcessTable::find_task(static_cast<Pid>(pid));
        if (!task)
            return RefOrNull<Inode>();
        process = task->process;
        tid = task->tid;
    }
    const ProcSubject subject{process->pid, tid, process->start_time.value, 0};
    return RefOrNull<Inode>(
        TRY(ProcInode::create_inode(directory.super_block(), process_directory, subject)));
}

Result<> list_processes(ProcInode& directory, u64 position, DirectorySink& sink) {
    Pid from = static_cast<Pid>(position - first_dynamic_position);
    while (RefOrNull<Process> process = ProcessTable::next(from < 1 ? 1 : from)) {
        const base::Text<16> name("{}", process->pid);
        const u64 next = first_dynamic_position + static_cast<u64>(process->pid) + 1;
        const u64 number = 0x8000'0000 + (directory.number() << 8) + static_cast<u64>(process->pid);
        if (!sink.add(name.view(), number, file_mode::directory, next))
            break;
        from = process->pid + 1;
    }
    return {};
}

Result<RefOrNull<Inode>> find_task_of(ProcInode& directory, std::string_view name) {
    const u32 tid = number_of(name);
    const TaskRef task = tid ? ProcessTable::find_task(static_cast<Pid>(tid)) : TaskRef();
    const RefOrNull<Process> process = directory.subject().process();
    if (!task || !process || task->process.get() != process.get())
        return RefOrNull<Inode>();
    ProcSubject subject = directory.subject();
    subject.tid = task->tid;
    return RefOrNull<Inode>(
        TRY(ProcInode::create_inode(directory.super_block(), task_directory, subject)));
}

Result<> list_tasks_of(ProcInode& directory, u64 position, DirectorySink& sink) {
    const RefOrNull<Process> process = directory.subject().process();
    if (!process)
        return Failure(Errno::noent);
    Pid from = static_cast<Pid>(position - first_dynamic_position);
    while (TaskRef task = ProcessTable::next_task(*process, from)) {
        const base::Text<16> name("{}", task->tid);
        const u64 next = first_dynamic_position + static_cast<u64>(task->tid) + 1;
        if (!sink.add(name.view(), 0x8000'0000 + static_cast<u64>(task->tid), file_mode::directory,
                      next))
            break;
        from = task->tid + 1;
    }
    return {};
}

namespace {

constexpr ProcEntry root_directory{.name = "/",
                                   .mode = file_mode::directory | 0555,
                                   .children = system_entries,
                                   .find = find_process,
                                   .list = list_processes};

constexpr u64 proc_magic = 0x9fa0, sysfs_magic = 0x6265'6572; // linux/magic.h

class TableType final : public FileSystemType {
public:
    constexpr explicit TableType(const char* name) : FileSystemType(name, false) {}
    Result<Ref<SuperBlock>> mount(const MountRequest&) const override {
        return Ref<SuperBlock>::share(*super_block);
    }
    Result<> start(u64 magic, const ProcEntry& root) {
        auto* made = new (base::fallible) ProcSuperBlock(*this, magic);
        if (!made)
            return Failure(Errno::nomem);
        TRY(made->attach_root(TRY(ProcInode::create_inode(*made, root, {}))));
        if (!made->add_mount()) // the kernel's own, for ever
            return Failure(Errno::nomem);
        super_block = made;
        register_file_system(*this);
        return {};
    }
    SuperBlock* super_block = nullptr;
};

constinit TableType g_proc("proc"), g_sysfs("sysfs");

} // namespace

Result<> start_procfs() {
    TRY(g_sysfs.start(sysfs_magic, sysfs_root));
    TRY(g_proc.start(proc_magic, root_directory));
    return {};
}

void register_pseudo_file_systems() { MUST(start_procfs(), "boot has memory"); }

} // namespace linux
