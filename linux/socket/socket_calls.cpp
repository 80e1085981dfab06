// SPDX-License-Identifier: BSD-2-Clause
// The system calls that make, name and connect sockets.
#include "linux/process/process.h"
#include "linux/socket/socket.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// Errors: afnosupport, inval, and the family's.
Result<Ref<Socket>> create_socket(i32 family, u32 type, i32 protocol) {
    const u32 flags = type & ~static_cast<u32>(socket_type::mask);
    const i32 kind = static_cast<i32>(type) & socket_type::mask;
    if ((flags & ~socket_creation_flags) != 0)
        return Failure(Errno::inval);
    if (family < 0 || family >= socket_family::count)
        return Failure(Errno::afnosupport);
    if (kind >= socket_type::maximum)
        return Failure(Errno::inval);
    const SocketFamily* found = find_socket_family(family);
    if (!found)
        return Failure(Errno::afnosupport);
    return found->create(kind, protocol, flags & open_flag::non_block);
}

struct BorrowedSocket {
    BorrowedFile file;
    Socket* operator->() const { return &Socket::of(*file); }
    Socket& operator*() const { return Socket::of(*file); }
    bool non_block() const { return (file->flags() & open_flag::non_block) != 0; }
};

// Errors: badf, notsock.
Result<BorrowedSocket> borrow_socket(u32 fd) {
    auto file = TRY(borrow_file(fd));
    if (file->family() != FileFamily::socket)
        return Failure(Errno::notsock);
    return BorrowedSocket{std::move(file)};
}

// Errors: fault, inval, and accept's.
Result<u64> accept_connection(u32 fd, u64 address, UserInOut<u32> length, u32 flags) {
    if ((flags & ~socket_creation_flags) != 0)
        return Failure(Errno::inval);
    const auto listener = TRY(borrow_socket(fd));
    Ref<Socket> socket = TRY(listener->accept(flags & open_flag::non_block, listener.non_block()));
    if (address != 0)
        TRY(TRY(socket->peer_name()).write(address, length));
    return TRY(install_file(std::move(socket), (flags & open_flag::close_on_exec) != 0));
}

} // namespace

Result<u64> sys_socket(i32 family, u32 type, i32 protocol) {
    Ref<Socket> socket = TRY(create_socket(family, type, protocol));
    return TRY(install_file(std::move(socket), (type & open_flag::close_on_exec) != 0));
}

Result<u64> sys_socketpair(i32 family, u32 type, i32 protocol, u64 descriptors) {
    Ref<Socket> a = TRY(create_socket(family, type, protocol));
    Ref<Socket> b = TRY(create_socket(family, type, protocol));
    const SocketFamily* found = find_socket_family(family);
    if (!found->connect_pair)
        return Failure(Errno::opnotsupp);
    TRY(found->connect_pair(*a, *b));
    const bool close_on_exec = (type & open_flag::close_on_exec) != 0;
    const u32 first = TRY(install_file(std::move(a), close_on_exec));
    core::HandleTable& files = *Task::current().files;
    const auto second = install_file(std::move(b), close_on_exec);
    Result<> outcome;
    if (second) {
        const i32 pair[2] = {static_cast<i32>(first), static_cast<i32>(*second)};
        outcome = core::copy_to_user(UserVirt(descriptors), pair, sizeof pair);
        if (outcome)
            return 0;
        (void)files.close(*second);
    } else {
        outcome = Failure(second.error());
    }
    (void)files.close(first);
    return Failure(outcome.error());
}

Result<u64> sys_bind(u32 fd, u64 address, u32 length) {
    const auto socket = TRY(borrow_socket(fd));
    SocketAddress name;
    TRY(name.read(address, length));
    TRY(socket->bind(name));
    return 0;
}

Result<u64> sys_listen(u32 fd, i32 backlog) {
    const auto socket = TRY(borrow_socket(fd));
    TRY(socket->listen(backlog));
    return 0;
}

Result<u64> sys_connect(u32 fd, u64 address, u32 length) {
    const auto socket = TRY(borrow_socket(fd));
    SocketAddress name;
    TRY(name.read(address, length));
    TRY(socket->connect(name, socket.non_block()));
    return 0;
}

Result<u64> sys_accept(u32 fd, u64 address, UserInOut<u32> length) {
    return accept_connection(fd, address, length, 0);
}

Result<u64> sys_accept4(u32 fd, u64 address, UserInOut<u32> length, u32 flags) {
    return accept_connection(fd, address, length, flags);
}

Result<u64> sys_getsockname(u32 fd, u64 address, UserInOut<u32> length) {
    const auto socket = TRY(borrow_socket(fd));
    TRY(TRY(socket->own_name()).write(address, length));
    return 0;
}

Result<u64> sys_getpeername(u32 fd, u64 address, UserInOut<u32> length) {
    const auto socket = TRY(borrow_socket(fd));
    TRY(TRY(socket->peer_name()).write(address, length));
    return 0;
}

Result<u64> sys_shutdown(u32 fd, i32 how) {
    const auto socket = TRY(borrow_socket(fd));
    TRY(socket->shutdown(how));
    return 0;
}

Result<u64> sys_setsockopt(u32 fd, i32 level, i32 name, u64 value, u32 size) {
    if (static_cast<i32>(size) < 0)
        return Failure(Errno::inval);
    const auto socket = TRY(borrow_socket(fd));
    if (level == socket_level::socket)
        TRY(set_socket_option(*socket, name, value, size));
    else
        TRY(socket->set_option(level, name, value, size));
    return 0;
}

Result<u64> sys_getsockopt(u32 fd, i32 level, i32 name, u64 value, UserInOut<u32> size) {
    const auto socket = TRY(borrow_socket(fd));
    const u32 room = TRY(size.read());
    if (static_cast<i32>(room) < 0)
        return Failure(Errno::inval);
    OptionTarget target(UserVirt(value), room);
    const auto outcome = level == socket_level::socket
                             ? get_socket_option(*socket, name, target)
                             : socket->get_option(level, name, target);
    // Some answers tell how much room they would need.
    if (!outcome && outcome.error() != Errno::range)
        return Failure(outcome.error());
    TRY(size.write(target.stored()));
    return outcome ? Result<u64>(0) : Failure(outcome.error());
}

} // namespace linux
