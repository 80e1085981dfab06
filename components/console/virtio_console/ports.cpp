// SPDX-License-Identifier: BSD-2-Clause
// Bytes in and out of the ports, and what the core is told of each.
#include "components/console/virtio_console/console.h"

namespace virtio_console {

namespace {

constexpr u32 most_taken = 4 * ring_size; // buffers in one handler, for the device may be faster
constexpr Nanos poll_delay = base::microseconds(100);
constexpr Nanos watch_delay = base::seconds(1);

// Gives the core what is held. False: it does not take all.
bool deliver_held(Env& env, Port& port) {
    if (port.held_count == 0)
        return true;
    const DmaPlace place = port.buffers.at(port.held_buffer).at(port.held_from);
    const std::span<u8> bytes = virtio::view_of(env, place, port.held_count);
    const u64 taken = env.deliver(port.service, static_cast<u32>(Event::received), bytes);
    const u32 gone = taken < port.held_count ? static_cast<u32>(taken) : port.held_count;
    port.held_from += gone;
    port.held_count -= gone;
    env.count(count_received, gone);
    return port.held_count == 0;
}

// The next buffer from the device, held. False: there is none now.
bool take_buffer(Env& env, Port& port) {
    virtio::Used used;
    const Result<bool> taken = port.in.take(env, used);
    if (!taken) {
        give_up(env, virtio::text_of(port.in.fault()));
        return false;
    }
    if (!*taken)
        return false;
    port.buffers.given &= ~(u32{1} << used.token);
    port.held_buffer = used.token;
    port.held_from = 0;
    port.held_count = used.length;
    return true;
}

} // namespace

void give_up(Env& env, std::string_view why) {
    Console& console = env.arena<Console>();
    if (!console.broken)
        env.fail(Errno::io, why);
    console.broken = 1;
}

void refill(Env& env, Ring& ring, Buffers& buffers) {
    for (u32 i = 0; i < ring.size(); ++i) {
        if (buffers.given & (u32{1} << i))
            continue;
        const Piece piece{buffers.at(i).address, buffer_bytes};
        if (!ring.add(env, {{}, {&piece, 1}}, i))
            return;
        buffers.given |= u32{1} << i;
    }
}

void receive(Env& env, Port& port) {
    Console& console = env.arena<Console>();
    if (!port.offered || console.broken)
        return; // stays in the ring
    for (u32 i = 0; i < most_taken; ++i) {
        if (!deliver_held(env, port)) {
            env.count(count_stalls);
            port.in.mute(env);
            return;
        }
        if (take_buffer(env, port))
            continue;
        if (console.broken)
            return;
        refill(env, port.in, port.buffers);
        console.transport.notify_if_wanted(env, port.in);
        if (!port.in.arm(env))
            return;
    }
    env.set_timer(poll_timer, env.now() + poll_delay);
}

void collect_sent(Env& env, Port& port) {
    Console& console = env.arena<Console>();
    // Ends: no more chains are taken than were given, and none is given meanwhile.
    while (!console.broken) {
        virtio::Used used;
        const Result<bool> taken = port.out.take(env, used);
        if (!taken)
            return give_up(env, virtio::text_of(port.out.fault()));
        if (!*taken) {
            if (port.out.in_device() == 0 || !port.out.arm(env))
                return;
            continue;
        }
        Transmit& transmit = port.transmits[used.token];
        transmit.pending = 0;
        env.count(count_sent, transmit.length);
        env.complete(transmit.request, transmit.length);
    }
}

Answer transmit(Env& env, Port& port, const Request& request) {
    Console& console = env.arena<Console>();
    if (!port.present)
        return Answer::failed(Errno::io);
    if (request.buffer.length == 0)
        return Answer::done(0);
    u32 free = 0;
    while (free < transmit_count && port.transmits[free].pending)
        ++free;
    // Never busy: that would hold up the other ports, and a host may leave one full for ever.
    if (free == transmit_count)
        return Answer::failed(Errno::busy);
    Piece room[transmit_pieces];
    const auto pieces = env.map_buffer(request, room);
    if (!pieces)
        return Answer::failed(pieces.error());
    if (!port.out.add(env, {*pieces, {}}, free))
        return Answer::failed(Errno::busy);
    port.transmits[free] = {request.id, request.buffer.length, 1};
    (void)port.out.arm(env); // what is there already is found by its interrupt or the watch
    console.transport.notify_if_wanted(env, port.out);
    keep_watch(env);
    return Answer::pending();
}

void offer(Env& env, Port& port) {
    ByteStreamProperties& properties = port.properties;
    properties.kind =
        port.is_console ? component::StreamKind::console : component::StreamKind::port;
    if (port.offered) {
        (void)env.update_offer<ByteStream>(port.service, properties);
        return tell(env, port);
    }
    const base::Text<24> name("{}{}", port.is_console ? "hvc" : "port", properties.number);
    const Result<u32> service = env.offer<ByteStream>(name.view(), properties);
    if (!service) {
        env.log(LogLevel::error, "port {} cannot be offered: {}", properties.number,
                service.error());
        return;
    }
    port.service = *service;
    port.offered = 1;
    env.arena<Console>().services_offered |= u64{1} << port.service;
    receive(env, port);
    serve_early(env, port);
}

void serve_early(Env& env, Port& port) {
    Console& console = env.arena<Console>();
    u32 kept = 0;
    for (u32 i = 0; i < console.early_count; ++i) {
        const Request request = console.early[i];
        if (request.service != port.service) {
            console.early[kept++] = request;
            continue;
        }
        const Answer answer = serve(env, port, request);
        if (answer.kind == Answer::Kind::done && answer.status == 0)
            env.complete(request.id, answer.value);
        else if (answer.kind == Answer::Kind::done)
            env.complete(request.id, static_cast<Errno>(answer.status));
    }
    console.early_count = kept;
}

void tell(Env& env, Port& port) {
    if (!port.offered)
        return;
    if (port.host_untold) {
        const u8 connected = port.properties.host_connected != 0;
        port.host_untold =
            env.deliver(port.service, static_cast<u32>(Event::host_open), {&connected, 1}) == 0;
    }
    if (port.size_untold) {
        const u16 columns = static_cast<u16>(port.properties.columns);
        const u16 rows = static_cast<u16>(port.properties.rows);
        const u8 size[4] = {static_cast<u8>(columns), static_cast<u8>(columns >> 8),
                            static_cast<u8>(rows), static_cast<u8>(rows >> 8)};
        port.size_untold = env.deliver(port.service, static_cast<u32>(Event::resized), size) == 0;
    }
}

void keep_watch(Env& env) {
    Console& console = env.arena<Console>();
    if (!console.watching)
        env.set_timer(watch_timer, env.now() + watch_delay);
    console.watching = 1;
}

void serve_ports(Env& env) {
    Console& console = env.arena<Console>();
    for (u32 i = 0; i < console.port_count && !console.broken; ++i) {
        Port& port = console.ports[i];
        if (!port.present && !port.was_removed)
            continue;
        collect_sent(env, port);
        if (port.present)
            receive(env, port);
    }
}

} // namespace virtio_console
