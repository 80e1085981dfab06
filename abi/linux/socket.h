// SPDX-License-Identifier: BSD-2-Clause
// Sockets in Linux's ABI (include/linux/socket.h, uapi/linux/{net,un,socket}.h,
// asm-generic/socket.h). Data only.
#pragma once

#include "abi/linux/types.h"

namespace linux {

namespace socket_family {
inline constexpr i32 unspecified = 0, local = 1, inet = 2, inet6 = 10, netlink = 16, count = 46;
}
namespace socket_type {
inline constexpr i32 stream = 1, datagram = 2, raw = 3, reliable = 4, sequenced = 5, dccp = 6;
inline constexpr i32 packet = 10, mask = 0xf, maximum = 11;
} // namespace socket_type
// socket(2)'s SOCK_CLOEXEC and SOCK_NONBLOCK are open(2)'s flags.
inline constexpr u32 socket_creation_flags = open_flag::close_on_exec | open_flag::non_block;

namespace message_flag {
inline constexpr u32 out_of_band = 1, peek = 2, dont_route = 4, control_truncated = 8;
inline constexpr u32 truncated = 0x20, dont_wait = 0x40, end_of_record = 0x80, wait_all = 0x100;
inline constexpr u32 no_signal = 0x4000, more = 0x8000, wait_for_one = 0x1'0000;
inline constexpr u32 close_on_exec = 0x4000'0000, compat = 0x8000'0000;
} // namespace message_flag

namespace shutdown_how {
inline constexpr i32 read = 0, write = 1, both = 2;
}

namespace socket_level {
inline constexpr i32 socket = 1;
}
// Names of options at the socket level.
namespace socket_option {
inline constexpr i32 debug = 1, reuse_address = 2, type = 3, error = 4, dont_route = 5;
inline constexpr i32 broadcast = 6, send_buffer = 7, receive_buffer = 8, keep_alive = 9;
inline constexpr i32 out_of_band_inline = 10, no_check = 11, priority = 12, linger = 13;
inline constexpr i32 bsd_compat = 14, reuse_port = 15, pass_credentials = 16;
inline constexpr i32 peer_credentials = 17, receive_low_water = 18, send_low_water = 19;
inline constexpr i32 receive_timeout = 20, send_timeout = 21, peer_name = 28, timestamp = 29;
inline constexpr i32 accepts_connections = 30, peer_security = 31, send_buffer_force = 32;
inline constexpr i32 receive_buffer_force = 33, pass_security = 34, timestamp_nanos = 35;
inline constexpr i32 mark = 36, protocol = 38, domain = 39, peek_offset = 42, peer_groups = 59;
inline constexpr i32 receive_timeout_new = 66, send_timeout_new = 67;
} // namespace socket_option

namespace control_type {
inline constexpr i32 rights = 1, credentials = 2;
}

// struct msghdr.
struct MessageHeader {
    u64 name;
    u32 name_length;
    u32 padding1;
    u64 vector;
    u64 vector_count;
    u64 control;
    u64 control_length;
    u32 flags;
    u32 padding2;
};
static_assert(sizeof(MessageHeader) == 56);

// struct mmsghdr.
struct MessageSlot {
    MessageHeader header;
    u32 length;
    u32 padding;
};
static_assert(sizeof(MessageSlot) == 64);

// struct cmsghdr; the data follows, the next header is aligned to 8.
struct ControlHeader {
    u64 length; // with the header
    i32 level;
    i32 type;
};

// struct ucred.
struct UserCredentials {
    Pid pid;
    UserId user;
    GroupId group;
    constexpr bool operator==(const UserCredentials&) const = default;
};

// struct linger.
struct LingerSetting {
    i32 enabled;
    i32 seconds;
};

inline constexpr u32 address_maximum = 128; // sizeof(struct sockaddr_storage)
inline constexpr u32 local_path_offset = 2; // of sun_path
inline constexpr u32 local_path_size = 108;
inline constexpr u32 local_address_size = local_path_offset + local_path_size;
inline constexpr u32 passed_files_maximum = 253; // SCM_MAX_FD

namespace socket_request { // ioctl
inline constexpr u32 input_queue = 0x541b, output_queue = 0x5411, get_owner = 0x8903;
}

} // namespace linux
