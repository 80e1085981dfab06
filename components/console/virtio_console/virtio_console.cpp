// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtio console: a single console, or many named ports with a control channel.
#include "components/console/virtio_console/state.h"

namespace virtio_console {
namespace {

Result<> start(Env& env) {
    State& state = env.construct_arena<State>();
    TRY(state.transport.open(env));
    TRY(state.transport.negotiate(env, virtio::feature::event_index | feature::size |
                                           feature::multiport));
    state.multiport = state.transport.has(feature::multiport);
    const auto configuration = state.transport.read_configuration<Configuration>(env);
    state.port_count = 1;
    if (state.multiport) {
        state.port_count = configuration.maximum_ports;
        if (state.port_count == 0 || state.port_count > maximum_ports)
            state.port_count = maximum_ports;
    }
    TRY(state.transport.enable_interrupts(env));
    // Every queue must be set up before the device starts; ports past its last queue do not exist.
    TRY(open_port(env, state, 0));
    if (state.multiport)
        TRY(open_control(env, state));
    for (u32 i = 1; i < state.port_count; ++i) {
        if (!open_port(env, state, i)) {
            state.port_count = i;
            break;
        }
    }
    state.transport.start(env);
    for (u32 i = 0; i < state.port_count; ++i)
        state.ports[i].receive.notify(env, state.transport);
    if (state.multiport) {
        state.control_receive.notify(env, state.transport);
        send_control(env, state, 0, ControlEvent::device_ready, 1);
        return {};
    }
    Port& port = state.ports[0];
    port.exists = port.is_console = port.host_open = 1;
    if (state.transport.has(feature::size)) {
        port.properties.columns = configuration.columns;
        port.properties.rows = configuration.rows;
    }
    return offer_port(env, state, 0);
}

void stop(Env& env) { (void)env.arena<State>().transport.reset(env); }

Port* port_of_service(State& state, u32 service) {
    for (u32 i = 0; i < state.port_count; ++i) {
        if (state.ports[i].offered && state.ports[i].service == service)
            return &state.ports[i];
    }
    return nullptr;
}

Answer submit(Env& env, const Request& request) {
    State& state = env.arena<State>();
    Port* port = port_of_service(state, request.service);
    if (!port)
        return Answer::failed(Errno::io);
    const u32 number = port->properties.number;
    switch (static_cast<ByteStream::Operation>(request.operation)) {
    case ByteStream::Operation::transmit: return transmit(env, state, *port, request);
    case ByteStream::Operation::receive_ready:
        port->stopped = 0;
        receive(env, state, *port);
        return Answer::done();
    case ByteStream::Operation::set_open:
        port->guest_open = request.arguments[0] != 0;
        if (state.multiport)
            send_control(env, state, number, ControlEvent::port_open, port->guest_open);
        return Answer::done();
    case ByteStream::Operation::set_line: return Answer::done();
    }
    return Answer::failed(Errno::opnotsupp);
}

void take_new_size(Env& env, State& state) {
    Port& port = state.ports[0];
    if (!state.transport.has(feature::size) || !port.offered)
        return;
    const auto configuration = state.transport.read_configuration<Configuration>(env);
    const u8 bytes[4] = {
        static_cast<u8>(configuration.columns), static_cast<u8>(configuration.columns >> 8),
        static_cast<u8>(configuration.rows), static_cast<u8>(configuration.rows >> 8)};
    env.deliver(port.service, static_cast<u32>(ByteStream::Event::resized), bytes);
}

void drain(Env& env, State& state) {
    if (state.multiport)
        receive_control(env, state);
    for (u32 i = 0; i < state.port_count; ++i) {
        Port& port = state.ports[i];
        finish_transmits(env, state, port);
        receive(env, state, port);
    }
}

void interrupt(Env& env, u32 line) {
    State& state = env.arena<State>();
    const u32 happened = state.transport.take_interrupt(env, line);
    if (happened & virtio::interrupt_queue)
        drain(env, state);
    if (!(happened & virtio::interrupt_configuration))
        return;
    if (state.transport.needs_reset(env))
        env.fail(Errno::io, "the device asks to be reset");
    else
        take_new_size(env, state);
}

constexpr DeviceMatch matches[] = {
    {DeviceBus::pci, 0x1af4, 0x1043, DeviceMatch::any, 0, nullptr},
    {DeviceBus::pci, 0x1af4, 0x1003, DeviceMatch::any, 0, nullptr}, // transitional
    {DeviceBus::virtio_mmio, DeviceMatch::any, 3, DeviceMatch::any, 0, nullptr},
};
constexpr InterfaceId offers[] = {InterfaceId::byte_stream};
constexpr const char* counters[] = {"sent", "received", "control", "dropped"};

consteval Descriptor make_descriptor() {
    Handlers handlers;
    handlers.start = start;
    handlers.stop = stop;
    handlers.submit = submit;
    handlers.interrupt = interrupt;
    Descriptor descriptor =
        describe<State>("virtio_console", {1, 0, 0}, Traits::never_waits, handlers);
    descriptor.matches = matches;
    descriptor.match_count = std::size(matches);
    descriptor.offers = offers;
    descriptor.offer_count = std::size(offers);
    descriptor.counters = counters;
    descriptor.counter_count = std::size(counters);
    return descriptor;
}

} // namespace
} // namespace virtio_console

COMPONENT_DESCRIPTOR(virtio_console) = virtio_console::make_descriptor();
