// SPDX-License-Identifier: BSD-2-Clause
// Controller: the arena of nvme. One record for each I/O command in the controller; its list of
// pages lies in a slot of DMA memory with the record's number. Namespaces are found by a scan, at
// start and whenever the controller says that they changed.
#pragma once

#include "abi/component/block.h"
#include "base/bits.h"
#include "components/block/nvme/queue_pair.h"

namespace nvme {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::LogLevel;
using component::Request;

inline constexpr u32 most_commands = 64; // I/O commands in the controller at once
inline constexpr u16 io_queue_entries = 128, admin_queue_entries = 16;
inline constexpr u32 most_namespaces = 16;

// A slot: the pages of a command behind its first one, or the range of a discard.
inline constexpr u32 slot_bytes = 512;
inline constexpr u32 listed_pages = slot_bytes / sizeof(u64);
inline constexpr u32 most_bytes = listed_pages * page_bytes; // of one command, wherever it begins
inline constexpr u32 most_segments = listed_pages + 1;

// A request in the controller. What one command cannot do is done by several, one after the other.
struct Pending {
    Request request;
    u64 since = 0; // when the command was sent, nanoseconds
    u32 done = 0;  // bytes that former commands moved
    u32 part = 0;  // bytes this one moves
    u32 namespace_id = 0;
    u32 shift = 9; // of its block's size
    u8 tries = 0;
    u8 generation = 0; // upper half of the command's id
    u16 reserved = 0;
    u32 may_unmap = 0;
};
using Slot = component::Slot<Pending>;

struct Namespace {
    enum class State : u32 { absent, offered };
    u32 id = 0; // as the controller counts, from 1; 0: free
    u32 service = 0;
    State state = State::absent;
    u32 shift = 9;     // of its block's size
    u32 seen = 0;      // in the scan that runs
    u32 may_unmap = 0; // what write_zeroes deallocated reads as zeroes
    BlockProperties properties;
};

// The one admin command that is under way besides the wait for an event.
struct AdminCall {
    u16 id = 0;
    u16 status = 0;
    u32 result = 0;
    u32 under_way = 0;
    u32 reserved = 0;
    u64 since = 0;
};

// Looking for namespaces: the log of changes is read, then the list, then each one.
struct Scan {
    enum class Step : u32 { idle, log, list, name_space };
    Step step = Step::idle;
    u32 again = 0; // something changed meanwhile
    u32 count = 0;
    u32 position = 0;
    std::array<u32, most_namespaces> ids{};
};

enum Counter : u32 {
    count_completed,
    count_errors,
    count_retries,
    count_lost_interrupts,
    count_scans
};

struct Controller {
    QueuePair admin;
    QueuePair io;
    component::Table<Pending, most_commands> pending;
    std::array<Namespace, most_namespaces> namespaces;
    DmaPlace slots;
    DmaPlace page; // what admin commands answer
    AdminCall call;
    Scan scan;
    u32 stride;      // bytes from one doorbell to the next
    u32 ready_limit; // milliseconds that enabling and disabling may take
    u32 version;
    u32 messages;      // interrupts: 0 means the line
    u32 command_bytes; // that one command moves at most
    u32 optional_commands;
    u32 namespace_count;
    u32 write_cache;
    u32 events; // of namespaces: supported
    u32 depth;  // commands at once
    u32 waiting_for_event;
    u32 broken; // the instance is about to end
    u32 watching;
    u32 completions;
    u32 completions_seen; // at the last look of the watch
    u32 generation;       // of the latest command
    u64 timeout;          // of a command, nanoseconds
    char serial[24];
};

inline constexpr Window registers{};
inline constexpr u32 watch_timer = 0, event_timer = 1, scan_timer = 2;

// The operations on it. Handlers of the strand.
Result<> start_controller(Env& env);
Result<> resume_controller(Env& env);
void stop_controller(Env& env);
Answer submit(Env& env, const Request& request);
void interrupt(Env& env, u32 line);
void timer(Env& env, u32 timer);

// --- between the files of this folder

void give_up(Env& env, Errno error, std::string_view why);

// Admin commands. `begin_call` needs that none is under way; `call` waits and is for start.
void begin_call(Env& env, Command command);
// Answers the command's result. Errors: io, timedout.
Result<u32> call(Env& env, const Command& command);
// Takes what the admin queue has completed.
void collect_admin(Env& env);
void wait_for_event(Env& env);
Command identify(const Controller& controller, Identified what, u32 namespace_id);

// Starts a scan, or another one after that which runs.
void begin_scan(Env& env, Scan::Step first);
// Goes on with it when its command has ended.
void continue_scan(Env& env, CommandStatus status);

// Takes back the I/O commands that are completed.
void collect(Env& env);
// Looks at the controller while something is under way.
void keep_watch(Env& env);

} // namespace nvme
