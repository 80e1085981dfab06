// SPDX-License-Identifier: BSD-2-Clause
// The control queues of a multiport console (virtio 1.2, 5.3.6.2). Every field a message names is checked.
#include <algorithm>

#include "base/memory_functions.h"
#include "components/console/virtio_console/state.h"

namespace virtio_console {
namespace {

bool post_control(Env& env, State& state, u32 index) {
    const virtio::Piece piece{state.control_address + u64{index} * control_bytes, control_bytes,
                              true};
    return state.control_receive.add(env, {&piece, 1}, index);
}

// What the host calls the port: the bytes after the message, up to a NUL.
void take_name(Port& port, std::span<const u8> name) {
    const usize length = std::min(name.size(), sizeof port.properties.label - 1);
    usize used = 0;
    for (; used < length && name[used] != 0; ++used)
        port.properties.label[used] = static_cast<char>(name[used]);
    port.properties.label[used] = 0;
}

void tell(Env& env, Port& port, ByteStream::Event event, std::span<const u8> bytes) {
    if (port.offered)
        env.deliver(port.service, static_cast<u32>(event), bytes);
}

void add_port(Env& env, State& state, u32 number) {
    Port& port = state.ports[number];
    port.exists = 1;
    send_control(env, state, number, ControlEvent::port_ready, 1);
}

// The port is known well enough to be shown: a console at once, others with their name or their
// opening, whichever comes first (the name, where there is one, comes before it).
void show_port(Env& env, State& state, u32 number) {
    if (const Result<> offered = offer_port(env, state, number); !offered)
        env.log(LogLevel::warning, "port {}: {}", number, offered.error());
}

void handle(Env& env, State& state, const ControlMessage& message, std::span<const u8> rest) {
    if (message.port >= state.port_count)
        return; // a port beyond what the device's own configuration allows
    Port& port = state.ports[message.port];
    const auto event = static_cast<ControlEvent>(message.event);
    if (!port.exists && event != ControlEvent::device_add)
        return;
    switch (event) {
    case ControlEvent::device_add: add_port(env, state, message.port); break;
    case ControlEvent::device_remove:
        if (port.offered) {
            env.withdraw(port.service);
            port.offered = 0;
        }
        port.exists = 0;
        break;
    case ControlEvent::console_port:
        port.is_console = 1;
        port.host_open = 1;
        show_port(env, state, message.port);
        send_control(env, state, message.port, ControlEvent::port_open, 1);
        break;
    case ControlEvent::resize:
        if (rest.size() >= 4)
            tell(env, port, ByteStream::Event::resized, rest.first(4));
        break;
    case ControlEvent::port_open: {
        port.host_open = message.value != 0;
        show_port(env, state, message.port);
        const u8 open = port.host_open;
        tell(env, port, ByteStream::Event::host_open, {&open, 1});
        break;
    }
    case ControlEvent::port_name:
        take_name(port, rest);
        show_port(env, state, message.port);
        break;
    default: break;
    }
}

} // namespace

Result<> open_control(Env& env, State& state) {
    TRY(state.control_receive.open(env, state.transport, 2));
    TRY(state.control_transmit.open(env, state.transport, 3));
    const DmaBlock block = TRY(env.allocate_dma(u64{control_buffers} * control_bytes));
    state.control_block = block.index;
    state.control_address = block.address;
    const DmaBlock send = TRY(env.allocate_dma(u64{control_queue_size} * sizeof(ControlMessage)));
    state.send_block = send.index;
    state.send_address = send.address;
    for (u32 i = 0; i < control_buffers && i < state.control_receive.size(); ++i)
        post_control(env, state, i);
    state.control_receive.enable_interrupts(env);
    return {};
}

void send_control(Env& env, State& state, u32 port, ControlEvent event, u16 value) {
    // Messages sent before are reclaimed here; nobody waits for them.
    while (true) {
        const auto element = state.control_transmit.take_used(env);
        if (!element && element.error() == Errno::proto)
            env.fail(Errno::io, "the control ring names a message that was not sent");
        if (!element)
            break;
    }
    if (state.control_transmit.free_count() == 0) {
        env.count(counter_dropped);
        return;
    }
    const u16 slot = state.control_transmit.next_head();
    const ControlMessage message{port, static_cast<u16>(event), value};
    memcpy(env.dma_view(state.send_block).data() + slot * sizeof message, &message, sizeof message);
    const virtio::Piece piece{state.send_address + slot * sizeof message, sizeof message, false};
    state.control_transmit.add(env, {&piece, 1}, 0);
    state.control_transmit.notify(env, state.transport);
}

void receive_control(Env& env, State& state) {
    for (u32 i = 0; i < 4 * control_buffers; ++i) {
        const auto element = state.control_receive.take_used(env);
        if (!element && element.error() == Errno::noent) {
            if (!state.control_receive.enable_interrupts(env))
                break;
            continue;
        }
        if (!element || element->cookie >= control_buffers) {
            env.fail(Errno::io, "the control ring names a buffer that is not the device's");
            return;
        }
        env.count(counter_control);
        // Copied out first: the device may go on writing there.
        u8 bytes[control_bytes];
        const u32 index = static_cast<u32>(element->cookie);
        memcpy(bytes, env.dma_view(state.control_block).data() + usize{index} * control_bytes,
               control_bytes);
        const u32 length = std::min(element->length, control_bytes);
        if (length >= sizeof(ControlMessage)) {
            ControlMessage message;
            memcpy(&message, bytes, sizeof message);
            handle(env, state, message,
                   std::span<const u8>(bytes, length).subspan(sizeof message));
        }
        post_control(env, state, index);
    }
    state.control_receive.notify(env, state.transport);
}

} // namespace virtio_console
