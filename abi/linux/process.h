// SPDX-License-Identifier: BSD-2-Clause
// Processes as Linux's ABI has them: clone flags, wait options, limits, usage
// (include/uapi/linux/sched.h, wait.h, asm-generic/resource.h, linux/resource.h, capability.h,
// auxvec.h).
#pragma once

#include "abi/linux/types.h"

namespace linux {

namespace clone_flag {
inline constexpr u64 exit_signal = 0xff, share_memory = 0x100, share_file_context = 0x200;
inline constexpr u64 share_files = 0x400, share_handlers = 0x800, pidfd = 0x1000;
inline constexpr u64 trace = 0x2000, vfork = 0x4000, same_parent = 0x8000, thread = 0x10000;
inline constexpr u64 new_mounts = 0x20000, share_semaphores = 0x40000, set_tls = 0x80000;
inline constexpr u64 parent_set_tid = 0x100000, child_clear_tid = 0x200000, detached = 0x400000;
inline constexpr u64 untraced = 0x800000, child_set_tid = 0x1000000;
inline constexpr u64 new_cgroup = 0x2000000, new_uts = 0x4000000, new_ipc = 0x8000000;
inline constexpr u64 new_user = 0x10000000, new_pid = 0x20000000, new_network = 0x40000000;
inline constexpr u64 share_io = 0x80000000, clear_handlers = 0x1'0000'0000;
inline constexpr u64 into_cgroup = 0x2'0000'0000, new_time = 0x80;
inline constexpr u64 namespaces = new_mounts | new_cgroup | new_uts | new_ipc | new_user | new_pid |
                                  new_network;
} // namespace clone_flag

// struct clone_args of clone3(2).
struct CloneArguments {
    u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    u64 set_tid, set_tid_size, cgroup;
};
static_assert(sizeof(CloneArguments) == 88);

namespace wait_option {
inline constexpr i32 no_hang = 1, untraced = 2, stopped = 2, exited = 4, continued = 8;
inline constexpr i32 no_wait = 0x0100'0000, no_thread = 0x2000'0000, all = 0x4000'0000;
inline constexpr i32 clone = static_cast<i32>(0x8000'0000);
} // namespace wait_option
namespace wait_kind {
inline constexpr i32 all = 0, pid = 1, group = 2, pidfd = 3;
} // namespace wait_kind

enum class Resource : u32 {
    cpu, file_size, data, stack, core, resident, processes, open_files, locked_memory,
    address_space, locks, pending_signals, message_queue, nice, real_time_priority, real_time_time,
    count,
};
struct ResourceLimit {
    u64 current;
    u64 maximum;
};
inline constexpr u64 unlimited = ~u64{0};

// struct rusage.
struct ResourceUsage {
    TimeVal user_time, system_time;
    i64 peak_resident; // KiB
    i64 shared_text, unshared_data, unshared_stack;
    i64 minor_faults, major_faults, swaps, blocks_read, blocks_written;
    i64 messages_sent, messages_received, signals, voluntary_switches, involuntary_switches;
};
static_assert(sizeof(ResourceUsage) == 144);
namespace usage_of {
inline constexpr i32 self = 0, children = -1, thread = 1;
} // namespace usage_of

// Keys of the auxiliary vector.
namespace auxiliary {
inline constexpr u64 null = 0, program_headers = 3, header_size = 4, header_count = 5;
inline constexpr u64 page_size = 6, interpreter_base = 7, flags = 8, entry = 9, uid = 11, euid = 12;
inline constexpr u64 gid = 13, egid = 14, platform = 15, hardware = 16, clock_ticks = 17;
inline constexpr u64 secure = 23, base_platform = 24, random = 25, hardware2 = 26;
inline constexpr u64 rseq_feature_size = 27, rseq_align = 28, executable_name = 31;
inline constexpr u64 sysinfo = 32, sysinfo_image = 33, minimum_signal_stack = 51;
} // namespace auxiliary

// Capabilities (linux/capability.h).
enum class Capability : u8 {
    chown, dac_override, dac_read_search, fowner, fsetid, kill, setgid, setuid, setpcap,
    linux_immutable, net_bind_service, net_broadcast, net_admin, net_raw, ipc_lock, ipc_owner,
    sys_module, sys_rawio, sys_chroot, sys_ptrace, sys_pacct, sys_admin, sys_boot, sys_nice,
    sys_resource, sys_time, sys_tty_config, mknod, lease, audit_write, audit_control, setfcap,
    mac_override, mac_admin, syslog, wake_alarm, block_suspend, audit_read, perfmon, bpf,
    checkpoint_restore, count,
};

// prctl(PR_SET_SECUREBITS).
namespace secure_bit {
inline constexpr u32 no_root = 1 << 0, no_root_locked = 1 << 1, no_setuid_fixup = 1 << 2;
inline constexpr u32 no_setuid_fixup_locked = 1 << 3, keep_capabilities = 1 << 4;
inline constexpr u32 keep_capabilities_locked = 1 << 5, no_ambient_raise = 1 << 6;
inline constexpr u32 no_ambient_raise_locked = 1 << 7;
inline constexpr u32 all_bits = 0x55, all_locks = 0xaa;
} // namespace secure_bit

} // namespace linux
