// SPDX-License-Identifier: BSD-2-Clause
// Receiving on AF_UNIX sockets.
#include <algorithm>

#include "linux/process/process.h"
#include "linux/socket/local_socket.h"

namespace linux {

namespace {

using QueueGuard = core::LockGuard<core::lock_class::socket>;
constexpr UserId nobody = 65534; // fs.overflowuid

} // namespace

Result<usize> LocalSocket::receive(IncomingMessage& message) {
    if ((message.flags & message_flag::out_of_band) != 0)
        return Failure(Errno::opnotsupp);
    return type == socket_type::stream ? receive_stream(message) : receive_packet(message);
}

// Sleeps until there is a message or no more can come. Errors: again, intr, restartsys.
Result<> LocalSocket::wait_to_receive(Nanos deadline, bool non_block) {
    LocalEndpoint& own = *endpoint_;
    if (non_block)
        return Failure(Errno::again);
    const auto ready = [&] {
        return own.message_count.load(std::memory_order_relaxed) != 0 ||
               own.error.load(std::memory_order_relaxed) != 0 ||
               own.has_shutdown(LocalEndpoint::no_receive);
    };
    const auto outcome =
        own.read_queue.wait_exclusive(ready, core::Sleep::interruptible, deadline);
    if (!outcome) [[unlikely]]
        return Failure(wait_error(outcome.error(), deadline));
    return {};
}

// Hands out credentials, time and files of what was received.
Result<> LocalSocket::deliver_control(IncomingMessage& message, const Origin& origin,
                                      PassedFiles files) {
    const bool wants_sender = pass_credentials.load(std::memory_order_relaxed);
    if (!message.control) {
        if (wants_sender || files.count() != 0)
            message.result_flags |= message_flag::control_truncated;
        return {};
    }
    const u8 wanted_time = timestamps.load(std::memory_order_relaxed);
    if (type != socket_type::stream && wanted_time != 0) {
        const u64 time = origin.time.value != 0 ? origin.time.value : core::wall_now().value;
        const u64 part = time % 1'000'000'000;
        const u64 stamp[2] = {time / 1'000'000'000, wanted_time == 1 ? part / 1000 : part};
        TRY(message.control->put(wanted_time == 1 ? socket_option::timestamp
                                                  : socket_option::timestamp_nanos,
                                 {reinterpret_cast<const u8*>(stamp), sizeof stamp}));
    }
    if (wants_sender) {
        const UserCredentials sender =
            origin.has_sender ? origin.sender : UserCredentials{0, nobody, nobody};
        TRY(message.control->put(control_type::credentials,
                                 {reinterpret_cast<const u8*>(&sender), sizeof sender}));
    }
    return message.control->put_files(std::move(files));
}

// Streams.

struct LocalSocket::StreamProgress {
    usize done = 0;
    bool stopped = false; // what follows belongs to the next call: files came, or another sender
    bool fault = false;
    Origin origin;
    PassedFiles files;
};

// Copies bytes of one message. False: end here. Lock held.
bool LocalSocket::take_part(LocalMessage& part, u32 skip, IncomingMessage& message,
                            StreamProgress& progress) {
    const Origin origin = Origin::of(part);
    if (progress.done != 0 && pass_credentials.load(std::memory_order_relaxed) &&
        !progress.origin.same_sender(origin)) {
        progress.stopped = true;
        return false;
    }
    const usize size = std::min<usize>(part.left() - skip, message.data.left());
    const auto copied = message.data.copy_to(part.bytes() + part.consumed + skip, size);
    if (!copied || *copied < size) [[unlikely]] {
        progress.fault = true;
        return false;
    }
    progress.done += size;
    progress.origin = origin;
    return true;
}

// Takes what is there. Emptied messages go to `emptied`, to be freed without the lock. Lock held.
void LocalSocket::take_stream(IncomingMessage& message, StreamProgress& progress,
                              LocalMessages& emptied) {
    LocalEndpoint& own = *endpoint_;
    const bool peek = (message.flags & message_flag::peek) != 0;
    usize skip = peek ? progress.done : 0; // looked at in an earlier round
    for (LocalMessage& part : own.messages()) {
        if (skip >= part.left() && skip != 0) {
            skip -= part.left();
            continue;
        }
        const usize before = progress.done;
        if (!take_part(part, static_cast<u32>(skip), message, progress))
            return;
        skip = 0;
        const bool has_files = part.files.count() != 0;
        if (peek) {
            if (has_files) {
                if (auto copy = part.files.copy())
                    progress.files = *std::move(copy);
                progress.stopped = true;
                return;
            }
        } else {
            const u32 size = static_cast<u32>(progress.done - before);
            part.consumed += size;
            own.byte_count.store(own.byte_count.load(std::memory_order_relaxed) - size,
                                 std::memory_order_relaxed);
            if (has_files)
                progress.files = std::move(part.files);
            if (part.left() == 0) {
                own.unlink(part);
                emptied.push_back(part);
            }
        }
        if (has_files) {
            progress.stopped = true;
            return;
        }
        if (message.data.empty())
            return;
    }
}

Result<usize> LocalSocket::receive_stream(IncomingMessage& message) {
    LocalEndpoint& own = *endpoint_;
    if (own.state.load(std::memory_order_acquire) != LocalEndpoint::State::connected) [[unlikely]]
        return Failure(Errno::inval);
    const bool non_block = (message.flags & message_flag::dont_wait) != 0;
    const bool peek = (message.flags & message_flag::peek) != 0;
    const usize wanted = message.data.left();
    const usize enough =
        (message.flags & message_flag::wait_all) != 0
            ? wanted
            : std::min<usize>(wanted, receive_low_water.load(std::memory_order_relaxed));
    const Nanos deadline = deadline_after(receive_timeout);
    StreamProgress progress;
    Result<> outcome;
    while (true) {
        LocalMessages emptied;
        {
            QueueGuard guard(own.lock());
            take_stream(message, progress, emptied);
        }
        destroy_all(emptied);
        if (progress.fault && progress.done == 0)
            return Failure(Errno::fault);
        if (progress.fault || progress.stopped || progress.done >= enough || message.data.empty())
            break;
        if (const i32 error = own.error.exchange(0)) {
            outcome = Failure(static_cast<Errno>(error));
            break;
        }
        if (own.has_shutdown(LocalEndpoint::no_receive) || (peek && progress.done != 0))
            break;
        outcome = wait_to_receive(deadline, non_block);
        if (!outcome)
            break;
    }
    if (!outcome && progress.done == 0)
        return Failure(outcome.error());
    if (!peek && own.message_count.load(std::memory_order_relaxed) != 0)
        own.wake_readers(); // another reader may go on
    if (!peek && progress.files.count() != 0)
        note_arrived(progress.files);
    if (progress.done != 0)
        TRY(deliver_control(message, progress.origin, std::move(progress.files)));
    return progress.done;
}

// Packets.

struct LocalSocket::Packet {
    usize size = 0;   // bytes copied
    u32 length = 0;   // bytes it had
    Origin origin;
    PassedFiles files;
};

// Copies a packet out. Errors: fault.
Result<> LocalSocket::take_packet(LocalMessage& from, IncomingMessage& message, Packet& packet) {
    packet.length = from.length;
    packet.size = std::min<usize>(from.length, message.data.left());
    packet.origin = Origin::of(from);
    if (packet.size != 0) {
        const auto copied = message.data.copy_to(from.bytes(), packet.size);
        if (!copied || *copied < packet.size)
            return Failure(Errno::fault);
    }
    if (from.source_name) {
        message.source = from.source_name->address();
        message.has_source = true;
    }
    return {};
}

// The next packet, if there is one (true). Errors: fault, nomem.
Result<bool> LocalSocket::next_packet(IncomingMessage& message, Packet& packet) {
    LocalEndpoint& own = *endpoint_;
    const bool peek = (message.flags & message_flag::peek) != 0;
    LocalMessage* taken = nullptr;
    {
        QueueGuard guard(own.lock());
        if (own.messages().empty())
            return false;
        taken = &own.messages().front();
        if (peek) {
            TRY(take_packet(*taken, message, packet));
            packet.files = TRY(taken->files.copy());
            return true;
        }
        own.unlink(*taken);
        own.byte_count.fetch_sub(taken->length, std::memory_order_relaxed);
    }
    own.room_queue.wake_one(poll_event::out | poll_event::write_normal | poll_event::write_band);
    const auto outcome = take_packet(*taken, message, packet);
    if (taken->files.count() != 0) {
        note_arrived(taken->files);
        packet.files = std::move(taken->files);
    }
    LocalMessage::destroy(taken);
    return outcome ? Result<bool>(true) : Failure(outcome.error());
}

Result<usize> LocalSocket::receive_packet(IncomingMessage& message) {
    LocalEndpoint& own = *endpoint_;
    if (type == socket_type::sequenced &&
        own.state.load(std::memory_order_acquire) != LocalEndpoint::State::connected)
        return Failure(Errno::notconn);
    const bool non_block = (message.flags & message_flag::dont_wait) != 0;
    const Nanos deadline = deadline_after(receive_timeout);
    Packet packet;
    while (!TRY(next_packet(message, packet))) {
        if (const i32 error = own.error.exchange(0))
            return Failure(static_cast<Errno>(error));
        const bool ended = own.has_shutdown(LocalEndpoint::no_receive);
        if (ended && (!non_block || type == socket_type::sequenced))
            return 0;
        TRY(wait_to_receive(deadline, non_block));
    }
    TRY(deliver_control(message, packet.origin, std::move(packet.files)));
    if (packet.length > packet.size)
        message.result_flags |= message_flag::truncated;
    return (message.flags & message_flag::truncated) != 0 ? packet.length : packet.size;
}

} // namespace linux
