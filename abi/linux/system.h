// SPDX-License-Identifier: BSD-2-Clause
// uname, sysinfo, reboot, syslog (include/uapi/linux/{utsname,sysinfo,reboot}.h).
#pragma once

#include "base/types.h"

namespace linux {

struct SystemNames {
    char system[65], node[65], release[65], version[65], machine[65], domain[65];
};

struct SystemInformation {
    i64 uptime;
    u64 loads[3];
    u64 total_memory, free_memory, shared_memory, buffer_memory, total_swap, free_swap;
    u16 processes, padding0;
    u32 padding1;
    u64 total_high, free_high;
    u32 unit, padding2;
};
static_assert(sizeof(SystemInformation) == 112);

namespace reboot_magic {
inline constexpr u32 first = 0xfee1dead;
inline constexpr u32 second[] = {672274793, 85072278, 369367448, 537993216};
} // namespace reboot_magic
namespace reboot_command {
inline constexpr u32 restart = 0x01234567, halt = 0xcdef0123, power_off = 0x4321fedc;
inline constexpr u32 restart_with = 0xa1b2c3d4, key_on = 0x89abcdef, key_off = 0;
inline constexpr u32 suspend = 0xd000fce2, kexec = 0x45584543;
} // namespace reboot_command

namespace log_action {
inline constexpr i32 close = 0, open = 1, read = 2, read_all = 3, read_clear = 4, clear = 5;
inline constexpr i32 console_off = 6, console_on = 7, console_level = 8, size_unread = 9;
inline constexpr i32 size_buffer = 10;
} // namespace log_action

} // namespace linux
