// SPDX-License-Identifier: BSD-2-Clause
// The tables procfs and sysfs are made of. Each ends with an entry without name.
#pragma once

#include "linux/proc/proc.h"

namespace linux {

extern const ProcEntry system_entries[];  // /proc
extern const ProcEntry process_entries[]; // /proc/PID
extern const ProcEntry task_entries[];    // /proc/PID/task/TID
extern const ProcEntry common_entries[];  // in both
extern const ProcEntry sys_entries[];     // /proc/sys
extern const ProcEntry sysvipc_entries[]; // /proc/sysvipc
extern const ProcEntry ipc_settings[];    // in /proc/sys/kernel
extern const ProcEntry sysfs_root;        // /sys
extern const ProcEntry pith_entries[];    // /sys/pith
// /sys/module, and /proc/modules.
Result<RefOrNull<Inode>> find_module(ProcInode& directory, std::string_view name);
Result<> show_modules(const ProcSubject& subject, base::FormatSink& sink);
extern const ProcEntry trace_entries[];   // /sys/pith/trace

Result<RefOrNull<Inode>> find_cpu(ProcInode& directory, std::string_view name);
Result<> list_cpus(ProcInode& directory, u64 position, DirectorySink& sink);
Result<RefOrNull<Inode>> find_task_of(ProcInode& directory, std::string_view name);
Result<> list_tasks_of(ProcInode& directory, u64 position, DirectorySink& sink);
Result<RefOrNull<Inode>> find_descriptor(ProcInode& directory, std::string_view name);
Result<RefOrNull<Inode>> find_descriptor_details(ProcInode& directory, std::string_view name);
Result<> list_descriptors(ProcInode& directory, u64 position, DirectorySink& sink);

// Names of paths are as the reading task sees them.
Path root_of_reader();

// What one process or task shows; one function a file.
Result<> show_stat(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_status(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_statm(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_maps(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_smaps(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_smaps_rollup(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_command_line(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_environment(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_auxiliary(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_mounts(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_mount_info(const ProcSubject& subject, base::FormatSink& sink);
Result<> show_mount_statistics(const ProcSubject& subject, base::FormatSink& sink);
Result<Ref<OpenFile>> open_memory(const Path& path, const ProcInode& inode, u32 flags);

} // namespace linux
