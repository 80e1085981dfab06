// SPDX-License-Identifier: BSD-2-Clause
// /proc/sys: settings of the running system (Documentation/admin-guide/sysctl).
#include "core/observe/log.h"
#include "core/sync/guarded.h"
#include "linux/inotify/inotify.h"
#include "linux/pipe/pipe.h"
#include "linux/proc/tables.h"
#include "linux/system/module_request.h"
#include "linux/system/names.h"
#include "linux/system/random.h"
#include "linux/vfs/dentry.h"
#include "linux/vfs/file_count.h"
#include "linux/vfs/permission.h"

namespace linux {

namespace {

using Show = Result<> (*)(const ProcSubject&, base::FormatSink&);
using Store = Result<> (*)(const ProcSubject&, std::string_view);

constexpr ProcEntry setting(const char* name, Show show, Store store = nullptr) {
    return {.name = name,
            .mode = file_mode::regular | (store ? 0644u : 0444u),
            .show = show,
            .store = store};
}
constexpr ProcEntry directory(const char* name, const ProcEntry* children) {
    return {.name = name, .mode = file_mode::directory | 0555, .children = children};
}
constexpr ProcEntry end_of_table{.name = nullptr, .mode = 0};

// ---- kinds of settings --------------------------------------------------------------------------

// A number that never changes.
template <i64 Value>
Result<> show_fixed(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", Value);
    return {};
}

// An atomic number in a range.
template <auto& Variable>
Result<> show_number(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", Variable.load(std::memory_order_relaxed));
    return {};
}
template <auto& Variable, i64 Lowest, i64 Highest>
Result<> store_number(const ProcSubject&, std::string_view text) {
    const i64 value = TRY(parse_integer(text));
    if (value < Lowest || value > Highest)
        return Failure(Errno::inval);
    Variable.store(static_cast<decltype(Variable.load())>(value), std::memory_order_relaxed);
    return {};
}
template <auto& Variable, i64 Lowest, i64 Highest>
constexpr ProcEntry number(const char* name) {
    return setting(name, show_number<Variable>, store_number<Variable, Lowest, Highest>);
}

// Settings that exist for the programs that write them and change nothing else here: what they ask
// for is what Pith does anyway.
constinit std::atomic<u32> g_over_commit{0}, g_swappiness{60}, g_dirty_ratio{20},
    g_dirty_background{10};
constinit std::atomic<u32> g_dmesg_restrict{1}, g_kptr_restrict{0}, g_panic_timeout{0}, g_sysrq{16};
constinit std::atomic<u32> g_ptrace_scope{0}, g_core_uses_pid{0}, g_perf_paranoid{3},
    g_somaxconn{4096};
constinit std::atomic<u32> g_max_map_count{65530}, g_dirty_writeback{500}, g_dirty_expire{3000};
constinit std::atomic<u32> g_suid_dump{0}, g_lease_break{45}, g_leases{1}, g_min_free{4096};
constinit std::atomic<u32> g_panic_on_oom{0}, g_hung_task{0}, g_randomize{2}, g_unix_queue{512};

constexpr i64 any = 0x7fff'ffff;

// ---- kernel -------------------------------------------------------------------------------------

template <const std::string_view& Text>
Result<> show_text(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", Text);
    return {};
}

Result<> show_host_name(const ProcSubject&, base::FormatSink& sink) {
    char name[name_capacity];
    base::format(sink, "{}\n", host_name(name));
    return {};
}
Result<> store_host_name(const ProcSubject&, std::string_view text) {
    return set_host_name(trim(text));
}
Result<> show_domain_name(const ProcSubject&, base::FormatSink& sink) {
    char name[name_capacity];
    base::format(sink, "{}\n", domain_name(name));
    return {};
}
Result<> store_domain_name(const ProcSubject&, std::string_view text) {
    return set_domain_name(trim(text));
}

Result<> show_pid_maximum(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", ProcessTable::pid_maximum());
    return {};
}
Result<> store_pid_maximum(const ProcSubject&, std::string_view text) {
    return ProcessTable::set_pid_maximum(static_cast<Pid>(TRY(parse_integer(text))));
}
Result<> show_task_maximum(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", ProcessTable::task_maximum());
    return {};
}
Result<> store_task_maximum(const ProcSubject&, std::string_view text) {
    const i64 value = TRY(parse_integer(text));
    if (value < 20 || value > any)
        return Failure(Errno::inval);
    ProcessTable::set_task_maximum(static_cast<u32>(value));
    return {};
}

Result<> show_printk(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\t4\t1\t7\n", core::console_level());
    return {};
}
Result<> store_printk(const ProcSubject&, std::string_view text) {
    text = trim(text);
    const i64 value = TRY(parse_integer(text.substr(0, text.find_first_of(" \t"))));
    if (value < 0 || value > 15)
        return Failure(Errno::inval);
    core::set_console_level(static_cast<u8>(value));
    return {};
}

Result<> show_modprobe(const ProcSubject&, base::FormatSink& sink) {
    char path[modprobe_capacity];
    base::format(sink, "{}\n", modprobe_path(path));
    return {};
}
Result<> store_modprobe(const ProcSubject&, std::string_view text) {
    return set_modprobe_path(trim(text));
}

Result<> show_core_pattern(const ProcSubject&, base::FormatSink& sink) {
    sink.write("core\n");
    return {};
}
Result<> show_log_devices(const ProcSubject&, base::FormatSink& sink) {
    sink.write("on\n");
    return {};
}
Result<> show_last_pid(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", ProcessTable::last_pid());
    return {};
}

// ---- random -------------------------------------------------------------------------------------

// A UUID (RFC 4122, version 4) of sixteen random bytes.
void write_uuid(base::FormatSink& sink, std::span<const u8, 16> bytes) {
    for (u32 i = 0; i < 16; ++i) {
        u8 byte = bytes[i];
        if (i == 6)
            byte = (byte & 0x0f) | 0x40;
        if (i == 8)
            byte = (byte & 0x3f) | 0x80;
        base::format(sink, "{:02x}", byte);
        if (i == 3 || i == 5 || i == 7 || i == 9)
            sink.write("-");
    }
    sink.write("\n");
}

Result<> show_uuid(const ProcSubject&, base::FormatSink& sink) {
    u8 bytes[16];
    random_bytes(bytes);
    write_uuid(sink, bytes);
    return {};
}

Result<> show_boot_id(const ProcSubject&, base::FormatSink& sink) {
    struct BootId {
        bool made = false;
        u8 bytes[16] = {};
    };
    static constinit core::Guarded<BootId, core::lock_class::file_context> boot;
    u8 copy[16];
    u8 fresh[16];
    random_bytes(fresh);
    {
        auto id = boot.lock();
        if (!id->made) {
            __builtin_memcpy(id->bytes, fresh, sizeof(fresh));
            id->made = true;
        }
        __builtin_memcpy(copy, id->bytes, sizeof(copy));
    }
    write_uuid(sink, copy);
    return {};
}

constexpr ProcEntry random_entries[] = {
    setting("boot_id", show_boot_id),
    setting("entropy_avail", show_fixed<256>),
    setting("poolsize", show_fixed<256>),
    setting("urandom_min_reseed_secs", show_fixed<60>),
    setting("uuid", show_uuid),
    setting("write_wakeup_threshold", show_fixed<256>),
    end_of_table,
};

constexpr ProcEntry yama_entries[] = {
    number<g_ptrace_scope, 0, 0>("ptrace_scope"),
    end_of_table,
};

constexpr ProcEntry kernel_entries[] = {
    setting("cap_last_cap", show_fixed<static_cast<i64>(Capability::count) - 1>),
    setting("core_pattern", show_core_pattern),
    number<g_core_uses_pid, 0, 1>("core_uses_pid"),
    number<g_dmesg_restrict, 0, 1>("dmesg_restrict"),
    setting("domainname", show_domain_name, store_domain_name),
    setting("hostname", show_host_name, store_host_name),
    number<g_hung_task, 0, any>("hung_task_timeout_secs"),
    number<g_kptr_restrict, 0, 2>("kptr_restrict"),
    setting("modprobe", show_modprobe, store_modprobe),
    setting("modules_disabled", show_fixed<0>),
    setting("ngroups_max", show_fixed<65536>),
    setting("ns_last_pid", show_last_pid),
    setting("osrelease", show_text<system_release>),
    setting("ostype", show_text<system_name>),
    setting("overflowgid", show_fixed<65534>),
    setting("overflowuid", show_fixed<65534>),
    number<g_panic_timeout, 0, any>("panic"),
    number<g_perf_paranoid, 0, 4>("perf_event_paranoid"),
    setting("pid_max", show_pid_maximum, store_pid_maximum),
    setting("printk", show_printk, store_printk),
    setting("printk_devkmsg", show_log_devices),
    directory("random", random_entries),
    number<g_randomize, 0, 2>("randomize_va_space"),
    number<g_sysrq, 0, 511>("sysrq"),
    setting("threads-max", show_task_maximum, store_task_maximum),
    setting("version", show_text<system_version>),
    directory("yama", yama_entries),
    end_of_table,
};

// ---- fs -----------------------------------------------------------------------------------------

Result<> show_file_count(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\t0\t{}\n", open_file_count(), g_file_limits.file_max.load());
    return {};
}
Result<> show_dentry_state(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\t{}\t45\t0\t0\t0\n", DentryCache::total(), DentryCache::unused());
    return {};
}

constinit auto& g_links_symlinks = g_protected_links.symlinks;
constinit auto& g_links_hard = g_protected_links.hard_links;
constinit auto& g_links_fifos = g_protected_links.fifos;
constinit auto& g_links_regular = g_protected_links.regular;

constexpr ProcEntry inotify_entries[] = {
    number<g_inotify_limits.events, 0, any>("max_queued_events"),
    number<g_inotify_limits.instances, 0, any>("max_user_instances"),
    number<g_inotify_limits.watches, 0, any>("max_user_watches"),
    end_of_table,
};

constexpr ProcEntry fs_entries[] = {
    setting("aio-max-nr", show_fixed<65536>),
    setting("aio-nr", show_fixed<0>),
    setting("dentry-state", show_dentry_state),
    number<g_file_limits.file_max, 1, 0x7fff'ffff'ffff'ffff>("file-max"),
    setting("file-nr", show_file_count),
    directory("inotify", inotify_entries),
    number<g_lease_break, 0, any>("lease-break-time"),
    number<g_leases, 0, 1>("leases-enable"),
    number<g_file_limits.table_max, 64, 0x3fff'ffff>("nr_open"),
    setting("overflowgid", show_fixed<65534>),
    setting("overflowuid", show_fixed<65534>),
    setting("pipe-max-size", show_fixed<1048576>),
    number<g_links_fifos, 0, 2>("protected_fifos"),
    number<g_links_hard, 0, 1>("protected_hardlinks"),
    number<g_links_regular, 0, 2>("protected_regular"),
    number<g_links_symlinks, 0, 1>("protected_symlinks"),
    number<g_suid_dump, 0, 2>("suid_dumpable"),
    end_of_table,
};

// ---- vm, net ------------------------------------------------------------------------------------

constexpr ProcEntry vm_entries[] = {
    number<g_dirty_background, 0, 100>("dirty_background_ratio"),
    number<g_dirty_expire, 0, any>("dirty_expire_centisecs"),
    number<g_dirty_ratio, 0, 100>("dirty_ratio"),
    number<g_dirty_writeback, 0, any>("dirty_writeback_centisecs"),
    number<g_max_map_count, 0, any>("max_map_count"),
    number<g_min_free, 0, any>("min_free_kbytes"),
    setting("mmap_min_addr", show_fixed<65536>),
    number<g_over_commit, 0, 1>("overcommit_memory"),
    setting("overcommit_ratio", show_fixed<50>),
    number<g_panic_on_oom, 0, 2>("panic_on_oom"),
    number<g_swappiness, 0, 200>("swappiness"),
    end_of_table,
};

constexpr ProcEntry net_core_entries[] = {
    number<g_somaxconn, 0, any>("somaxconn"),
    end_of_table,
};
constexpr ProcEntry net_unix_entries[] = {
    number<g_unix_queue, 0, any>("max_dgram_qlen"),
    end_of_table,
};
constexpr ProcEntry net_entries[] = {
    directory("core", net_core_entries),
    directory("unix", net_unix_entries),
    end_of_table,
};

} // namespace

constexpr ProcEntry sys_entries[] = {
    directory("fs", fs_entries),
    ProcEntry{.name = "kernel",
              .mode = file_mode::directory | 0555,
              .children = kernel_entries,
              .more_children = ipc_settings},
    directory("net", net_entries),
    directory("vm", vm_entries),
    end_of_table,
};

} // namespace linux
