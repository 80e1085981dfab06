// SPDX-License-Identifier: BSD-2-Clause
// The component: bringing the device up, requests, interrupts, timers.
#include "abi/component/component.h"
#include "components/console/virtio_console/console.h"

namespace virtio_console {

namespace {

Failure refuse(Env& env, std::string_view why) {
    env.log(LogLevel::error, "{}", why);
    return Failure(Errno::proto);
}

Result<> set_up_ring(Env& env, Ring& ring, u16 index, const DmaPlace& place) {
    Console& console = env.arena<Console>();
    const u16 size = TRY(console.transport.queue_size(env, index, ring_size));
    if (size < transmit_pieces)
        return refuse(env, "device lacks a queue");
    return console.transport.set_up_queue(env, ring, index, size, place);
}

// Every ring that the device may ever use, and the buffers. Errors: proto, nomem.
Result<> set_up_rings(Env& env) {
    Console& console = env.arena<Console>();
    const auto layout = virtio::RingLayout::of(ring_size, console.transport.used_alignment());
    const u32 alignment = console.transport.ring_alignment();
    const u32 stride = base::align_up(layout.bytes, alignment);
    const u32 pairs = console.port_count + (console.multiport ? 1 : 0);
    DmaPlace place =
        TRY(component::allocate_place(env, stride * 2 * pairs, base::maximum(alignment, 4096u)));
    DmaPlace buffers = TRY(component::allocate_place(env, pairs * buffers_bytes, 4096));
    for (u32 i = 0; i < console.port_count; ++i) {
        Port& port = console.ports[i];
        port.properties.number = i;
        port.buffers = {buffers.at(i * buffers_bytes), 0, 0};
        TRY(set_up_ring(env, port.in, in_queue(i), place));
        place = place.at(stride);
        TRY(set_up_ring(env, port.out, out_queue(i), place));
        place = place.at(stride);
    }
    if (!console.multiport)
        return {};
    console.control_buffers = {buffers.at(console.port_count * buffers_bytes), 0, 0};
    console.control_messages =
        TRY(component::allocate_place(env, ring_size * u32{sizeof(ControlMessage)}, 4096));
    TRY(set_up_ring(env, console.control_in, control_in, place));
    return set_up_ring(env, console.control_out, control_out, place.at(stride));
}

void take_size(Port& port, const Configuration& is) {
    port.properties.columns = is.columns;
    port.properties.rows = is.rows;
}

// One port, a console, there from the start.
void begin_single(Env& env, const Configuration& is) {
    Console& console = env.arena<Console>();
    Port& port = console.ports[0];
    port.present = port.is_console = port.guest_open = 1;
    port.properties.host_connected = 1;
    if (console.transport.has(feature::size))
        take_size(port, is);
    refill(env, port.in, port.buffers);
    (void)port.in.arm(env);
    console.transport.notify_if_wanted(env, port.in);
    offer(env, port);
}

// True if the device took all our messages and every port it told of is offered. What a message is
// answered with comes before the message is given back, on devices that answer at once.
bool has_settled(const Console& console) {
    if (console.control_heard == 0 || console.control_out.in_device() != 0)
        return false;
    for (u32 i = 0; i < console.port_count; ++i) {
        const Port& port = console.ports[i];
        if (port.present && (!port.offered || port.ready_owed || port.open_owed))
            return false;
    }
    return true;
}

// Asks for the ports and gives the device a moment, so that those there at start are known at once.
Result<> begin_multiport(Env& env) {
    Console& console = env.arena<Console>();
    refill(env, console.control_in, console.control_buffers);
    console.transport.notify_if_wanted(env, console.control_in);
    console.device_ready_owed = 1;
    pump_control(env);
    Nanos deadline = env.now() + base::milliseconds(50); // for the first message
    while (!console.broken && env.now() < deadline) {
        const u32 before = console.control_heard;
        serve_control(env);
        if (console.control_heard != before)
            deadline = env.now() + base::milliseconds(3);
        else if (has_settled(console))
            break;
        TRY(env.sleep(base::microseconds(200)));
        // A device that never falls silent is heard in its interrupts.
        if (console.control_heard > 1000)
            break;
    }
    return console.broken ? Result<>(Failure(Errno::io)) : Result<>();
}

Result<> bring_up(Env& env) {
    Console& console = env.arena<Console>();
    TRY(console.transport.negotiate(env, feature::size | feature::multiport));
    const auto is = TRY(console.transport.configuration<Configuration>(env));
    console.multiport = console.transport.has(feature::multiport);
    console.port_count = 1;
    if (console.multiport) {
        if (is.maximum_ports == 0)
            return refuse(env, "device claims to have no ports");
        console.port_count = base::minimum(is.maximum_ports, most_ports);
    }
    TRY(console.transport.connect_interrupts(env));
    TRY(set_up_rings(env));
    console.transport.start(env);
    if (console.multiport)
        return begin_multiport(env);
    begin_single(env, is);
    return {};
}

Result<> start(Env& env) {
    Console& console = env.arena<Console>();
    TRY(console.transport.find(env));
    if (const Result<> up = bring_up(env); !up) {
        console.transport.mark_failed(env);
        return up;
    }
    return {};
}

Port* port_of(Console& console, u32 service) {
    for (u32 i = 0; i < console.port_count; ++i) {
        if (console.ports[i].offered && console.ports[i].service == service)
            return &console.ports[i];
    }
    return nullptr;
}

void set_open(Env& env, Port& port, bool open) {
    const Console& console = env.arena<Console>();
    // A console stays open: the kernel writes to it too.
    if (!console.multiport || port.is_console || port.guest_open == open)
        return;
    port.guest_open = open;
    port.open_owed = 1;
    pump_control(env);
}

// A former life offered the service; this one will, once the device has told of the port.
Answer wait_for_offer(Env& env, const Request& request) {
    Console& console = env.arena<Console>();
    const u64 service = u64{1} << request.service;
    if ((console.services_offered & service) || console.early_count == most_early)
        return Answer::failed(Errno::io);
    console.early[console.early_count++] = request;
    console.early_ticks = 0;
    keep_watch(env);
    return Answer::pending();
}

// Not offered within seconds: the port went while nobody looked.
void give_up_early(Env& env) {
    Console& console = env.arena<Console>();
    constexpr u32 patience = 3;
    if (console.early_count == 0 || ++console.early_ticks < patience)
        return;
    for (u32 i = 0; i < console.early_count; ++i)
        env.complete(console.early[i].id, Errno::io);
    console.early_count = 0;
}

Answer submit(Env& env, const Request& request) {
    Console& console = env.arena<Console>();
    if (console.broken)
        return Answer::failed(Errno::io);
    Port* port = port_of(console, request.service);
    if (!port)
        return wait_for_offer(env, request);
    tell(env, *port);
    return serve(env, *port, request);
}

void configuration_changed(Env& env) {
    Console& console = env.arena<Console>();
    const auto now = console.transport.configuration<Configuration>(env);
    if (console.transport.is_broken(env) || !now)
        return give_up(env, "device needs a reset, or tells nonsense of itself");
    Port& port = console.ports[0];
    const bool changed =
        port.properties.columns != now->columns || port.properties.rows != now->rows;
    if (!console.transport.has(feature::size) || !port.present || !changed)
        return;
    take_size(port, *now);
    port.size_untold = 1;
    if (port.offered)
        offer(env, port);
}

void interrupt(Env& env, u32 line) {
    Console& console = env.arena<Console>();
    const u32 causes = console.transport.take_causes(env, line);
    if ((causes & virtio::cause::configuration) && !console.broken)
        configuration_changed(env);
    if (causes & virtio::cause::queue) {
        serve_control(env);
        serve_ports(env);
    }
    console.transport.end_interrupt(env, line);
}

// Transmits may take for ever, if the host does not read; but a notification or interrupt may be
// lost.
void watch(Env& env) {
    Console& console = env.arena<Console>();
    console.watching = 0;
    if (console.transport.is_broken(env))
        return give_up(env, "device needs a reset");
    serve_control(env);
    serve_ports(env);
    give_up_early(env);
    bool waiting = console.control_out.in_device() != 0 || console.early_count != 0;
    for (u32 i = 0; i < console.port_count && !console.broken; ++i) {
        Port& port = console.ports[i];
        port.was_removed = port.was_removed && port.out.in_device() != 0;
        if (port.was_removed && console.removed_ticks > 2)
            return give_up(env, "device keeps the buffers of a port that is gone");
        if (port.out.in_device() == 0)
            continue;
        waiting = true;
        console.transport.notify_always(env, port.out);
    }
    ++console.removed_ticks;
    if (waiting && !console.broken)
        keep_watch(env);
}

// Ports of which the device says nothing but that they are there. What a port is comes in answer to
// port_ready: while a slow device has that before it, a console must not be taken for a plain port.
void offer_the_rest(Env& env) {
    Console& console = env.arena<Console>();
    constexpr u32 patience = 20;
    serve_control(env);
    if (console.control_out.in_device() != 0 && ++console.offer_ticks < patience) {
        env.set_timer(offer_timer, env.now() + offer_delay);
        return;
    }
    for (u32 i = 0; i < console.port_count && !console.broken; ++i) {
        if (console.ports[i].present && !console.ports[i].offered)
            offer(env, console.ports[i]);
    }
}

void timer(Env& env, u32 number) {
    Console& console = env.arena<Console>();
    if (console.broken)
        return;
    if (number == watch_timer)
        return watch(env);
    if (number == poll_timer) {
        serve_control(env);
        return serve_ports(env);
    }
    offer_the_rest(env);
}

Result<> quiesce(Env&) { return {}; }

// The rings stayed where they are and the device went on; only an interrupt may have been missed.
Result<> resume(Env& env) {
    serve_control(env);
    serve_ports(env);
    return {};
}

void stop(Env& env) { env.arena<Console>().transport.reset(env); }

constexpr component::InterfaceId offers[] = {component::InterfaceId::byte_stream};
constexpr const char* counters[] = {"received", "sent", "control_messages", "bad_messages",
                                    "stalls"};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::pci, .vendor = 0x1af4, .device = 0x1003},
    {.bus = component::DeviceBus::pci, .vendor = 0x1af4, .device = 0x1043},
    {.bus = component::DeviceBus::virtio_mmio, .device = 3},
};

consteval component::Descriptor make_descriptor() {
    return component::describe<Console>("virtio_console", {1, 0, 0}, component::Traits::never_waits,
                                        {.start = start,
                                         .resume = resume,
                                         .quiesce = quiesce,
                                         .stop = stop,
                                         .submit = submit,
                                         .interrupt = interrupt,
                                         .timer = timer})
        .matching(matches)
        .offering(offers)
        .counting(counters);
}

} // namespace

Answer serve(Env& env, Port& port, const Request& request) {
    switch (static_cast<ByteStream::Operation>(request.operation)) {
    case ByteStream::Operation::transmit: return transmit(env, port, request);
    case ByteStream::Operation::receive_ready: receive(env, port); return Answer::done();
    case ByteStream::Operation::set_line: return Answer::done(); // there is no line
    case ByteStream::Operation::set_open:
        set_open(env, port, request.arguments[0] != 0);
        return Answer::done();
    }
    return Answer::failed(Errno::nosys);
}

} // namespace virtio_console

COMPONENT_DESCRIPTOR(virtio_console) = virtio_console::make_descriptor();
