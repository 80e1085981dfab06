// SPDX-License-Identifier: BSD-2-Clause
// AF_UNIX sockets as open files: creation, names, options, readiness.
#include "linux/socket/local_socket.h"

#include "linux/process/process.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/nameless.h"

namespace linux {

namespace {

using GraphGuard = core::LockGuard<core::lock_class::socket_graph>;
using State = LocalEndpoint::State;

SocketAddress unnamed() {
    SocketAddress address;
    address.length = local_path_offset;
    address.bytes[0] = socket_family::local;
    return address;
}

Result<Ref<Socket>> create_local(i32 type, i32 protocol, u32 flags) {
    if (protocol != 0 && protocol != socket_family::local)
        return Failure(Errno::protonosupport);
    if (type == socket_type::raw)
        type = socket_type::datagram; // as BSD had it
    if (type != socket_type::stream && type != socket_type::datagram &&
        type != socket_type::sequenced)
        return Failure(Errno::socktnosupport);
    return Ref<Socket>(TRY(LocalSocket::create(TRY(LocalEndpoint::create(type)), flags)));
}

Result<> connect_local_pair(Socket& a, Socket& b) {
    connect_endpoints(LocalSocket::of(a).endpoint(), LocalSocket::of(b).endpoint());
    return {};
}

constexpr SocketFamily g_local_family{.create = create_local, .connect_pair = connect_local_pair};

} // namespace

void register_local_sockets() {
    MUST(initialise_nameless_inodes(), "boot has memory");
    register_socket_family(socket_family::local, g_local_family);
}

Result<Ref<LocalSocket>> LocalSocket::create(Ref<LocalEndpoint> endpoint, u32 flags) {
    Ref<Inode> inode = TRY(create_socket_inode());
    LocalEndpoint& shared = *endpoint;
    auto socket = TRY(Ref<LocalSocket>::create(std::move(endpoint), std::move(inode), flags));
    shared.socket.store(socket.get(), std::memory_order_release);
    return socket;
}

LocalSocket::~LocalSocket() {
    endpoint_->close();
    collect_unreachable();
}

// Names.

Result<> LocalSocket::set_name(Ref<LocalName> name) {
    GraphGuard guard(LocalEndpoint::graph_lock());
    if (endpoint_->name.load())
        return Failure(Errno::inval);
    if (name->is_abstract())
        TRY(AbstractNames::enter(*name, *endpoint_));
    endpoint_->name.store(name.release(), std::memory_order_release);
    return {};
}

// A name of five hexadecimal digits nobody else has.
Result<> LocalSocket::bind_automatically() {
    static constinit std::atomic<u32> g_next{0};
    for (u32 attempt = 0; attempt < 0x10'0000; ++attempt) {
        if (endpoint_->name.load())
            return {};
        const u32 number = g_next.fetch_add(1, std::memory_order_relaxed) & 0xf'ffff;
        SocketAddress address = unnamed();
        const base::Text<8> digits("{:05x}", number);
        for (const char digit : digits.view())
            address.bytes[1 + address.length++] = static_cast<u8>(digit);
        ++address.length; // for the leading NUL
        const auto done = set_name(TRY(LocalName::create(address, type, nullptr)));
        if (done || done.error() != Errno::addrinuse)
            return done;
    }
    return Failure(Errno::nospc);
}

Result<> LocalSocket::bind(const SocketAddress& address) {
    if (address.length == local_path_offset && address.family() == socket_family::local) {
        return endpoint_->name.load() ? Result<>() : bind_automatically();
    }
    const SocketAddress wanted = TRY(normalise_local(address));
    if (endpoint_->name.load())
        return Failure(Errno::inval);
    if (is_abstract(wanted))
        return set_name(TRY(LocalName::create(wanted, type, nullptr)));
    const std::string_view text(reinterpret_cast<const char*>(wanted.bytes) + local_path_offset,
                                wanted.length - local_path_offset - 1);
    const Path path = TRY(create_socket_node(text, inode().mode() & 07777));
    TRY(set_name(TRY(LocalName::create(wanted, type, &path))));
    InodeExtras* extras = TRY(path.inode().extras());
    InodeGuard guard(path.inode().lock(), InodeRole::file);
    extras->attachment = Ref<core::Object>(endpoint_);
    return {};
}

Result<SocketAddress> LocalSocket::own_name() {
    const LocalName* name = endpoint_->name.load(std::memory_order_acquire);
    return name ? name->address() : unnamed();
}

Result<SocketAddress> LocalSocket::peer_name() {
    const auto peer = endpoint_->peer_reference();
    if (!peer)
        return Failure(Errno::notconn);
    const LocalName* name = peer->name.load(std::memory_order_acquire);
    return name ? name->address() : unnamed();
}

// Options, readiness, queues.

Result<> LocalSocket::get_option(i32 level, i32 name, OptionTarget& target) {
    if (level != socket_level::socket)
        return Failure(Errno::opnotsupp);
    switch (name) {
    case socket_option::peer_credentials: {
        UserCredentials peer;
        {
            GraphGuard guard(LocalEndpoint::graph_lock());
            peer = endpoint_->peer_credentials;
        }
        return target.put(&peer, sizeof peer);
    }
    case socket_option::peer_groups: {
        RefOrNull<const GroupSet> groups;
        {
            GraphGuard guard(LocalEndpoint::graph_lock());
            groups = endpoint_->peer_groups;
        }
        if (!groups)
            return Failure(Errno::nodata);
        const auto list = groups->list();
        const u32 size = static_cast<u32>(list.size_bytes());
        if (target.room() < size) {
            target.set_size(size);
            return Failure(Errno::range);
        }
        return target.put(list.data(), size);
    }
    case socket_option::peer_name: {
        const SocketAddress peer = TRY(peer_name());
        if (target.room() > peer.length)
            target.set_size(peer.length);
        if (peer.length < target.room())
            return Failure(Errno::inval);
        return target.put(peer.bytes, target.room());
    }
    default: return Failure(Errno::noprotoopt);
    }
}

void LocalSocket::limits_changed() {
    endpoint_->send_limit.store(send_limit.load());
    endpoint_->discharge(0);
}

u32 LocalSocket::poll(PollRegistration* registration) {
    LocalEndpoint& own = *endpoint_;
    RefOrNull<LocalEndpoint> target;
    if (!own.keeps_connection())
        target = own.peer_reference();
    if (registration) {
        registration->watch(own.read_queue, own);
        registration->watch(own.write_queue, own);
        if (target) // its queue having room makes us writable
            registration->watch(target->room_queue, *target);
    }
    const State state = own.state.load(std::memory_order_acquire);
    const u8 closed = own.shutdown_state.load(std::memory_order_acquire);
    constexpr u8 both = LocalEndpoint::no_receive | LocalEndpoint::no_send;
    u32 events = 0;
    if (own.error.load(std::memory_order_relaxed) != 0)
        events |= poll_event::error;
    if (closed == both)
        events |= poll_event::hang_up;
    if ((closed & LocalEndpoint::no_receive) != 0)
        events |= poll_event::read_hang_up | poll_event::in | poll_event::read_normal;
    if (own.message_count.load(std::memory_order_relaxed) != 0 ||
        own.backlog_count.load(std::memory_order_relaxed) != 0)
        events |= poll_event::in | poll_event::read_normal;
    if (own.keeps_connection() && state == State::unconnected)
        events |= poll_event::hang_up;
    const bool receiver_full = target && target->is_full() && target->peer() != &own;
    if (own.is_writable() && !receiver_full)
        events |= poll_event::out | poll_event::write_normal | poll_event::write_band;
    return events;
}

Result<u64> LocalSocket::ioctl(u32 request, u64 argument) {
    switch (request) {
    case socket_request::input_queue: {
        if (is_listening())
            return Failure(Errno::inval);
        u64 bytes = endpoint_->byte_count.load(std::memory_order_relaxed);
        if (!endpoint_->keeps_connection()) {
            core::LockGuard guard(endpoint_->lock());
            bytes = endpoint_->messages().empty() ? 0 : endpoint_->messages().front().length;
        }
        TRY(core::UserOut<i32>(argument).write(static_cast<i32>(bytes)));
        return 0;
    }
    case socket_request::output_queue:
        TRY(core::UserOut<i32>(argument).write(
            static_cast<i32>(endpoint_->sent_charge.load(std::memory_order_relaxed))));
        return 0;
    default: return Failure(Errno::notty);
    }
}

} // namespace linux
