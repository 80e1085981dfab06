// SPDX-License-Identifier: BSD-2-Clause
// AF_NETLINK sockets of the protocol NETLINK_KOBJECT_UEVENT: kernel events to group 1, and what
// udev says of them to group 2 (netlink(7)).
#pragma once

#include "linux/socket/socket.h"

namespace linux {

class UeventSockets {
public:
    static bool has_listeners();
    // From the kernel, to group 1. Who is out of room misses it and is told by nobufs. Process
    // context.
    static void broadcast(std::string_view event);
};

// Registers AF_NETLINK. Once, at start.
void register_netlink_sockets();

} // namespace linux
