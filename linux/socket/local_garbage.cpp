// SPDX-License-Identifier: BSD-2-Clause
// Sockets that lie in messages of sockets. A circle of them that no descriptor leads to any more
// would stay for ever: after each close of a socket, while any is in flight, those are looked for
// whose references all come from messages; what can be reached from none of the others is emptied.
#include <algorithm>

#include "base/immortal.h"
#include "linux/process/process.h"
#include "linux/socket/local_socket.h"

namespace linux {

namespace {

// All endpoints in flight.
struct Flight {
    core::Lock<core::lock_class::socket_flight> lock;
    List<LocalEndpoint, &LocalEndpoint::flight_link> endpoints; // guarded by lock
    std::atomic<u64> count{0};     // of sockets in messages
    std::atomic<bool> collecting{false};
};
constinit Immortal<Flight> g_flight;
using FlightGuard = core::LockGuard<core::lock_class::socket_flight>;
using QueueGuard = core::LockGuard<core::lock_class::socket>;

LocalEndpoint* endpoint_of(OpenFile& file) {
    if (file.family() != FileFamily::socket)
        return nullptr;
    Socket& socket = Socket::of(file);
    if (socket.family_number != socket_family::local)
        return nullptr;
    return &LocalSocket::of(file).endpoint();
}

// Calls visit(endpoint) for each socket in the messages of `from`.
template <typename Visit>
void for_each_in_queue(LocalEndpoint& from, Visit visit) {
    QueueGuard guard(from.lock());
    for (LocalMessage& message : from.messages())
        for (u32 index = 0; index < message.files.count(); ++index)
            if (LocalEndpoint* inner = endpoint_of(message.files.at(index)))
                visit(*inner);
}

// The same with the queues of connections that wait to be accepted. With the graph lock held.
template <typename Visit>
void for_each_inside(LocalEndpoint& from, Visit visit) {
    for_each_in_queue(from, visit);
    for (LocalEndpoint& embryo : from.backlog)
        for_each_in_queue(embryo, visit);
}

// Candidates are referred to by messages only: their open file has no other reference.
void find_candidates() {
    for (LocalEndpoint& endpoint : g_flight->endpoints) {
        const LocalSocket* socket = endpoint.socket.load(std::memory_order_acquire);
        endpoint.is_candidate = socket && socket->reference_count() == endpoint.in_flight;
        endpoint.internal = 0;
    }
    for (LocalEndpoint& endpoint : g_flight->endpoints)
        if (endpoint.is_candidate)
            for_each_inside(endpoint, [](LocalEndpoint& inner) { ++inner.internal; });
}

// What a message of a socket that lives can bring back lives too: repeated until nothing changes.
void spare_reachable() {
    bool changed = true;
    while (changed) {
        changed = false;
        for (LocalEndpoint& endpoint : g_flight->endpoints) {
            if (!endpoint.is_candidate || endpoint.internal >= endpoint.in_flight)
                continue;
            // Some message outside the candidates carries it.
            endpoint.is_candidate = false;
            changed = true;
            for_each_inside(endpoint, [](LocalEndpoint& inner) { --inner.internal; });
        }
    }
}

void take_messages(LocalEndpoint& from, LocalMessages& taken) {
    QueueGuard guard(from.lock());
    taken.splice_back(from.messages());
    from.message_count.store(0, std::memory_order_relaxed);
    from.byte_count.store(0, std::memory_order_relaxed);
}

} // namespace

Result<> note_in_flight(const PassedFiles& files) {
    FlightGuard guard(g_flight->lock);
    const bool privileged = capable(Capability::sys_resource) || capable(Capability::sys_admin);
    if (!privileged && g_flight->count.load(std::memory_order_relaxed) >
                           Process::current().limit(Resource::open_files))
        return Failure(Errno::toomanyrefs);
    for (u32 index = 0; index < files.count(); ++index)
        if (LocalEndpoint* endpoint = endpoint_of(files.at(index))) {
            if (endpoint->in_flight++ == 0)
                g_flight->endpoints.push_back(*endpoint);
            g_flight->count.fetch_add(1, std::memory_order_relaxed);
        }
    return {};
}

void note_arrived(const PassedFiles& files) {
    FlightGuard guard(g_flight->lock);
    for (u32 index = 0; index < files.count(); ++index)
        if (LocalEndpoint* endpoint = endpoint_of(files.at(index))) {
            if (--endpoint->in_flight == 0)
                endpoint->flight_link.unlink();
            g_flight->count.fetch_sub(1, std::memory_order_relaxed);
        }
}

void collect_unreachable() {
    // Freeing closes sockets, which asks for a collection again: once is enough.
    if (g_flight->count.load(std::memory_order_relaxed) == 0 || g_flight->collecting.exchange(true))
        return;
    LocalMessages unreachable;
    {
        core::LockGuard<core::lock_class::socket_graph> graph(LocalEndpoint::graph_lock());
        FlightGuard guard(g_flight->lock);
        find_candidates();
        spare_reachable();
        for (LocalEndpoint& endpoint : g_flight->endpoints)
            if (endpoint.is_candidate) {
                take_messages(endpoint, unreachable);
                for (LocalEndpoint& embryo : endpoint.backlog)
                    take_messages(embryo, unreachable);
            }
    }
    destroy_all(unreachable);
    g_flight->collecting.store(false);
}

} // namespace linux
