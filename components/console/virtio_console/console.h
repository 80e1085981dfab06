// SPDX-License-Identifier: BSD-2-Clause
// Console: the arena of virtio_console. Each port has a ring in and a ring out; with multiport a
// pair of control rings tells which ports there are. What a port delivers and the core does not
// take stays in its buffer, and the ring behind it is left alone until the core asks again.
#pragma once

#include "abi/component/byte_stream.h"
#include "components/console/virtio_console/device.h"
#include "components/virtio_support/transport.h"

namespace virtio_console {

using component::Answer;
using component::ByteStream;
using component::ByteStreamProperties;
using component::Env;
using component::LogLevel;
using component::Request;
using virtio::DmaPlace;
using virtio::Piece;
using Event = ByteStream::Event;

inline constexpr u32 most_ports = 16;
inline constexpr u32 ring_size = 16;
inline constexpr u32 buffer_bytes = 256;
inline constexpr u32 buffers_bytes = ring_size * buffer_bytes; // of one receive ring
inline constexpr u32 transmit_count = 4; // of one port at once; the core sends one at a time
inline constexpr u32 transmit_pieces = ring_size / transmit_count;
// How long a port of which nothing more is said waits for its offer.
inline constexpr Nanos offer_delay = base::milliseconds(100);
// Requests for ports that the device has not told of yet: a few of each port.
inline constexpr u32 most_early = 4 * most_ports;

using Ring = virtio::Queue<ring_size>;

// Buffers that the device fills, one page; which of them it has.
struct Buffers {
    DmaPlace memory;
    u32 given; // bits
    u32 reserved;

    DmaPlace at(u32 index) const { return memory.at(index * buffer_bytes); }
};

struct Transmit {
    u64 request;
    u64 length;
    u64 pending; // 0: free
};

struct Port {
    Ring in;
    Ring out;
    Buffers buffers;
    std::array<Transmit, transmit_count> transmits;
    ByteStreamProperties properties;
    u32 service;
    u32 held_buffer; // the one that the core did not take whole
    u32 held_from;
    u32 held_count;
    u8 present;
    u8 offered;
    u8 is_console;
    u8 was_removed; // and has transmits in the device
    u8 host_untold; // the core did not hear of host_connected yet
    u8 size_untold; // nor of the size
    u8 ready_owed;  // control messages that found no room
    u8 open_owed;
    u8 guest_open;
    u8 reserved[7];
};

struct Console {
    virtio::Transport transport;
    Ring control_in;
    Ring control_out;
    Buffers control_buffers;
    DmaPlace control_messages; // ring_size of them
    u32 messages_given;        // bits
    u32 port_count;
    u32 multiport;
    u32 broken; // the instance is about to end
    u32 device_ready_owed;
    u32 watching;
    u32 removed_ticks; // looks of the watch since ports were removed
    u32 control_heard; // messages
    std::array<Port, most_ports> ports;
    u64 services_offered; // bits: in this life, withdrawn ones included
    u32 early_count;
    u32 early_ticks; // looks of the watch since one came
    u32 offer_ticks; // times that offers were put off since a port came
    u32 reserved;
    std::array<Request, most_early> early; // in the order they came
};

enum Counter : u32 { count_received, count_sent, count_messages, count_bad_messages, count_stalls };
enum TimerNumber : u32 { poll_timer, offer_timer, watch_timer };

// --- ports.cpp

// Ends the instance.
void give_up(Env& env, std::string_view why);
// Gives the device the buffers it does not have.
void refill(Env& env, Ring& ring, Buffers& buffers);
void receive(Env& env, Port& port);
void collect_sent(Env& env, Port& port);
Answer transmit(Env& env, Port& port, const Request& request);
// Tells the core of the port, once something is known of it; later calls tell what changed.
void offer(Env& env, Port& port);
// Runs what came for the port before it was offered.
void serve_early(Env& env, Port& port);
// Tells what the core did not take notice of yet.
void tell(Env& env, Port& port);
void keep_watch(Env& env);
// Both directions of every port.
void serve_ports(Env& env);

// --- component.cpp

// One request to a port that is offered.
Answer serve(Env& env, Port& port, const Request& request);

// --- control.cpp

void serve_control(Env& env);
// Sends the control messages that are owed, as far as there is room.
void pump_control(Env& env);

} // namespace virtio_console
