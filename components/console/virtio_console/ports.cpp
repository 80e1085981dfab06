// SPDX-License-Identifier: BSD-2-Clause
// The data queues of a port.
#include <algorithm>

#include "components/console/virtio_console/state.h"

namespace virtio_console {
namespace {

// 5.3.2: port 0 has queues 0 and 1, the control pair stands at 2 and 3, port n at 2n + 2 and 2n + 3.
u16 receive_queue_of(u32 port) { return static_cast<u16>(port == 0 ? 0 : 2 * port + 2); }

bool post_buffer(Env& env, Port& port, u32 index) {
    const virtio::Piece piece{port.receive_address + u64{index} * buffer_bytes, buffer_bytes, true};
    return port.receive.add(env, {&piece, 1}, index);
}

std::span<u8> buffer_view(Env& env, Port& port, u32 index) {
    return env.dma_view(port.receive_block).subspan(usize{index} * buffer_bytes, buffer_bytes);
}

// Gives held bytes to the core, oldest first, and returns emptied buffers to the device.
void deliver_held(Env& env, Port& port) {
    while (port.held_count != 0 && !port.stopped) {
        Held& held = port.held[port.held_first];
        const u64 taken = env.deliver(
            port.service, static_cast<u32>(ByteStream::Event::received),
            buffer_view(env, port, held.index).subspan(held.offset, held.length));
        const u16 used = static_cast<u16>(std::min<u64>(taken, held.length));
        env.count(counter_received, used);
        held.offset = static_cast<u16>(held.offset + used);
        held.length = static_cast<u16>(held.length - used);
        if (held.length != 0) {
            port.stopped = 1;
            return;
        }
        post_buffer(env, port, held.index);
        port.held_first = static_cast<u8>((port.held_first + 1) % receive_buffers);
        --port.held_count;
    }
}

} // namespace

Result<> open_port(Env& env, State& state, u32 number) {
    Port& port = state.ports[number];
    TRY(port.receive.open(env, state.transport, receive_queue_of(number)));
    TRY(port.transmit.open(env, state.transport, static_cast<u16>(receive_queue_of(number) + 1)));
    const DmaBlock block = TRY(env.allocate_dma(u64{receive_buffers} * buffer_bytes));
    port.receive_block = block.index;
    port.receive_address = block.address;
    for (u32 i = 0; i < receive_buffers; ++i)
        post_buffer(env, port, i);
    port.receive.enable_interrupts(env);
    port.transmit.enable_interrupts(env);
    return {};
}

Result<> offer_port(Env& env, State& state, u32 number) {
    Port& port = state.ports[number];
    if (port.offered)
        return {};
    port.properties.kind = port.is_console ? StreamKind::console : StreamKind::port;
    port.properties.number = number;
    port.properties.host_connected = port.host_open;
    const base::Text<16> name("port{}", number);
    port.service = TRY(env.offer<ByteStream>(name.view(), port.properties));
    port.offered = 1;
    return {};
}

void receive(Env& env, State& state, Port& port) {
    for (u32 i = 0; i < 4 * receive_buffers && port.held_count < receive_buffers; ++i) {
        const auto element = port.receive.take_used(env);
        if (!element && element.error() == Errno::noent) {
            if (!port.receive.enable_interrupts(env))
                break;
            continue;
        }
        if (!element || element->cookie >= receive_buffers) {
            env.fail(Errno::io, "the receive ring names a buffer that is not the device's");
            return;
        }
        const u32 length = std::min(element->length, buffer_bytes);
        const u16 index = static_cast<u16>(element->cookie);
        if (length == 0 || !port.offered) {
            env.count(counter_dropped, length);
            post_buffer(env, port, index);
            continue;
        }
        port.held[(port.held_first + port.held_count++) % receive_buffers] = {
            index, 0, static_cast<u16>(length)};
        deliver_held(env, port);
    }
    deliver_held(env, port);
    port.receive.notify(env, state.transport);
}

void finish_transmits(Env& env, State&, Port& port) {
    for (u32 i = 0; i < 4 * u32{queue_size}; ++i) {
        const auto element = port.transmit.take_used(env);
        if (!element && element.error() == Errno::noent) {
            if (!port.transmit.enable_interrupts(env))
                return;
            continue;
        }
        if (!element) {
            env.fail(Errno::io, "the transmit ring names a request that is not pending");
            return;
        }
        env.complete(element->cookie, u64{0});
    }
}

Answer transmit(Env& env, State& state, Port& port, const Request& request) {
    if (request.buffer.length == 0)
        return Answer::done();
    // A port whose host's side is closed would keep the bytes for ever (5.3.6.1): they are dropped.
    if (state.multiport && !port.is_console && !port.host_open) {
        env.count(counter_dropped, request.buffer.length);
        return Answer::done(request.buffer.length);
    }
    DmaSegment segments[queue_size];
    virtio::Piece pieces[queue_size];
    const auto mapped = env.map_buffer(request, std::span(segments).first(port.transmit.size()));
    if (!mapped)
        return Answer::failed(mapped.error());
    for (usize i = 0; i < mapped->size(); ++i)
        pieces[i] = {segments[i].address, static_cast<u32>(segments[i].length), false};
    if (!port.transmit.add(env, {pieces, mapped->size()}, request.id))
        return Answer::busy();
    port.transmit.notify(env, state.transport);
    env.count(counter_sent, request.buffer.length);
    return Answer::pending();
}

} // namespace virtio_console
