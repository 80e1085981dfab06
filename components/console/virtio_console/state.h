// SPDX-License-Identifier: BSD-2-Clause
// What the console driver keeps in its arena.
#pragma once

#include <array>

#include "abi/component/byte_stream.h"
#include "abi/component/component.h"
#include "abi/component/virtio/queue.h"
#include "components/console/virtio_console/registers.h"

namespace virtio_console {

using namespace component;

inline constexpr u32 maximum_ports = 12;
inline constexpr u16 queue_size = 16;
inline constexpr u16 control_queue_size = 32;
inline constexpr u32 receive_buffers = 8; // of a port
inline constexpr u32 buffer_bytes = 1024;
inline constexpr u32 control_bytes = 128; // one message and the name behind it
inline constexpr u32 control_buffers = 16;

enum Counter : u32 { counter_sent, counter_received, counter_control, counter_dropped };

// Bytes the core had no room for yet: buffer `index` from `offset` on.
struct Held {
    u16 index = 0;
    u16 offset = 0;
    u16 length = 0;
};

struct Port {
    u8 exists = 0;   // the device announced it (or it is the only one)
    u8 offered = 0;
    u8 is_console = 0;
    u8 host_open = 0;
    u8 guest_open = 0;
    u8 stopped = 0; // the core has no room
    u8 held_first = 0;
    u8 held_count = 0;
    u32 service = 0;
    u32 receive_block = 0;
    u64 receive_address = 0;
    std::array<Held, receive_buffers> held{};
    virtio::Queue<queue_size> receive;
    virtio::Queue<queue_size> transmit;
    ByteStreamProperties properties;
};

struct State {
    virtio::Transport transport;
    u32 port_count = 0;
    u32 multiport = 0;
    u32 control_block = 0;
    u32 send_block = 0;
    u64 control_address = 0;
    u64 send_address = 0;
    virtio::Queue<control_queue_size> control_receive;
    virtio::Queue<control_queue_size> control_transmit;
    std::array<Port, maximum_ports> ports{};
};

// --- ports.cpp

Result<> open_port(Env& env, State& state, u32 number);
Result<> offer_port(Env& env, State& state, u32 number);
void receive(Env& env, State& state, Port& port);
void finish_transmits(Env& env, State& state, Port& port);
Answer transmit(Env& env, State& state, Port& port, const Request& request);

// --- control.cpp

Result<> open_control(Env& env, State& state);
void send_control(Env& env, State& state, u32 port, ControlEvent event, u16 value);
void receive_control(Env& env, State& state);

} // namespace virtio_console
