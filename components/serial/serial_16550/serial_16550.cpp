// SPDX-License-Identifier: BSD-2-Clause
// Driver of the 16550 UART of PCs. Transmit requests wait in the arena by id; the bytes are taken from their
// buffers FIFO by FIFO, so that after a crash at most one FIFO is sent twice.
#include <algorithm>

#include "abi/component/byte_stream.h"
#include "abi/component/component.h"
#include "components/serial/serial_16550/registers.h"

namespace serial_16550 {
namespace {

using namespace component;

constexpr Window port{0, 0};
constexpr u32 queue_capacity = 8;
constexpr u32 watchdog_timer = 0;

enum Counter : u32 { counter_sent, counter_received, counter_overruns, counter_breaks };

struct State {
    u32 service = 0;
    u32 fifo_bytes = 1;      // of the transmitter
    u32 first = 0;           // of the queue
    u32 used = 0;
    u64 sent_of_first = 0;
    u8 enabled = 0;          // InterruptEnable as last written
    u8 receive_stopped = 0;  // the core had no room
    u8 held_count = 0;
    u8 polls = 0;            // no interrupt: the timer does the work
    std::array<u8, fifo_depth> held{}; // read from the device, not taken by the core yet
    std::array<Request, queue_capacity> queue{};
};

void set_enabled(Env& env, State& state, u8 enabled) {
    if (state.enabled != enabled) {
        state.enabled = enabled;
        InterruptEnable::write(env, port, enabled);
    }
}

void set_divisor(Env& env, u32 baud, u8 line_control) {
    const u32 wanted = baud ? std::clamp(clock_divided / baud, 1u, 0xffffu) : 1u;
    LineControl::write(env, port, static_cast<u8>(line_control | line::latch));
    Data::write(env, port, static_cast<u8>(wanted));
    InterruptEnable::write(env, port, static_cast<u8>(wanted >> 8));
    LineControl::write(env, port, line_control);
}

Result<> start(Env& env) {
    State& state = env.construct_arena<State>();
    Scratch::write(env, port, 0x5a);
    if (Scratch::read(env, port) != 0x5a)
        return Failure(Errno::nodev);
    InterruptEnable::write(env, port, 0);
    set_divisor(env, 115200, 3); // 8 data bits, no parity, 1 stop bit
    InterruptEnable::write(env, port, 0);
    FifoControl::write(env, port,
                       fifo::on | fifo::clear_receive | fifo::clear_transmit | fifo::trigger_8);
    if (identity::FifosEnabled::get(InterruptIdentity::read(env, port)) == 3)
        state.fifo_bytes = fifo_depth;
    ModemControl::write(env, port,
                        modem::terminal_ready | modem::request_to_send | modem::interrupts_out);
    state.polls = !env.enable_interrupt(0);
    // What came before us is not ours.
    for (u32 i = 0; i < fifo_depth && (LineStatus::read(env, port) & status::data_ready); ++i)
        (void)Data::read(env, port);
    (void)ModemStatus::read(env, port);
    set_enabled(env, state, enable::received | enable::line_status);
    ByteStreamProperties properties;
    properties.kind = StreamKind::serial;
    const auto window = TRY(env.window(0));
    properties.number = window.index;
    state.service = TRY(env.offer<ByteStream>("serial", properties));
    if (state.polls)
        env.set_timer(watchdog_timer, env.now() + base::milliseconds(10));
    return {};
}

void stop(Env& env) { InterruptEnable::write(env, port, 0); }

// --- receive

// Gives what is held to the core; false if some of it stays.
bool deliver_held(Env& env, State& state) {
    if (state.held_count == 0)
        return true;
    const u64 taken = env.deliver(state.service, static_cast<u32>(ByteStream::Event::received),
                                  std::span<const u8>(state.held.data(), state.held_count));
    env.count(counter_received, taken);
    const u32 left = taken < state.held_count ? static_cast<u32>(state.held_count - taken) : 0;
    std::copy_n(state.held.begin() + (state.held_count - left), left, state.held.begin());
    state.held_count = static_cast<u8>(left);
    return left == 0;
}

// Reads until the line is quiet or the core has no room; then the receiver stays off until it asks.
void receive(Env& env, State& state) {
    for (int rounds = 0; rounds < 64; ++rounds) {
        if (!deliver_held(env, state)) {
            state.receive_stopped = 1;
            set_enabled(env, state,
                        static_cast<u8>(state.enabled & ~(enable::received | enable::line_status)));
            return;
        }
        while (state.held_count < fifo_depth) {
            const u8 now = LineStatus::read(env, port);
            if (now & status::overrun)
                env.count(counter_overruns);
            if (now & status::broken) {
                env.count(counter_breaks);
                env.deliver(state.service, static_cast<u32>(ByteStream::Event::broken), {});
            }
            if (!(now & status::data_ready))
                break;
            const u8 byte = Data::read(env, port);
            if (!(now & status::broken))
                state.held[state.held_count++] = byte;
            if (now == 0xff) { // a port that went away reads all ones: do not turn for ever
                state.held_count = 0;
                return;
            }
        }
        if (state.held_count == 0)
            return;
    }
}

// --- transmit

// Fills the transmitter from the queue as long as it is empty.
void transmit(Env& env, State& state) {
    for (int rounds = 0; rounds < 64 && state.used != 0; ++rounds) {
        if (!(LineStatus::read(env, port) & status::transmit_empty)) {
            set_enabled(env, state, state.enabled | enable::transmit_empty);
            return;
        }
        const Request request = state.queue[state.first];
        u8 bytes[fifo_depth];
        const u64 left = request.buffer.length - state.sent_of_first;
        const u32 count = static_cast<u32>(std::min<u64>(left, state.fifo_bytes));
        const auto copied =
            env.copy_from_buffer(request, state.sent_of_first, std::span(bytes).first(count));
        for (u32 i = 0; copied && i < count; ++i)
            Data::write(env, port, bytes[i]);
        state.sent_of_first += count;
        env.count(counter_sent, count);
        if (copied && state.sent_of_first < request.buffer.length)
            continue;
        state.first = (state.first + 1) % queue_capacity;
        --state.used;
        state.sent_of_first = 0;
        if (copied)
            env.complete(request.id, request.buffer.length);
        else
            env.complete(request.id, copied.error());
    }
    // Still some left: the line is as fast as we are, and the interrupt goes on with it.
    set_enabled(env, state,
                static_cast<u8>(state.used ? state.enabled | enable::transmit_empty
                                           : state.enabled & ~enable::transmit_empty));
}

Answer set_line(Env& env, State& state, const Request& request) {
    const u32 baud = static_cast<u32>(request.arguments[0]);
    const u32 data_bits = request.arguments[1] & 0xff;
    const u32 stop_bits = (request.arguments[1] >> 8) & 0xff;
    const u32 parity = (request.arguments[1] >> 16) & 0xff;
    if (data_bits < 5 || data_bits > 8 || baud > clock_divided || parity > 2)
        return Answer::failed(Errno::inval);
    u8 control = static_cast<u8>(data_bits - 5);
    if (stop_bits == 2)
        control |= line::two_stop_bits;
    if (parity != 0)
        control |= parity == 2 ? line::parity | line::even_parity : line::parity;
    set_divisor(env, baud, control);
    InterruptEnable::write(env, port, state.enabled);
    return Answer::done();
}

Answer submit(Env& env, const Request& request) {
    State& state = env.arena<State>();
    switch (static_cast<ByteStream::Operation>(request.operation)) {
    case ByteStream::Operation::transmit:
        if (request.buffer.length == 0)
            return Answer::done();
        if (state.used == queue_capacity)
            return Answer::busy();
        state.queue[(state.first + state.used++) % queue_capacity] = request;
        transmit(env, state);
        return Answer::pending();
    case ByteStream::Operation::receive_ready:
        state.receive_stopped = 0;
        set_enabled(env, state, state.enabled | enable::received | enable::line_status);
        receive(env, state);
        return Answer::done();
    case ByteStream::Operation::set_line: return set_line(env, state, request);
    case ByteStream::Operation::set_open: return Answer::done();
    }
    return Answer::failed(Errno::opnotsupp);
}

void interrupt(Env& env, u32 line) {
    State& state = env.arena<State>();
    // An edge-triggered line fires again only after all causes were gone: look until none is left.
    for (int rounds = 0; rounds < 16; ++rounds) {
        const u8 cause = InterruptIdentity::read(env, port);
        if (cause & identity::none_pending)
            break;
        if (!state.receive_stopped)
            receive(env, state);
        transmit(env, state);
        (void)ModemStatus::read(env, port);
    }
    env.acknowledge_interrupt(line);
}

void timer(Env& env, u32) {
    State& state = env.arena<State>();
    if (!state.receive_stopped)
        receive(env, state);
    transmit(env, state);
    env.set_timer(watchdog_timer, env.now() + base::milliseconds(10));
}

constexpr DeviceMatch matches[] = {{DeviceBus::platform, DeviceMatch::any, DeviceMatch::any,
                                    DeviceMatch::any, 0, "serial_16550"}};
constexpr InterfaceId offers[] = {InterfaceId::byte_stream};
constexpr const char* counters[] = {"sent", "received", "overruns", "breaks"};

consteval Descriptor make_descriptor() {
    Handlers handlers;
    handlers.start = start;
    handlers.stop = stop;
    handlers.submit = submit;
    handlers.interrupt = interrupt;
    handlers.timer = timer;
    Descriptor descriptor =
        describe<State>("serial_16550", {1, 0, 0}, Traits::never_waits, handlers);
    descriptor.matches = matches;
    descriptor.match_count = std::size(matches);
    descriptor.offers = offers;
    descriptor.offer_count = std::size(offers);
    descriptor.counters = counters;
    descriptor.counter_count = std::size(counters);
    return descriptor;
}

} // namespace
} // namespace serial_16550

COMPONENT_DESCRIPTOR(serial_16550) = serial_16550::make_descriptor();
