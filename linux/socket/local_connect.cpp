// SPDX-License-Identifier: BSD-2-Clause
// Connecting, listening and accepting on AF_UNIX sockets.
#include <algorithm>

#include "linux/process/process.h"
#include "linux/socket/local_socket.h"

namespace linux {

namespace {

using GraphGuard = core::LockGuard<core::lock_class::socket_graph>;
using State = LocalEndpoint::State;
constexpr u32 longest_backlog = 4096; // net.core.somaxconn

} // namespace

Result<> LocalSocket::listen(i32 backlog) {
    LocalEndpoint& own = *endpoint_;
    if (!own.keeps_connection())
        return Failure(Errno::opnotsupp);
    {
        GraphGuard guard(LocalEndpoint::graph_lock());
        if (!own.name.load())
            return Failure(Errno::inval);
        if (own.state.load() != State::unconnected && own.state.load() != State::listening)
            return Failure(Errno::inval);
        own.backlog_limit.store(
            std::min(static_cast<u32>(backlog), longest_backlog)); // a negative one is the longest
        own.state.store(State::listening);
        own.identify_peer(); // whoever connects sees who listened
    }
    own.room_queue.wake_all();
    return {};
}

Result<> LocalSocket::connect(const SocketAddress& address, bool non_block) {
    if (!endpoint_->keeps_connection())
        return connect_datagram(address);
    return connect_stream(address, non_block);
}

// One attempt. `full`: the listener's backlog has no room. Errors: connrefused, isconn, inval.
Result<> LocalSocket::try_connect(LocalEndpoint& listener, Ref<LocalEndpoint>& embryo, bool& full) {
    LocalEndpoint& own = *endpoint_;
    GraphGuard guard(LocalEndpoint::graph_lock());
    const State state = own.state.load();
    if (listener.state.load() != State::listening ||
        listener.has_shutdown(LocalEndpoint::no_receive))
        return Failure(Errno::connrefused);
    full = listener.backlog_count.load() > listener.backlog_limit.load();
    if (full)
        return {};
    if (state == State::connected)
        return Failure(Errno::isconn);
    if (state != State::unconnected)
        return Failure(Errno::inval);
    if (LocalName* name = listener.name.load()) {
        name->add_reference();
        embryo->name.store(name);
    }
    (void)embryo->exchange_peer(RefOrNull<LocalEndpoint>::share(&own));
    embryo->identify_peer();
    embryo->state.store(State::connected);
    own.peer_credentials = listener.peer_credentials;
    own.peer_groups = listener.peer_groups;
    (void)own.exchange_peer(RefOrNull<LocalEndpoint>(embryo));
    own.state.store(State::connected);
    listener.backlog.push_back(*Ref<LocalEndpoint>(embryo).release());
    listener.backlog_count.fetch_add(1);
    return {};
}

Result<> LocalSocket::connect_stream(const SocketAddress& address, bool non_block) {
    const SocketAddress wanted = TRY(normalise_local(address));
    if (pass_credentials.load() && !endpoint_->name.load())
        TRY(bind_automatically());
    const Nanos deadline = deadline_after(send_timeout);
    Ref<LocalEndpoint> embryo = TRY(LocalEndpoint::create(type));
    while (true) {
        const Ref<LocalEndpoint> listener = TRY(find_local(wanted, type));
        bool full = false;
        TRY(try_connect(*listener, embryo, full));
        if (!full) {
            listener->wake_readers();
            return {};
        }
        if (non_block)
            return Failure(Errno::again);
        const auto room = [&] {
            return listener->state.load() != State::listening ||
                   listener->has_shutdown(LocalEndpoint::no_receive) ||
                   listener->backlog_count.load() <= listener->backlog_limit.load();
        };
        const auto outcome =
            listener->room_queue.wait_exclusive(room, core::Sleep::interruptible, deadline);
        if (!outcome)
            return Failure(wait_error(outcome.error(), deadline));
    }
}

Result<Ref<Socket>> LocalSocket::accept(u32 flags, bool non_block) {
    LocalEndpoint& own = *endpoint_;
    if (!own.keeps_connection())
        return Failure(Errno::opnotsupp);
    const Nanos deadline = deadline_after(receive_timeout);
    while (true) {
        RefOrNull<LocalEndpoint> embryo;
        {
            GraphGuard guard(LocalEndpoint::graph_lock());
            if (own.state.load() != State::listening)
                return Failure(Errno::inval);
            embryo = RefOrNull<LocalEndpoint>::adopt(own.backlog.pop_front());
            if (embryo)
                own.backlog_count.fetch_sub(1);
        }
        if (embryo) {
            own.room_queue.wake_one();
            auto socket = LocalSocket::create(embryo.to_ref(), flags);
            if (!socket) {
                embryo->close();
                return Failure(socket.error());
            }
            return Ref<Socket>(*std::move(socket));
        }
        if (own.has_shutdown(LocalEndpoint::no_receive))
            return Failure(Errno::inval);
        if (non_block)
            return Failure(Errno::again);
        const auto ready = [&] {
            return own.backlog_count.load(std::memory_order_relaxed) != 0 ||
                   own.has_shutdown(LocalEndpoint::no_receive);
        };
        const auto outcome =
            own.read_queue.wait_exclusive(ready, core::Sleep::interruptible, deadline);
        if (!outcome)
            return Failure(wait_error(outcome.error(), deadline));
    }
}

// Datagram sockets.

Result<> LocalSocket::disconnect_datagram() {
    RefOrNull<LocalEndpoint> old;
    {
        GraphGuard guard(LocalEndpoint::graph_lock());
        old = endpoint_->exchange_peer(nullptr);
        endpoint_->state.store(State::unconnected);
    }
    if (old)
        old->room_queue.wake_all(poll_event::out);
    return {};
}

Result<> LocalSocket::connect_datagram(const SocketAddress& address) {
    if (address.length < sizeof(u16))
        return Failure(Errno::inval);
    if (address.family() == socket_family::unspecified)
        return disconnect_datagram();
    const SocketAddress wanted = TRY(normalise_local(address));
    if (pass_credentials.load() && !endpoint_->name.load())
        TRY(bind_automatically());
    const Ref<LocalEndpoint> target = TRY(find_local(wanted, type));
    RefOrNull<LocalEndpoint> old;
    {
        GraphGuard guard(LocalEndpoint::graph_lock());
        if (target->is_closed())
            return Failure(Errno::connrefused);
        const auto its_peer = target->peer_reference();
        if (its_peer && its_peer.get() != endpoint_.get())
            return Failure(Errno::perm);
        old = endpoint_->exchange_peer(RefOrNull<LocalEndpoint>(target));
        endpoint_->state.store(State::connected);
    }
    if (old)
        old->room_queue.wake_all(poll_event::out);
    return {};
}

} // namespace linux
