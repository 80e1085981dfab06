// SPDX-License-Identifier: BSD-2-Clause
// The inside of an AF_UNIX socket: its queue, its peer, its state. It outlives its LocalSocket (the
// open file) while peers, senders or a name refer to it.
//
// Locks: graph_lock() (class socket_graph, global) guards states, peers, backlogs and names:
// connect, accept, listen, bind, close. lock() (class socket) guards the queue of messages; of a
// datagram socket the peer too. Words marked atomic are read without.
#pragma once

#include "core/sync/lock.h"
#include "linux/process/credentials.h"
#include "linux/socket/local_message.h"
#include "linux/socket/socket.h"

namespace linux {

class LocalSocket;

class LocalEndpoint final : public core::Object {
public:
    enum class State : u8 { unconnected, listening, connected, closed };
    // Bits of shutdown_state.
    static constexpr u8 no_receive = 1, no_send = 2;
    static constexpr u32 datagram_backlog = 10; // net.unix.max_dgram_qlen

    static Result<Ref<LocalEndpoint>> create(i32 type); // errors: nomem
    ~LocalEndpoint() override;

    static core::Lock<core::lock_class::socket_graph>& graph_lock();

    const i32 type;
    bool keeps_connection() const { return type != socket_type::datagram; }

    std::atomic<State> state{State::unconnected};
    std::atomic<u8> shutdown_state{0};
    std::atomic<i32> error{0};
    bool has_shutdown(u8 bits) const {
        return (shutdown_state.load(std::memory_order_acquire) & bits) != 0;
    }
    bool is_closed() const { return state.load(std::memory_order_acquire) == State::closed; }

    // Connections: set once (graph lock) and good for life. Datagrams: guarded by lock() as well.
    LocalEndpoint* peer() const { return peer_.load(std::memory_order_acquire); }
    RefOrNull<LocalEndpoint> peer_reference();
    // Sets the peer, returns the old one, to be dropped without locks. Graph lock held.
    RefOrNull<LocalEndpoint> exchange_peer(RefOrNull<LocalEndpoint> peer);

    std::atomic<LocalName*> name{nullptr}; // owned; set once under the graph lock
    // Who is (was, when it connected or listened) on the other side; graph lock.
    UserCredentials peer_credentials{0, ~0u, ~0u};
    RefOrNull<const GroupSet> peer_groups;
    void identify_peer(); // the current process
    // The open file, null for a connection not accepted yet. Graph lock; the file outlives this
    // pointer.
    std::atomic<LocalSocket*> socket{nullptr};

    // ---- the queue ------------------------------------------------------------------------------
    core::Lock<core::lock_class::socket>& lock() { return lock_; }
    LocalMessages& messages() { return messages_; } // lock() held
    std::atomic<u32> message_count{0};
    std::atomic<u64> byte_count{0};
    // Appends; lock() held.
    void append(LocalMessage& message);
    // Takes one out of the queue, whose bytes were (or are to be) subtracted; lock() held.
    void unlink(LocalMessage& message);
    void wake_readers();
    bool is_full() const {
        return message_count.load(std::memory_order_relaxed) >
               backlog_limit.load(std::memory_order_relaxed);
    }
    // Readers wait here; listeners' accepts too.
    core::WaitQueue read_queue;
    // Woken when this socket may send again: its own bytes were read, or the queue of the receiver
    // it waits for has room (room_queue of that one).
    core::WaitQueue write_queue;
    core::WaitQueue room_queue;

    // ---- what it sent and nobody read yet -------------------------------------------------------
    std::atomic<u32> sent_charge{0};
    std::atomic<u32> send_limit{Socket::default_buffer};
    bool may_send() const {
        return sent_charge.load(std::memory_order_relaxed) <
               send_limit.load(std::memory_order_relaxed);
    }
    bool is_writable() const { // as poll sees it
        return state.load(std::memory_order_relaxed) != State::listening &&
               u64{sent_charge.load(std::memory_order_relaxed)} * 4 <=
                   send_limit.load(std::memory_order_relaxed);
    }
    void charge(u32 amount) { sent_charge.fetch_add(amount, std::memory_order_relaxed); }
    void discharge(u32 amount);

    // ---- listening ------------------------------------------------------------------------------
    std::atomic<u32> backlog_limit{datagram_backlog};
    std::atomic<u32> backlog_count{0};
    ListLink backlog_link; // of a connection in its listener's backlog; graph lock
    List<LocalEndpoint, &LocalEndpoint::backlog_link> backlog; // graph lock; each holds a reference

    // ---- connecting and closing (local_connect.cpp) ---------------------------------------------
    // Whether the receiver should know who sends. Racy by nature.
    bool wants_sender() const;
    void close();
    Result<> shut_down(i32 how);

    // ---- sockets on their way inside messages (local_garbage.cpp) -------------------------------
    u32 in_flight = 0;      // how many messages carry it; guarded by the flight lock
    u32 internal = 0;       // scratch of the collector
    bool is_candidate = false;
    ListLink flight_link;

private:
    friend class Ref<LocalEndpoint>;
    explicit LocalEndpoint(i32 of_type);

    void release_backlog();
    void disconnect_from(LocalEndpoint& peer);
    void drop_name();

    core::Lock<core::lock_class::socket> lock_;
    LocalMessages messages_;
    std::atomic<LocalEndpoint*> peer_{nullptr}; // owns a reference
};

// Two fresh endpoints become each other's peers, with the current process behind both.
void connect_endpoints(LocalEndpoint& a, LocalEndpoint& b);
UserCredentials current_user_credentials(); // effective ids, as SO_PEERCRED shows them

// Files that are AF_UNIX sockets are counted while they lie in a message, so that circles of
// sockets that only messages refer to are found and freed.
Result<> note_in_flight(const PassedFiles& files); // errors: toomanyrefs
void note_arrived(const PassedFiles& files);
// Frees circles. Called after a socket was closed; no lock held.
void collect_unreachable();

} // namespace linux
