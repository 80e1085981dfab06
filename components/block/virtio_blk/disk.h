// SPDX-License-Identifier: BSD-2-Clause
// Disk: the arena of virtio_blk. One record for each request in the device; its header, status and
// descriptor table lie in a slot of DMA memory with the record's number.
#pragma once

#include "abi/component/block.h"
#include "components/block/virtio_blk/device.h"
#include "components/virtio_support/transport.h"

namespace virtio_blk {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::Env;
using component::Request;
using virtio::DmaPlace;
using virtio::Piece;

inline constexpr u32 depth = 64;          // requests in the device at once
inline constexpr u32 ring_capacity = 128; // more than depth for devices without indirect tables

// A slot: table of descriptors, then what the device reads and writes besides the data.
namespace slot {
inline constexpr u32 bytes = 2048;
inline constexpr u32 table_entries = 122;
inline constexpr u32 header = table_entries * sizeof(virtio::Descriptor), range = header + 16,
                     status = range + 16, serial = status + 8;
static_assert(serial + serial_bytes <= bytes);
inline constexpr u32 per_block = 32; // slots in a block of DMA memory
} // namespace slot
// Pieces of data in one request; header and status take two entries.
inline constexpr u32 most_segments = slot::table_entries - 2;
// Keeps the bytes of a chain far from the 32 bits they are counted in.
inline constexpr u32 most_bytes = 16 << 20;

enum class Stage : u32 { idle, moving, flushing_after, identifying };

struct Pending {
    u64 request = 0; // id; 0 with Stage::identifying
    Stage stage = Stage::idle;
    Block::Operation operation = Block::Operation::read;
    u16 reserved = 0;
    u32 bytes = 0; // answered when all went well
    u32 flush_after = 0;
};

enum Counter : u32 { count_completed, count_errors, count_lost_interrupts, count_notifications };

struct Disk {
    virtio::Transport transport;
    virtio::Queue<ring_capacity> queue;
    component::Table<Pending, depth> pending;
    DmaPlace ring;
    std::array<DmaPlace, depth / slot::per_block> slots;
    BlockProperties properties;
    u32 service;
    u32 offered;
    u32 may_unmap;        // write_zeroes
    u32 broken;           // the instance is about to end
    u32 completions_seen; // at the last look of the watch
    u32 completions;
    u32 watching;
    u32 reserved;
};

// The operations on it. Handlers of the strand.
Result<> start_disk(Env& env);
Result<> resume_disk(Env& env);
void stop_disk(Env& env);
Answer submit(Env& env, const Request& request);
void interrupt(Env& env, u32 line);
void watch(Env& env, u32 timer);

// --- between the files of this folder

using Slot = component::Slot<Pending>;

inline DmaPlace slot_place(const Disk& disk, Slot slot) {
    const u32 index = slot.index();
    return disk.slots[index / slot::per_block].at(index % slot::per_block * slot::bytes);
}
// Whether the device reads the data of a request or writes it.
enum class Direction { to_device, from_device };
// Hands a slot's request to the device. `pieces` holds the data between one free place at the front
// and one at the end, for header and status. Errors: nospc.
Result<> send(Env& env, Slot slot, const RequestHeader& header, std::span<Piece> pieces,
              Direction direction);
// Takes back what the device is done with.
void collect(Env& env);
// Looks at the disk again when nothing was heard of a request for a while.
void keep_watch(Env& env);

} // namespace virtio_blk
