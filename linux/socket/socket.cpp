// SPDX-License-Identifier: BSD-2-Clause
#include "linux/socket/socket.h"

#include <algorithm>

#include "linux/vfs/inode.h"

namespace linux {

namespace {
constinit const SocketFamily* g_families[socket_family::count] = {};
}

void register_socket_family(i32 number, const SocketFamily& family) {
    g_families[number] = &family;
}

const SocketFamily* find_socket_family(i32 number) {
    return number >= 0 && number < socket_family::count ? g_families[number] : nullptr;
}

Result<> SocketAddress::read(u64 user_address, u32 user_length) {
    if (user_length > address_maximum)
        return Failure(Errno::inval);
    length = user_length;
    return core::copy_from_user(bytes, UserVirt(user_address), user_length);
}

Result<> SocketAddress::write(u64 user_address, core::UserInOut<u32> user_length) const {
    const u32 room = TRY(user_length.read());
    if (static_cast<i32>(room) < 0)
        return Failure(Errno::inval);
    TRY(core::copy_to_user(UserVirt(user_address), bytes, std::min(room, length)));
    return user_length.write(length);
}

Result<> Socket::set_option(i32, i32, u64, u32) { return Failure(Errno::noprotoopt); }
Result<> Socket::get_option(i32, i32, OptionTarget&) { return Failure(Errno::noprotoopt); }

Result<usize> Socket::read(IoCursor& target, u64, IoFlags flags) {
    if (target.empty()) [[unlikely]]
        return 0;
    IncomingMessage message{.data = target,
                            .flags = flags.non_block ? message_flag::dont_wait : 0};
    return receive(message);
}

Result<usize> Socket::write(IoCursor& source, u64&, IoFlags flags) {
    OutgoingMessage message{.data = source,
                            .flags = flags.non_block ? message_flag::dont_wait : 0};
    return send(message);
}

void Socket::describe(base::FormatSink& sink) const {
    base::format(sink, "socket:[{}]", inode_->number());
}

} // namespace linux
