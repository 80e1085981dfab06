// SPDX-License-Identifier: BSD-2-Clause
// State, peers and the end of AF_UNIX endpoints.
#include "linux/socket/local_endpoint.h"

#include "base/immortal.h"
#include "linux/process/process.h"
#include "linux/socket/local_socket.h"
#include "linux/vfs/inode_extras.h"

namespace linux {

namespace {

constinit Immortal<core::Lock<core::lock_class::socket_graph>> g_graph_lock;
using GraphGuard = core::LockGuard<core::lock_class::socket_graph>;
using QueueGuard = core::LockGuard<core::lock_class::socket>;

constexpr core::WakeEvents read_events = poll_event::in | poll_event::read_normal;
constexpr core::WakeEvents write_events =
    poll_event::out | poll_event::write_normal | poll_event::write_band;
constexpr core::WakeEvents end_events =
    read_events | write_events | poll_event::hang_up | poll_event::read_hang_up;

} // namespace

core::Lock<core::lock_class::socket_graph>& LocalEndpoint::graph_lock() { return *g_graph_lock; }

LocalEndpoint::LocalEndpoint(i32 of_type) : Object(core::ObjectKind::ring), type(of_type) {}

Result<Ref<LocalEndpoint>> LocalEndpoint::create(i32 type) {
    return Ref<LocalEndpoint>::create(type);
}

LocalEndpoint::~LocalEndpoint() {
    destroy_all(messages_);
    if (LocalEndpoint* other = peer_.load(std::memory_order_relaxed))
        other->drop_reference();
    if (LocalName* own = name.load(std::memory_order_relaxed))
        own->drop_reference();
}

UserCredentials current_user_credentials() {
    const Task& task = Task::current();
    return {task.process->pid, task.credentials->effective_user,
            task.credentials->effective_group};
}

RefOrNull<LocalEndpoint> LocalEndpoint::peer_reference() {
    QueueGuard guard(lock_);
    return RefOrNull<LocalEndpoint>::share(peer());
}

RefOrNull<LocalEndpoint> LocalEndpoint::exchange_peer(RefOrNull<LocalEndpoint> other) {
    QueueGuard guard(lock_);
    return RefOrNull<LocalEndpoint>::adopt(
        peer_.exchange(other.release(), std::memory_order_acq_rel));
}

void connect_endpoints(LocalEndpoint& a, LocalEndpoint& b) {
    GraphGuard guard(*g_graph_lock);
    (void)a.exchange_peer(RefOrNull<LocalEndpoint>::share(&b));
    (void)b.exchange_peer(RefOrNull<LocalEndpoint>::share(&a));
    a.identify_peer();
    b.identify_peer();
    a.state.store(LocalEndpoint::State::connected);
    b.state.store(LocalEndpoint::State::connected);
}

void LocalEndpoint::identify_peer() {
    peer_credentials = current_user_credentials();
    peer_groups = Task::current().credentials->groups;
}

// The queue.

void LocalEndpoint::append(LocalMessage& message) {
    messages_.push_back(message);
    message_count.store(message_count.load(std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
    byte_count.store(byte_count.load(std::memory_order_relaxed) + message.length,
                     std::memory_order_relaxed);
}

void LocalEndpoint::unlink(LocalMessage& message) {
    LocalMessages::remove(message);
    message_count.store(message_count.load(std::memory_order_relaxed) - 1,
                        std::memory_order_relaxed);
}

void LocalEndpoint::wake_readers() { read_queue.wake_one(read_events); }

void LocalEndpoint::discharge(u32 amount) {
    sent_charge.fetch_sub(amount, std::memory_order_relaxed);
    if (is_writable())
        write_queue.wake_all(write_events);
}

bool LocalEndpoint::wants_sender() const {
    const LocalSocket* own = socket.load(std::memory_order_acquire);
    return !own || own->pass_credentials.load(std::memory_order_relaxed);
}

// The end.

void LocalEndpoint::drop_name() {
    LocalName* own = name.load(std::memory_order_acquire);
    if (!own)
        return;
    if (own->is_abstract()) {
        AbstractNames::leave(*own, *this);
        return;
    }
    Inode& inode = own->path().inode();
    RefOrNull<core::Object> gone;
    InodeGuard guard(inode.lock(), InodeRole::file);
    InodeExtras* extras = inode.extras_if_any();
    if (extras && extras->attachment.get() == this)
        gone = std::exchange(extras->attachment, RefOrNull<core::Object>());
}

// Tells the other side of a connection that this one is gone.
void LocalEndpoint::disconnect_from(LocalEndpoint& other) {
    other.shutdown_state.store(no_receive | no_send, std::memory_order_release);
    other.read_queue.wake_all(end_events);
    other.write_queue.wake_all(end_events);
}

void LocalEndpoint::release_backlog() {
    while (true) {
        RefOrNull<LocalEndpoint> embryo;
        {
            GraphGuard guard(*g_graph_lock);
            embryo = RefOrNull<LocalEndpoint>::adopt(backlog.pop_front());
        }
        if (!embryo)
            return;
        if (LocalEndpoint* client = embryo->peer())
            client->error.store(static_cast<i32>(Errno::connreset));
        embryo->close();
    }
}

void LocalEndpoint::close() {
    drop_name();
    RefOrNull<LocalEndpoint> other;
    {
        GraphGuard guard(*g_graph_lock);
        state.store(State::closed, std::memory_order_release);
        shutdown_state.store(no_receive | no_send, std::memory_order_release);
        socket.store(nullptr, std::memory_order_release);
        other = exchange_peer(nullptr);
    }
    LocalMessages unread;
    {
        QueueGuard guard(lock_);
        unread.splice_back(messages_);
        message_count.store(0, std::memory_order_relaxed);
        byte_count.store(0, std::memory_order_relaxed);
    }
    if (other && keeps_connection()) {
        if (!unread.empty())
            other->error.store(static_cast<i32>(Errno::connreset));
        disconnect_from(*other);
    }
    // Senders that wait for room find this socket closed.
    room_queue.wake_all(end_events);
    release_backlog();
    destroy_all(unread);
}

Result<> LocalEndpoint::shut_down(i32 how) {
    if (how < shutdown_how::read || how > shutdown_how::both)
        return Failure(Errno::inval);
    u8 bits = 0;
    if (how != shutdown_how::write)
        bits |= no_receive;
    if (how != shutdown_how::read)
        bits |= no_send;
    RefOrNull<LocalEndpoint> other;
    {
        GraphGuard guard(*g_graph_lock);
        shutdown_state.fetch_or(bits, std::memory_order_release);
        other = keeps_connection() ? peer_reference() : RefOrNull<LocalEndpoint>();
        if (other) {
            const u8 mirrored = static_cast<u8>(((bits & no_receive) ? no_send : 0) |
                                                ((bits & no_send) ? no_receive : 0));
            other->shutdown_state.fetch_or(mirrored, std::memory_order_release);
        }
    }
    for (LocalEndpoint* side : {this, other.get()})
        if (side) {
            side->read_queue.wake_all(end_events);
            side->write_queue.wake_all(end_events);
        }
    return {};
}

} // namespace linux
