// SPDX-License-Identifier: BSD-2-Clause
// send(2), recv(2) and their kin.
#include "linux/file/user_vector.h"
#include "linux/poll/poll_timeout.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/socket/socket.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr u32 longest_batch = 1024; // of sendmmsg and recvmmsg
constexpr u32 kernel_flags = message_flag::compat;

// Errors: badf, notsock.
Result<BorrowedFile> borrow_socket(u32 fd) {
    auto file = TRY(borrow_file(fd));
    if (file->family() != FileFamily::socket)
        return Failure(Errno::notsock);
    return file;
}

u32 with_file_flags(const OpenFile& file, u32 flags) {
    return (file.flags() & open_flag::non_block) != 0 ? flags | message_flag::dont_wait : flags;
}

// A program's message header: addresses of its parts are still the program's.
Result<MessageHeader> read_header(u64 address) {
    MessageHeader header = TRY(UserIn<MessageHeader>(address).read());
    if (header.name == 0)
        header.name_length = 0;
    if (static_cast<i32>(header.name_length) < 0)
        return Failure(Errno::inval);
    if (header.name_length > address_maximum)
        header.name_length = address_maximum;
    if (header.vector_count > 1024)
        return Failure(Errno::msgsize);
    return header;
}

Result<usize> send_message(Socket& socket, const MessageHeader& header, u32 flags) {
    UserVector vector;
    TRY(vector.read(UserIn<IoVector>(header.vector), header.vector_count));
    SocketAddress target;
    if (header.name_length != 0)
        TRY(target.read(header.name, header.name_length));
    OutgoingControl control;
    if (header.control_length != 0)
        TRY(control.parse(UserVirt(header.control), header.control_length));
    IoCursor data = vector.cursor();
    OutgoingMessage message{.data = data,
                            .target = header.name_length != 0 ? &target : nullptr,
                            .control = header.control_length != 0 ? &control : nullptr,
                            .flags = with_file_flags(socket, flags & ~kernel_flags)};
    return socket.send(message);
}

// Stores what recvmsg(2) gives back in the program's header.
Result<> store_result(u64 address, const MessageHeader& header, const IncomingMessage& message,
                      const IncomingControl& control) {
    if (header.name != 0) {
        const u32 length = message.has_source ? message.source.length : 0;
        const u32 stored = length < header.name_length ? length : header.name_length;
        TRY(core::copy_to_user(UserVirt(header.name), message.source.bytes, stored));
        const u64 place = address + offsetof(MessageHeader, name_length);
        TRY(UserOut<u32>(place).write(length));
    }
    u32 flags = message.result_flags;
    if (control.truncated())
        flags |= message_flag::control_truncated;
    flags |= message.flags & message_flag::close_on_exec;
    TRY(UserOut<u32>(address + offsetof(MessageHeader, flags)).write(flags));
    const u64 place = address + offsetof(MessageHeader, control_length);
    return UserOut<u64>(place).write(control.used());
}

Result<usize> receive_message(Socket& socket, u64 address, u32 flags) {
    const MessageHeader header = TRY(read_header(address));
    UserVector vector;
    TRY(vector.read(UserIn<IoVector>(header.vector), header.vector_count));
    IoCursor data = vector.cursor();
    IncomingControl control(UserVirt(header.control), header.control_length,
                            (flags & message_flag::close_on_exec) != 0);
    IncomingMessage message{.data = data,
                            .flags = with_file_flags(socket, flags & ~kernel_flags),
                            .control = &control};
    const usize size = TRY(socket.receive(message));
    message.flags = flags;
    TRY(store_result(address, header, message, control));
    return size;
}

} // namespace

Result<u64> sys_sendto(u32 fd, u64 buffer, u64 size, u32 flags, u64 address, u32 length) {
    const auto file = TRY(borrow_socket(fd));
    SocketAddress target;
    if (address != 0)
        TRY(target.read(address, length));
    IoCursor data(UserVirt(buffer), size < transfer_maximum ? size : transfer_maximum);
    OutgoingMessage message{.data = data,
                            .target = address != 0 ? &target : nullptr,
                            .flags = with_file_flags(*file, flags & ~kernel_flags)};
    return TRY(Socket::of(*file).send(message));
}

Result<u64> sys_recvfrom(u32 fd, u64 buffer, u64 size, u32 flags, u64 address,
                         UserInOut<u32> length) {
    const auto file = TRY(borrow_socket(fd));
    IoCursor data(UserVirt(buffer), size < transfer_maximum ? size : transfer_maximum);
    IncomingMessage message{.data = data,
                            .flags = with_file_flags(*file, flags & ~kernel_flags)};
    const usize received = TRY(Socket::of(*file).receive(message));
    if (address != 0)
        TRY(message.source.write(address, length));
    return received;
}

Result<u64> sys_sendmsg(u32 fd, UserIn<MessageHeader> message, u32 flags) {
    const auto file = TRY(borrow_socket(fd));
    const MessageHeader header = TRY(read_header(message.address().value));
    return TRY(send_message(Socket::of(*file), header, flags));
}

Result<u64> sys_recvmsg(u32 fd, u64 message, u32 flags) {
    const auto file = TRY(borrow_socket(fd));
    return TRY(receive_message(Socket::of(*file), message, flags));
}

Result<u64> sys_sendmmsg(u32 fd, u64 slots, u32 count, u32 flags) {
    const auto file = TRY(borrow_socket(fd));
    if (count > longest_batch)
        count = longest_batch;
    for (u32 index = 0; index < count; ++index) {
        const u64 slot = slots + index * sizeof(MessageSlot);
        const auto header = read_header(slot);
        const auto sent = header ? send_message(Socket::of(*file), *header, flags)
                                 : Failure(header.error());
        if (!sent)
            return index != 0 ? Result<u64>(index) : Failure(sent.error());
        const auto stored = UserOut<u32>(slot + offsetof(MessageSlot, length))
                                .write(static_cast<u32>(*sent));
        if (!stored)
            return index != 0 ? Result<u64>(index) : Failure(stored.error());
        if (signal_is_due())
            return index + 1;
    }
    return count;
}

Result<u64> sys_recvmmsg(u32 fd, u64 slots, u32 count, u32 flags, UserInOut<TimeSpec> timeout) {
    PollTimeout limit;
    if (timeout)
        limit = TRY(PollTimeout::after(TRY(timeout.read())));
    const auto file = TRY(borrow_socket(fd));
    Socket& socket = Socket::of(*file);
    if (count > longest_batch)
        count = longest_batch;
    u32 done = 0;
    Result<> outcome;
    u32 each = flags & ~message_flag::wait_for_one;
    while (done < count) {
        const u64 slot = slots + done * sizeof(MessageSlot);
        const auto received = receive_message(socket, slot, each);
        if (!received) {
            outcome = Failure(received.error());
            break;
        }
        outcome = UserOut<u32>(slot + offsetof(MessageSlot, length))
                      .write(static_cast<u32>(*received));
        if (!outcome)
            break;
        ++done;
        if ((flags & message_flag::wait_for_one) != 0)
            each |= message_flag::dont_wait;
        if (timeout && limit.left().value == 0)
            break;
    }
    if (timeout) {
        const u64 left = limit.left().value;
        TRY(timeout.write({static_cast<i64>(left / 1'000'000'000),
                           static_cast<i64>(left % 1'000'000'000)}));
    }
    if (done == 0 && !outcome)
        return Failure(outcome.error());
    return done;
}

} // namespace linux
