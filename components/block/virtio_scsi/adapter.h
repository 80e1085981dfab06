// SPDX-License-Identifier: BSD-2-Clause
// Adapter: the arena of virtio_scsi. One record for each command in the device, be it of a request
// or of the search for units; what the device reads and writes besides a request's data lies in a
// slot of DMA memory with the record's number.
#pragma once

#include "abi/component/block.h"
#include "components/block/virtio_scsi/device.h"
#include "components/block/virtio_scsi/scsi.h"
#include "components/virtio_support/transport.h"

namespace virtio_scsi {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::Env;
using component::LogLevel;
using component::Request;
using virtio::DmaPlace;
using virtio::Piece;
using Operation = Block::Operation;

inline constexpr u32 depth = 64;          // commands in the device at once
inline constexpr u32 ring_capacity = 128; // more than depth for devices without indirect tables
inline constexpr u32 most_units = 32;     // disks
inline constexpr u32 event_buffers = 8;

// A slot: table of descriptors, command, answer, data of commands that are not a request's.
namespace slot {
inline constexpr u32 bytes = 2048;
inline constexpr u32 table_entries = 66;
inline constexpr u32 command = table_entries * sizeof(virtio::Descriptor),
                     answer = command + sizeof(CommandRequest), data = 1280, data_bytes = 768;
static_assert(answer + reply::bytes <= data && data + data_bytes <= bytes);
inline constexpr u32 per_block = 32; // slots in a block of DMA memory
} // namespace slot
inline constexpr u32 most_segments = slot::table_entries - 2; // without command and answer
inline constexpr u32 most_bytes = 4 << 20;                    // of a request

// What is asked of a unit, in this order, until it is known or given up.
enum class Question : u32 { units, kind, capacity, mode, serial, limits, provisioning };

struct Pending {
    enum class Stage : u32 { request, flushing_after, question };
    Request request; // not of questions
    Stage stage = Stage::request;
    u32 unit = 0; // index; not of the question which units there are
    Question question = Question::units;
    UnitAddress address;
    u32 tries = 0;
    u32 postponed = 0; // the device has it not: it is sent again after a while
};
using Slot = component::Slot<Pending>;

// What a unit told of itself.
struct Facts {
    BlockProperties properties;
    u32 shift = 9; // of its block's size
    u32 forces_unit_access = 0;
    u32 is_provisioned = 0;
    u32 reads_zeroes = 0; // what is unmapped
    u32 can_unmap = 0;
    u32 can_write_same_unmap = 0;
    u32 limit_transfer = 0, limit_unmap = 0; // blocks; 0: none
    u64 limit_write_same = 0;
};

struct Unit {
    enum class State : u32 { absent, fresh, known, offered };
    State state = State::absent;
    u32 asking = 0;    // questions are under way
    u32 ask_again = 0; // something changed meanwhile
    u32 seen = 0;      // in the search that runs
    UnitAddress address;
    u32 service = 0;
    Facts facts;
    Facts draft; // from the questions
};

enum Counter : u32 {
    count_completed,
    count_errors,
    count_retries,
    count_lost_interrupts,
    count_scans
};

struct Adapter {
    virtio::Transport transport;
    virtio::Queue<ring_capacity> requests;
    virtio::Queue<16> events;
    component::Table<Pending, depth> pending;
    std::array<Unit, most_units> units;
    std::array<DmaPlace, depth / slot::per_block> slots;
    DmaPlace event_memory;
    DmaPlace zeroes;   // a block of them, for WRITE SAME
    u32 segments;      // of a command
    u32 request_limit; // bytes
    u32 target_count;
    u32 next_target; // the search: this one's units are asked for next
    u32 questions;   // under way
    u32 searching;   // of all targets, not of single units
    u32 search_again;
    u32 broken; // the instance is about to end
    u32 watching;
    u64 retry_at; // nanoseconds; 0: nothing was put off
    u32 completions;
    u32 completions_seen; // at the last look of the watch
};

inline constexpr u32 watch_timer = 0, retry_timer = 1, search_timer = 2;

inline DmaPlace slot_place(const Adapter& adapter, Slot slot) {
    const u32 index = slot.index();
    return adapter.slots[index / slot::per_block].at(index % slot::per_block * slot::bytes);
}

// The operations on it. Handlers of the strand.
Result<> start_adapter(Env& env);
Result<> resume_adapter(Env& env);
void stop_adapter(Env& env);
Answer submit(Env& env, const Request& request);
void interrupt(Env& env, u32 line);
void timer(Env& env, u32 timer);

// --- between the files of this folder

void give_up(Env& env, Errno error, std::string_view why);

// commands.cpp: how a command gets into the device and its answer out.
enum class Direction { none, to_device, from_device };
struct CommandShape {
    UnitAddress address;
    CommandBlock block{};
    Direction direction = Direction::none;
    std::span<const Piece> data;
};
// Errors: nospc (no descriptors left).
Result<> send(Env& env, Slot at, const CommandShape& shape);
// How the device says a command ended. Errors: again (worth another try), nodev, io, opnotsupp,
// nospc, rofs, proto (it says nothing sensible).
struct Outcome {
    Result<> result;
    u32 residual = 0;
    u32 at_once = 0; // with again: nothing speaks against trying at once
};
Outcome outcome_of(Env& env, Slot at);
// Takes back what the device is done with.
void collect(Env& env);
void keep_watch(Env& env);
// Sends it again, after a while unless told that it may be at once.
void try_again(Env& env, Slot at, const Outcome& outcome);
void postpone(Env& env, Slot at);
// Sends what was put off long enough.
void retry_postponed(Env& env);

// requests.cpp
Result<> send_request(Env& env, Slot at);
void end_request(Env& env, Slot at, const Outcome& outcome);
void fail_requests_of(Env& env, u32 unit);

// search.cpp: which units there are.
void begin_search(Env& env);
void ask_unit(Env& env, UnitAddress address);
void send_question(Env& env, Slot at);
void end_question(Env& env, Slot at, const Outcome& outcome);
// Goes on with the search as far as there is room; at its end units are offered.
void continue_search(Env& env);
Unit* find_unit(Adapter& adapter, UnitAddress address);
void withdraw_unit(Env& env, Unit& unit);

// answers.cpp: what units tell of themselves. Errors: opnotsupp (no disk that can be used), proto.
Result<> take_answer(Env& env, const Adapter& adapter, Slot at, Facts& facts);
void finish_facts(const Adapter& adapter, Facts& facts);

// events.cpp
void listen(Env& env);
void take_events(Env& env);

} // namespace virtio_scsi
