// SPDX-License-Identifier: BSD-2-Clause
// The control queues of a multiport device: which ports there are, what they are called, who is
// connected.
#include "base/memory_functions.h"
#include "components/console/virtio_console/console.h"

namespace virtio_console {

namespace {

constexpr u32 most_messages = 4 * ring_size; // in one handler
constexpr Nanos poll_delay = base::milliseconds(1);

// False: no room now.
bool send(Env& env, const ControlMessage& message) {
    Console& console = env.arena<Console>();
    for (u32 i = 0; i < console.control_out.size(); ++i) {
        if (console.messages_given & (u32{1} << i))
            continue;
        const DmaPlace place = console.control_messages.at(i * u32{sizeof message});
        memcpy(virtio::view_of(env, place, sizeof message).data(), &message, sizeof message);
        const Piece piece{place.address, sizeof message};
        if (!console.control_out.add(env, {{&piece, 1}, {}}, i))
            return false;
        console.messages_given |= u32{1} << i;
        return true;
    }
    return false;
}

void collect_messages_sent(Env& env) {
    Console& console = env.arena<Console>();
    virtio::Used used;
    while (true) {
        const Result<bool> taken = console.control_out.take(env, used);
        if (!taken)
            return give_up(env, virtio::text_of(console.control_out.fault()));
        if (!*taken)
            return;
        console.messages_given &= ~(u32{1} << used.token);
    }
}

void port_added(Env& env, Port& port) {
    if (port.present)
        return;
    port.present = 1;
    port.offered = 0;
    port.is_console = 0;
    port.was_removed = 0;
    port.guest_open = 0;
    port.held_count = 0;
    const u32 number = port.properties.number;
    port.properties = {};
    port.properties.number = number;
    port.properties.host_connected = 0;
    port.ready_owed = 1;
    refill(env, port.in, port.buffers);
    (void)port.in.arm(env);
    env.arena<Console>().transport.notify_if_wanted(env, port.in);
    env.arena<Console>().offer_ticks = 0;
    env.set_timer(offer_timer, env.now() + offer_delay); // for one of which nothing more is said
}

void port_removed(Env& env, Port& port) {
    if (!port.present)
        return;
    if (port.offered)
        env.withdraw(port.service);
    collect_sent(env, port);
    port.present = port.offered = 0;
    port.ready_owed = port.open_owed = 0;
    port.held_count = 0;
    port.was_removed = port.out.in_device() != 0;
    env.arena<Console>().removed_ticks = 0;
    keep_watch(env);
}

void port_named(Env& env, Port& port, std::span<const u8> name) {
    char* label = port.properties.label;
    usize length = 0;
    for (; length < name.size() && length + 1 < sizeof port.properties.label; ++length) {
        if (name[length] == 0)
            break;
        const char c = static_cast<char>(name[length]);
        label[length] = c > ' ' && c < 127 ? c : '_';
    }
    label[length] = 0;
    offer(env, port);
}

void port_resized(Env& env, Port& port, std::span<const u8> size) {
    if (size.size() < sizeof(Size))
        return env.count(count_bad_messages);
    port.properties.columns = size[0] | u32{size[1]} << 8;
    port.properties.rows = size[2] | u32{size[3]} << 8;
    port.size_untold = 1;
    if (port.offered)
        offer(env, port);
}

void handle(Env& env, const ControlMessage& message, std::span<const u8> rest) {
    Console& console = env.arena<Console>();
    env.count(count_messages);
    if (message.port >= console.port_count) {
        env.count(count_bad_messages);
        if (message.event == ControlEvent::port_add) { // more ports than are driven
            env.log(LogLevel::warning, "port {} is not driven: too many", message.port);
            (void)send(env, {message.port, ControlEvent::port_ready, 0});
        }
        return;
    }
    Port& port = console.ports[message.port];
    if (message.event == ControlEvent::port_add)
        return port_added(env, port);
    if (!port.present)
        return env.count(count_bad_messages);
    switch (message.event) {
    case ControlEvent::port_remove: return port_removed(env, port);
    case ControlEvent::console_port:
        if (message.value != 1 || port.offered)
            return;
        port.is_console = 1;
        port.guest_open = port.open_owed = 1;
        port.properties.host_connected = 1; // output to it is never held back
        return offer(env, port);
    case ControlEvent::resize: return port_resized(env, port, rest);
    case ControlEvent::port_open:
        port.properties.host_connected = message.value != 0;
        port.host_untold = 1;
        return offer(env, port);
    case ControlEvent::port_name: return port_named(env, port, rest);
    default: env.count(count_bad_messages);
    }
}

// One message from the device. False: there is none now.
bool take_message(Env& env) {
    Console& console = env.arena<Console>();
    virtio::Used used;
    const Result<bool> taken = console.control_in.take(env, used);
    if (!taken)
        give_up(env, virtio::text_of(console.control_in.fault()));
    if (!taken || !*taken)
        return false;
    ++console.control_heard;
    Buffers& buffers = console.control_buffers;
    // Copied, for the device could still change it.
    u8 bytes[buffer_bytes];
    memcpy(bytes, virtio::view_of(env, buffers.at(used.token), used.length).data(), used.length);
    buffers.given &= ~(u32{1} << used.token);
    ControlMessage message;
    if (used.length < sizeof message) {
        env.count(count_bad_messages);
    } else {
        memcpy(&message, bytes, sizeof message);
        handle(env, message, std::span<const u8>(bytes, used.length).subspan(sizeof message));
    }
    return !console.broken;
}

} // namespace

void pump_control(Env& env) {
    Console& console = env.arena<Console>();
    if (!console.multiport || console.broken)
        return;
    collect_messages_sent(env);
    if (console.device_ready_owed)
        console.device_ready_owed = !send(env, {0, ControlEvent::device_ready, 1});
    for (u32 i = 0; i < console.port_count; ++i) {
        Port& port = console.ports[i];
        if (port.ready_owed)
            port.ready_owed = !send(env, {i, ControlEvent::port_ready, 1});
        if (port.open_owed && !port.ready_owed)
            port.open_owed = !send(env, {i, ControlEvent::port_open, port.guest_open});
    }
    if (console.broken)
        return;
    (void)console.control_out.arm(env);
    console.transport.notify_if_wanted(env, console.control_out);
    if (console.control_out.in_device() != 0)
        keep_watch(env);
}

void serve_control(Env& env) {
    Console& console = env.arena<Console>();
    if (!console.multiport || console.broken)
        return;
    for (u32 i = 0; i < most_messages && !console.broken; ++i) {
        if (take_message(env))
            continue;
        if (console.broken)
            return;
        refill(env, console.control_in, console.control_buffers);
        console.transport.notify_if_wanted(env, console.control_in);
        pump_control(env);
        if (!console.control_in.arm(env))
            return;
    }
    if (!console.broken)
        env.set_timer(poll_timer, env.now() + poll_delay);
}

} // namespace virtio_console
