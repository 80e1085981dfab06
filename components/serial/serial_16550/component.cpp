// SPDX-License-Identifier: BSD-2-Clause
// The 16550 UART. Bytes that were read but found no room in the core are kept (`held`), and nothing
// more is read until it asks again: then the FIFO fills, RTS is down, and the sender waits. Every
// loop over a device register is bounded; what is left over is taken up by the timer.
#include "abi/component/component.h"
#include "abi/component/byte_stream.h"
#include "base/bits.h"
#include "components/serial/serial_16550/registers.h"

namespace serial_16550 {

using component::Answer;
using component::ByteStream;
using component::ByteStreamProperties;
using component::Env;
using component::LogLevel;
using component::Request;
using Event = ByteStream::Event;

constexpr Window uart{0, 0};
constexpr u32 transmit_queue = 4;   // requests waiting at once; the core sends one at a time
constexpr u32 most_received = 256;  // bytes in one handler
constexpr u32 most_in_a_row = 512;  // bytes sent without an interrupt in between
constexpr u32 most_interrupts = 16; // causes looked at in one handler
constexpr u32 most_storms = 100;    // handlers in a row that do so and move no byte
constexpr u32 poll_timer = 0, watch_timer = 1;
constexpr Nanos poll_delay = base::milliseconds(1), watch_delay = base::milliseconds(100);

enum Counter : u32 {
    count_received,
    count_sent,
    count_overruns,
    count_framing,
    count_parity,
    count_breaks,
    count_lost_interrupts,
};

struct Transmit {
    u64 request;
    u64 length;
};

// The arena.
struct Uart {
    std::array<u8, 64> held; // read from the device, not yet taken by the core
    u32 held_count;
    u32 held_from;
    std::array<Transmit, transmit_queue> transmits; // a ring
    u32 first;
    u32 count;
    u32 service;
    u32 fifo; // bytes the transmitter takes when it is empty
    u8 enabled;
    u8 modem;
    u8 line;
    u8 stalled; // the core has no room
    u16 divisor;
    u8 watching;
    u8 saved_errors; // bits of the line status that were read before their byte was
    u32 storms;      // handlers in a row that found causes without end and moved nothing
    u32 sent_in_a_row; // in submits, since the last interrupt or timer
    u64 received;
    u64 sent;
    u64 sent_at_watch;
};

void set_enabled(Env& env, u8 bits) {
    Uart& state = env.arena<Uart>();
    if (state.enabled != bits)
        InterruptEnable::write(env, uart, bits);
    state.enabled = bits;
}

void set_modem(Env& env, u8 bits) {
    Uart& state = env.arena<Uart>();
    if (state.modem != bits)
        ModemControl::write(env, uart, bits);
    state.modem = bits;
}

// --- receiving

// Gives the core what is held. False: it has no room, so the device is left alone.
bool deliver_held(Env& env) {
    Uart& state = env.arena<Uart>();
    if (state.held_count == 0)
        return true;
    const std::span<const u8> bytes(state.held.data() + state.held_from, state.held_count);
    const u64 taken = env.deliver(state.service, static_cast<u32>(Event::received), bytes);
    const u32 gone = taken < state.held_count ? static_cast<u32>(taken) : state.held_count;
    state.held_from += gone;
    state.held_count -= gone;
    env.count(count_received, gone);
    if (state.held_count == 0)
        state.held_from = 0;
    return state.held_count == 0;
}

void stall(Env& env) {
    Uart& state = env.arena<Uart>();
    state.stalled = 1;
    set_enabled(env, state.enabled & static_cast<u8>(~(interrupt_enable::received |
                                                       interrupt_enable::line_status)));
    set_modem(env, state.modem & static_cast<u8>(~modem_control::request_to_send));
}

// The line status. Reading clears its error bits: those of the byte at the top of the FIFO are kept
// for whoever reads that byte; an overrun belongs to none. Nothing if the device is gone.
u8 read_status(Env& env) {
    Uart& state = env.arena<Uart>();
    const u8 status = LineStatus::read(env, uart);
    if (status == 0xff) { // a UART never says all of that at once
        env.fail(Errno::io, "device is gone");
        return 0;
    }
    if (status & line_status::overrun)
        env.count(count_overruns);
    state.saved_errors |= status & line_status::of_a_byte;
    return status;
}

// Moves one byte from the device to `held`.
void take_byte(Env& env) {
    Uart& state = env.arena<Uart>();
    const u8 errors = state.saved_errors;
    state.saved_errors = 0;
    const u8 byte = ReceiveBuffer::read(env, uart);
    ++state.received;
    if (errors & line_status::break_) { // the byte is only the trace of it
        env.count(count_breaks);
        (void)deliver_held(env); // in order, as far as there is room
        (void)env.deliver(state.service, static_cast<u32>(Event::broken), {});
        return;
    }
    if (errors & line_status::parity_error)
        env.count(count_parity);
    if (errors & line_status::framing_error)
        env.count(count_framing);
    state.held[state.held_from + state.held_count++] = byte;
}

void receive(Env& env) {
    Uart& state = env.arena<Uart>();
    u8 status = line_status::data_ready;
    for (u32 i = 0; i < most_received; ++i) {
        const bool full = state.held_from + state.held_count == state.held.size();
        if ((full || state.stalled) && !deliver_held(env)) {
            stall(env);
            return;
        }
        status = read_status(env);
        if (!(status & line_status::data_ready))
            break;
        take_byte(env);
    }
    if (!deliver_held(env))
        return stall(env);
    if (status & line_status::data_ready) // more than is good for one handler
        env.set_timer(poll_timer, env.now() + poll_delay);
}

void receive_ready(Env& env) {
    Uart& state = env.arena<Uart>();
    if (!deliver_held(env))
        return;
    if (state.stalled) {
        state.stalled = 0;
        set_modem(env, state.modem | modem_control::request_to_send);
        set_enabled(env,
                    state.enabled | interrupt_enable::received | interrupt_enable::line_status);
    }
    receive(env);
}

// --- sending

void keep_watch(Env& env) {
    Uart& state = env.arena<Uart>();
    if (state.watching)
        return;
    state.watching = 1;
    state.sent_at_watch = state.sent;
    env.set_timer(watch_timer, env.now() + watch_delay);
}

// Gives the FIFO, which is empty, what it takes of a request's bytes; how many that are.
// Errors: the buffer's.
Result<u32> fill_fifo(Env& env, const Transmit& transmit) {
    Uart& state = env.arena<Uart>();
    Request request;
    request.id = transmit.request;
    request.buffer = {component::ObjectId::own_request, component::BufferRights::read, 0,
                      transmit.length};
    u8 bytes[fifo_bytes];
    const u32 count =
        transmit.length < state.fifo ? static_cast<u32>(transmit.length) : state.fifo;
    TRY(env.copy_from_buffer(request, 0, std::span(bytes).first(count)));
    for (u32 i = 0; i < count; ++i)
        TransmitHolding::write(env, uart, bytes[i]);
    state.sent += count;
    env.count(count_sent, count);
    return count;
}

// Has the line interrupt when the FIFO is empty, if a request waits for that.
void expect_interrupt(Env& env) {
    Uart& state = env.arena<Uart>();
    constexpr u8 bit = interrupt_enable::transmit_empty;
    if (state.count == 0) {
        set_enabled(env, state.enabled & static_cast<u8>(~bit));
        return;
    }
    if (state.enabled & bit) // some want to see it go off and on before they interrupt again
        set_enabled(env, state.enabled & static_cast<u8>(~bit));
    set_enabled(env, state.enabled | bit);
    keep_watch(env);
}

// Ends waiting requests, each with one FIFO of its bytes; the rest waits for the interrupt.
void send(Env& env) {
    Uart& state = env.arena<Uart>();
    while (state.count != 0 && (read_status(env) & line_status::holding_empty)) {
        const Transmit transmit = state.transmits[state.first];
        state.first = (state.first + 1) % transmit_queue;
        --state.count;
        const Result<u32> gone = fill_fifo(env, transmit);
        if (gone)
            env.complete(transmit.request, *gone);
        else
            env.complete(transmit.request, gone.error());
    }
    expect_interrupt(env);
}

// Answered with as many bytes as a FIFO holds, so that the core knows of each FIFO that is gone and
// the next life repeats one at most.
Answer transmit(Env& env, const Request& request) {
    Uart& state = env.arena<Uart>();
    if (request.buffer.length == 0)
        return Answer::done(0);
    if (request.buffer.object != component::ObjectId::own_request || request.buffer.offset != 0)
        return Answer::failed(Errno::inval);
    const Transmit transmit{request.id, request.buffer.length};
    if (state.count == 0 && state.sent_in_a_row < most_in_a_row &&
        (read_status(env) & line_status::holding_empty)) {
        const Result<u32> gone = fill_fifo(env, transmit);
        state.sent_in_a_row += gone ? *gone : 0;
        return gone ? Answer::done(*gone) : Answer::failed(gone.error());
    }
    if (state.count == transmit_queue)
        return Answer::busy();
    state.transmits[(state.first + state.count) % transmit_queue] = transmit;
    ++state.count;
    expect_interrupt(env);
    return Answer::pending();
}

// --- the line

// Writes divisor and format. The transmitter should be idle; a byte on the way would be garbled.
void write_line(Env& env) {
    const Uart& state = env.arena<Uart>();
    LineControl::write(env, uart, state.line | line_control::divisor);
    DivisorLow::write(env, uart, static_cast<u8>(state.divisor));
    DivisorHigh::write(env, uart, static_cast<u8>(state.divisor >> 8));
    LineControl::write(env, uart, state.line);
}

// Errors: inval (a rate or format this UART does not have).
Result<> set_line(Env& env, u64 baud, u64 format) {
    Uart& state = env.arena<Uart>();
    const u64 data_bits = format & 0xff, stop_bits = (format >> 8) & 0xff, parity = format >> 16;
    if (baud < 2 || baud > clock_over_16 || data_bits < 5 || data_bits > 8 || stop_bits < 1 ||
        stop_bits > 2 || parity > 2)
        return Failure(Errno::inval);
    const u64 divisor = (clock_over_16 + baud / 2) / baud;
    const u64 real = clock_over_16 / divisor;
    if (real > baud + baud / 20 || real + baud / 20 < baud)
        return Failure(Errno::inval); // more than 5 % off: the other side would read garbage
    state.divisor = static_cast<u16>(divisor);
    state.line = static_cast<u8>(
        (data_bits - 5) | (stop_bits == 2 ? line_control::two_stop_bits : 0) |
        (parity != 0 ? line_control::parity : 0) | (parity == 2 ? line_control::parity_even : 0));
    write_line(env);
    return {};
}

void set_open(Env& env, bool open) {
    Uart& state = env.arena<Uart>();
    // Closing leaves the line up: the kernel's own console may be on it.
    if (open)
        set_modem(env, state.modem | modem_control::terminal_ready |
                           (state.stalled ? 0 : modem_control::request_to_send));
}

// --- handlers

void program(Env& env) {
    Uart& state = env.arena<Uart>();
    FifoControl::write(env, uart, fifo_control::enable | fifo_control::trigger_at_8);
    state.fifo = (InterruptIdentification::read(env, uart) & interrupt_identification::fifos_on) ==
                         interrupt_identification::fifos_on
                     ? fifo_bytes
                     : 1;
    write_line(env);
    ModemControl::write(env, uart, state.modem);
    InterruptEnable::write(env, uart, state.enabled);
}

Failure refuse(Env& env, std::string_view why) {
    env.log(LogLevel::error, "{}", why);
    return Failure(Errno::nodev);
}

Result<> start(Env& env) {
    Uart& state = env.arena<Uart>();
    const component::WindowInfo window = TRY(env.window(0));
    if (window.length < 8 || (window.kind != 1 && window.kind != 2))
        return refuse(env, "no window of eight registers");
    (void)env.control(component::ControlKind::release_early_console, 0);
    LineControl::write(env, uart, 3); // the divisor's bit hides registers
    InterruptEnable::write(env, uart, 0);
    // A floating bus answers ones, and the upper half of this register is always zero.
    if (InterruptEnable::read(env, uart) != 0)
        return refuse(env, "nothing answers here");
    // What the polled console wrote leaves first; at 9600 baud a full FIFO takes 17 ms.
    for (u32 i = 0; i < 50 && !(LineStatus::read(env, uart) & line_status::transmitter_empty); ++i)
        TRY(env.sleep(base::milliseconds(1)));
    state.line = 3; // 8 data bits, 1 stop bit, no parity
    state.divisor = 1;
    state.modem = modem_control::terminal_ready | modem_control::request_to_send |
                  modem_control::interrupt_gate;
    TRY(env.enable_interrupt(0));
    program(env);
    ByteStreamProperties properties;
    properties.kind = component::StreamKind::serial;
    properties.number = window.index;
    const base::Text<16> name("ttyS{}", properties.number);
    state.service = TRY(env.offer<ByteStream>(name.view(), properties));
    set_enabled(env, interrupt_enable::received | interrupt_enable::line_status);
    env.log(LogLevel::info, "{} with {}", name.view(), state.fifo > 1 ? "FIFOs" : "no FIFO");
    return {};
}

Result<> quiesce(Env& env) {
    InterruptEnable::write(env, uart, 0);
    return {};
}

Result<> resume(Env& env) {
    program(env);
    if (!env.arena<Uart>().stalled)
        receive(env);
    send(env);
    return {};
}

void stop(Env& env) { InterruptEnable::write(env, uart, 0); }

Answer submit(Env& env, const Request& request) {
    switch (static_cast<ByteStream::Operation>(request.operation)) {
    case ByteStream::Operation::transmit: return transmit(env, request);
    case ByteStream::Operation::receive_ready: receive_ready(env); return Answer::done();
    case ByteStream::Operation::set_line: {
        const Result<> set = set_line(env, request.arguments[0], request.arguments[1]);
        return set ? Answer::done() : Answer::failed(set.error());
    }
    case ByteStream::Operation::set_open:
        set_open(env, request.arguments[0] != 0);
        return Answer::done();
    }
    return Answer::failed(Errno::nosys);
}

// Serves all causes there are: the line is edge-triggered on a PC and falls only when none is left.
void serve(Env& env) {
    Uart& state = env.arena<Uart>();
    const u64 moved = state.received + state.sent;
    for (u32 causes = 0; causes < most_interrupts; ++causes) {
        if (InterruptIdentification::read(env, uart) & interrupt_identification::none_pending) {
            state.storms = 0;
            return;
        }
        if (!state.stalled)
            receive(env);
        send(env);
        (void)ModemStatus::read(env, uart);
    }
    state.storms = state.received + state.sent == moved ? state.storms + 1 : 0;
    if (state.storms > most_storms)
        return env.fail(Errno::io, "interrupts without end");
    env.set_timer(poll_timer, env.now() + poll_delay);
}

void interrupt(Env& env, u32 line) {
    env.arena<Uart>().sent_in_a_row = 0;
    serve(env);
    env.acknowledge_interrupt(line);
}

void timer(Env& env, u32 number) {
    Uart& state = env.arena<Uart>();
    state.sent_in_a_row = 0;
    if (number == watch_timer) {
        state.watching = 0;
        if (state.count == 0)
            return;
        if (state.sent == state.sent_at_watch && (read_status(env) & line_status::holding_empty))
            env.count(count_lost_interrupts);
    }
    if (!state.stalled)
        receive(env);
    send(env);
    serve(env);
}

constexpr component::InterfaceId offers[] = {component::InterfaceId::byte_stream};
constexpr const char* counters[] = {"received",      "sent",   "overruns",       "framing_errors",
                                    "parity_errors", "breaks", "lost_interrupts"};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::platform, .name = "serial_16550"}};

consteval component::Descriptor make_descriptor() {
    return component::describe<Uart>("serial_16550", {1, 0, 0}, component::Traits::never_waits,
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

} // namespace serial_16550

COMPONENT_DESCRIPTOR(serial_16550) = serial_16550::make_descriptor();
