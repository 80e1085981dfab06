// SPDX-License-Identifier: BSD-2-Clause
// Sending on AF_UNIX sockets: bytes become messages in the receiver's queue.
#include <algorithm>

#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/socket/local_socket.h"

namespace linux {

namespace {

using QueueGuard = core::LockGuard<core::lock_class::socket>;

// A stream is cut into messages of at most this; together with its head a message fills two pages.
constexpr usize longest_part = 2 * page_size - sizeof(LocalMessage);
// What a message counts beyond its bytes.
constexpr u32 overhead = 256;

} // namespace

Result<usize> LocalSocket::send(OutgoingMessage& message) {
    if ((message.flags & message_flag::out_of_band) != 0)
        return Failure(Errno::opnotsupp);
    return type == socket_type::stream ? send_stream(message) : send_packet(message);
}

// The other side does not read any more.
Result<usize> LocalSocket::broken(const OutgoingMessage& message, usize done) const {
    if (done != 0)
        return done;
    if ((message.flags & message_flag::no_signal) == 0)
        send_signal_to_self(signal_number::pipe);
    return Failure(Errno::pipe);
}

// Who sends, and the files that go along.
Result<> LocalSocket::attach(LocalMessage& made, OutgoingMessage& message,
                             const LocalEndpoint& to) {
    OutgoingControl* control = message.control;
    if (control && control->has_credentials) {
        made.sender = control->credentials;
        made.has_sender = true;
    } else if (pass_credentials.load(std::memory_order_relaxed) || to.wants_sender()) {
        const Task& task = Task::current();
        made.sender = {task.process->pid, task.credentials->real_user,
                       task.credentials->real_group};
        made.has_sender = true;
    }
    if (control && control->files.count() != 0) {
        TRY(note_in_flight(control->files));
        made.files = std::move(control->files);
    }
    return {};
}

// A message of `size` bytes taken from the program, counted against our limit.
Result<LocalMessage*> LocalSocket::make_message(OutgoingMessage& message, usize size,
                                                const LocalEndpoint& to) {
    LocalMessage* made = LocalMessage::create(size);
    if (!made) [[unlikely]]
        return Failure(Errno::nobufs);
    made->length = static_cast<u32>(size);
    made->charge = static_cast<u32>(size) + overhead;
    made->source = RefOrNull<LocalEndpoint>::share(endpoint_.get());
    endpoint_->charge(made->charge);
    Result<> outcome;
    if (size != 0) {
        const auto copied = message.data.copy_from(made->bytes(), size);
        if (!copied || *copied < size) [[unlikely]]
            outcome = Failure(Errno::fault);
    }
    if (outcome)
        outcome = attach(*made, message, to);
    if (!outcome) [[unlikely]] {
        LocalMessage::destroy(made);
        return Failure(outcome.error());
    }
    return made;
}

// Sleeps until what we sent leaves room for more. Errors: again, restartsys, intr, pipe.
Result<> LocalSocket::wait_to_send(bool non_block) {
    LocalEndpoint& own = *endpoint_;
    if (own.may_send()) [[likely]]
        return {};
    if (non_block)
        return Failure(Errno::again);
    const Nanos deadline = deadline_after(send_timeout);
    const auto ready = [&] {
        return own.may_send() || own.has_shutdown(LocalEndpoint::no_send);
    };
    const auto outcome = own.write_queue.wait(ready, core::Sleep::interruptible, deadline);
    if (!outcome)
        return Failure(wait_error(outcome.error(), deadline));
    return {};
}

Result<usize> LocalSocket::send_stream(OutgoingMessage& message) {
    LocalEndpoint& own = *endpoint_;
    if (message.target) [[unlikely]]
        return Failure(own.state.load() == LocalEndpoint::State::connected ? Errno::isconn
                                                                           : Errno::opnotsupp);
    LocalEndpoint* to = own.peer(); // for life
    if (!to) [[unlikely]]
        return Failure(Errno::notconn);
    const bool non_block = (message.flags & message_flag::dont_wait) != 0;
    usize done = 0;
    if (own.has_shutdown(LocalEndpoint::no_send)) [[unlikely]]
        return broken(message, done);
    while (!message.data.empty()) {
        const usize size = std::min(message.data.left(), longest_part);
        if (const auto may = wait_to_send(non_block); !may) [[unlikely]]
            return done != 0 ? Result<usize>(done) : Failure(may.error());
        const auto made = make_message(message, size, *to);
        if (!made) [[unlikely]]
            return done != 0 ? Result<usize>(done) : Failure(made.error());
        bool refused;
        {
            QueueGuard guard(to->lock());
            refused = to->has_shutdown(LocalEndpoint::no_receive);
            if (!refused) [[likely]]
                to->append(**made);
        }
        if (refused) [[unlikely]] {
            LocalMessage::destroy(*made);
            return broken(message, done);
        }
        to->wake_readers();
        done += size;
    }
    return done;
}

// Datagrams and sequenced packets.

// Errors: notconn, and those of find_local.
Result<Ref<LocalEndpoint>> LocalSocket::packet_target(const OutgoingMessage& message) {
    if (message.target && type == socket_type::datagram)
        return find_local(TRY(normalise_local(*message.target)), type);
    const auto peer = endpoint_->peer_reference();
    if (!peer)
        return Failure(Errno::notconn);
    return peer.to_ref();
}

Result<bool> LocalSocket::hand_over(LocalMessage& made, LocalEndpoint& to, bool named) {
    {
        QueueGuard guard(to.lock());
        const LocalEndpoint* its_peer = to.peer();
        if (its_peer && its_peer != endpoint_.get())
            return Failure(Errno::perm);
        if (!to.is_closed()) {
            if (to.has_shutdown(LocalEndpoint::no_receive))
                return Failure(Errno::pipe);
            if (&to != endpoint_.get() && its_peer != endpoint_.get() && to.is_full())
                return false;
            const LocalSocket* receiver = to.socket.load(std::memory_order_acquire);
            if (receiver && receiver->timestamps.load(std::memory_order_relaxed) != 0)
                made.time = core::wall_now();
            to.append(made);
            to.wake_readers();
            return true;
        }
    }
    if (type == socket_type::sequenced)
        return Failure(Errno::pipe);
    if (!named) { // the peer is gone: we are not connected any more
        core::LockGuard<core::lock_class::socket_graph> graph(LocalEndpoint::graph_lock());
        if (endpoint_->peer() == &to) {
            (void)endpoint_->exchange_peer(nullptr);
            endpoint_->state.store(LocalEndpoint::State::unconnected);
        }
    }
    return Failure(Errno::connrefused);
}

Result<> LocalSocket::wait_for_room(LocalEndpoint& to, bool non_block) {
    if (non_block)
        return Failure(Errno::again);
    const Nanos deadline = deadline_after(send_timeout);
    const auto ready = [&] {
        return !to.is_full() || to.is_closed() || to.has_shutdown(LocalEndpoint::no_receive);
    };
    const auto outcome = to.room_queue.wait_exclusive(ready, core::Sleep::interruptible, deadline);
    if (!outcome)
        return Failure(wait_error(outcome.error(), deadline));
    return {};
}

Result<usize> LocalSocket::send_packet(OutgoingMessage& message) {
    LocalEndpoint& own = *endpoint_;
    const usize size = message.data.left();
    const bool non_block = (message.flags & message_flag::dont_wait) != 0;
    const bool named = message.target && type == socket_type::datagram;
    if (type == socket_type::sequenced && own.state.load() != LocalEndpoint::State::connected)
        return Failure(Errno::notconn);
    const Ref<LocalEndpoint> to = TRY(packet_target(message));
    if (pass_credentials.load(std::memory_order_relaxed) && !own.name.load())
        TRY(bind_automatically());
    if (size > send_limit.load(std::memory_order_relaxed) - 32)
        return Failure(Errno::msgsize);
    if (own.has_shutdown(LocalEndpoint::no_send))
        return Failure(Errno::pipe);
    TRY(wait_to_send(non_block));
    LocalMessage* made = TRY(make_message(message, size, *to));
    if (LocalName* name = own.name.load(std::memory_order_acquire))
        made->source_name = RefOrNull<LocalName>::share(name);
    while (true) {
        const auto given = hand_over(*made, *to, named);
        if (given && *given)
            return size;
        Result<> outcome = given ? wait_for_room(*to, non_block) : Failure(given.error());
        if (!outcome) {
            LocalMessage::destroy(made);
            return Failure(outcome.error());
        }
    }
}

} // namespace linux
