// SPDX-License-Identifier: BSD-2-Clause
// Controller: the arena of ahci. Each port goes through the states of `Port::State`, by one path at
// the start, after an error, and when a disk comes; only a port that is `ready` has commands. A
// request owns a record (`Pending`) from its arrival on and a slot of its port while the disk has
// it.
#pragma once

#include "abi/component/block.h"
#include "abi/component/dma.h"
#include "base/bits.h"
#include "components/block/ahci/commands.h"
#include "components/block/ahci/registers.h"

namespace ahci {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::DmaPlace;
using component::Env;
using component::LogLevel;
using component::Request;
using Operation = Block::Operation;

inline constexpr u32 most_pending = 96; // of all ports

struct Pending {
    enum class Stage : u32 { waiting, in_disk };
    Request request;
    u64 order = 0; // of arrival
    u64 since = 0; // when the disk was given it, nanoseconds
    Stage stage = Stage::waiting;
    u32 port = 0;
    u32 flushing = 0; // the data is written, a flush makes it last
    u32 tries = 0;
};
using Record = component::Slot<Pending>;

// What a disk told of itself.
struct Disk {
    BlockProperties properties;
    u32 wide = 0;           // 48-bit commands
    u32 queues = 0;         // NCQ
    u32 writes_through = 0; // WRITE DMA FUA EXT
    u32 flushes_wide = 0;
    u32 shift = 9; // of its sector's size
    u32 depth = 1; // commands at once
};

struct Port {
    enum class State : u32 {
        absent,      // the controller has no such port
        empty,       // nothing usable there; a connection starts anew
        stopping,    // until the controller lets go of the list of commands
        resetting,   // COMRESET is being sent
        linking,     // until the link is there
        waking,      // until the device says that it is ready
        identifying, // the device was asked what it is
        ready,
    };
    State state = State::absent;
    u32 awaited = 0;  // the firmware found something: the start waits for it
    u64 since = 0;    // when the state was entered, nanoseconds
    u32 failures = 0; // of bringing it up, in a row
    u32 offered = 0;
    u32 service = 0;
    u32 issued = 0;  // bits: slots that the disk has
    u32 queued = 0;  // bits: those of them that are queued commands
    u32 pending = 0; // records of this port
    u32 waiting = 0; // those of them that the disk has not
    u32 careful = 0; // after an error: one command at a time, until those that were there are done
    u64 careful_until = 0; // order of the last of them
    DmaPlace memory;
    DmaPlace tables;                        // address 0: not allocated yet
    std::array<Record, most_slots> records; // of the slots issued
    Disk disk;

    bool is_settled() const {
        return state == State::absent || state == State::empty || state == State::ready;
    }
};

enum Counter : u32 {
    count_completed,
    count_errors,
    count_retries,
    count_lost_interrupts,
    count_resets
};

struct Controller {
    std::array<Port, most_ports> ports;
    component::Table<Pending, most_pending> pending;
    Window registers;
    u32 slots;    // commands that a port holds
    u32 queueing; // NCQ
    u32 starting; // disks are offered in the order of their ports, at the end of the start
    u32 broken;   // the instance is about to end
    u32 watching;
    u32 polling;
    u64 arrivals;
    u64 completions;
    u64 completions_seen; // at the last look of the watch
    u64 timeout;          // of a command, nanoseconds
};

inline constexpr u32 watch_timer = 0, poll_timer = 1;

inline Window window_of(const Controller& controller, u32 port) {
    return port_window(controller.registers, port);
}

// The operations on it. Handlers of the strand.
Result<> start_controller(Env& env);
Result<> resume_controller(Env& env);
void stop_controller(Env& env);
Answer submit(Env& env, const Request& request);
void interrupt(Env& env, u32 line);
void timer(Env& env, u32 timer);

// --- between the files of this folder

void give_up(Env& env, Errno error, std::string_view why);

// port.cpp: bringing ports up.
void enter(Env& env, Port& port, Port::State state);
// Starts again from the link, whatever the port was doing. Its requests wait meanwhile.
void reset_port(Env& env, u32 number);
// Goes on with a port that is not settled.
void step(Env& env, u32 number);
void offer_disk(Env& env, u32 number);
// Looks at unsettled ports until there are none.
void keep_polling(Env& env);

// identify.cpp. Errors: opnotsupp (a disk that cannot be used), proto.
Result<Disk> read_identity(Env& env, const Port& port);

// requests.cpp
// Takes the causes of a port's interrupt: answers, errors, a link that changed.
void look_at_port(Env& env, u32 number);
// Gives the disk what waits, as far as it can be given now.
void issue_waiting(Env& env, u32 number);
// All of the port's requests end, with this error.
void fail_requests(Env& env, u32 number, Errno error);
// The disk's commands are lost or one failed: they wait again, and the port is reset.
void recover(Env& env, u32 number, u32 task_file);
// Looks at the controller while something is under way.
void keep_watch(Env& env);

// How a port is given a command, without saying that it has it.
struct CommandShape {
    RegisterStructure registers;
    u32 piece_count = 0;
    bool writes = false;
};
void write_header(Env& env, const Port& port, u32 slot, const CommandShape& shape);
void write_piece(const component::SharedMemory& table, u32 index, u64 address, u32 length);

} // namespace ahci
