// SPDX-License-Identifier: BSD-2-Clause
// Kernel events ("uevents"): what programs are told when a device comes, goes or changes, by
// netlink (Linux's lib/kobject_uevent.c) and in the file `uevent` of its directory.
#pragma once

#include "linux/sysfs/sys_node.h"

namespace linux {

// "add", "remove", "change", …; `extra` is one more variable ("SYNTH_UUID=0") or empty. Process
// context, no lock of sockets held.
void send_uevent(const SysNode& node, std::string_view action, std::string_view extra = {});
// The file `uevent`: the node's variables, and a write that sends an event again.
Result<> show_uevent(const ProcSubject& subject, base::FormatSink& sink);
Result<> store_uevent(const ProcSubject& subject, std::string_view text);
// The number of the last event (/sys/kernel/uevent_seqnum).
u64 last_uevent();

inline constexpr ProcEntry uevent_file{.name = "uevent",
                                       .mode = file_mode::regular | 0644,
                                       .show = show_uevent,
                                       .store = store_uevent};

} // namespace linux
