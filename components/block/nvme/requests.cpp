// SPDX-License-Identifier: BSD-2-Clause
// I/O requests on their way into the controller and back.
#include "base/memory_functions.h"
#include "components/block/nvme/controller.h"

namespace nvme {

namespace {

using Operation = Block::Operation;

constexpr u8 most_tries = 4;

Namespace* find_service(Controller& controller, u32 service) {
    for (Namespace& name_space : controller.namespaces) {
        if (name_space.state == Namespace::State::offered && name_space.service == service)
            return &name_space;
    }
    return nullptr;
}

bool carries_data(Operation operation) {
    return operation == Operation::read || operation == Operation::write;
}

// Errors: inval, nospc, rofs, opnotsupp.
Result<> check(const Namespace& name_space, const Request& request) {
    const auto operation = static_cast<Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    const BlockProperties& disk = name_space.properties;
    const u32 unit = disk.sector_size / 512;
    if (arguments.sector > disk.capacity || arguments.count > disk.capacity - arguments.sector)
        return Failure(Errno::nospc);
    if (arguments.count == 0 || arguments.sector % unit != 0 || arguments.count % unit != 0)
        return Failure(Errno::inval);
    if (operation != Operation::read && disk.read_only)
        return Failure(Errno::rofs);
    switch (operation) {
    case Operation::read:
    case Operation::write:
        return arguments.count <= disk.max_request_bytes / 512 &&
                       request.buffer.length == u64{arguments.count} * 512
                   ? Result<>()
                   : Failure(Errno::inval);
    case Operation::discard:
        if (!disk.discard)
            return Failure(Errno::opnotsupp);
        return arguments.count <= disk.max_discard_sectors ? Result<>() : Failure(Errno::inval);
    case Operation::write_zeroes:
        if (!disk.write_zeroes)
            return Failure(Errno::opnotsupp);
        return arguments.count <= disk.max_write_zeroes_sectors ? Result<>()
                                                                : Failure(Errno::inval);
    default: return Failure(Errno::opnotsupp);
    }
}

DmaPlace slot_place(const Controller& controller, Slot slot) {
    return controller.slots.at(slot.index() * slot_bytes);
}

// The pages of one command: all but the first begin on a page's boundary, all but the last end on
// one (4.1.1). Pieces that do not continue each other like that are left to the next command.
class PageList {
public:
    // Adds what of the piece fits; false if that is not all of it. Errors: inval (alignment).
    Result<bool> add(const component::DmaSegment& piece, u64 limit) {
        if (piece.address % 4 != 0)
            return Failure(Errno::inval);
        if (bytes_ != 0 && (end_ % page_bytes != 0 || piece.address % page_bytes != 0))
            return false;
        u64 address = piece.address;
        for (u64 left = piece.length; left != 0;) {
            if (count_ == most_segments || bytes_ >= limit)
                return false;
            const u64 here = base::minimum(left, page_bytes - address % page_bytes);
            pages_[count_++] = address;
            address += here;
            bytes_ += here;
            left -= here;
        }
        end_ = address;
        return true;
    }
    u64 bytes() const { return bytes_; }

    // Into the command, the pages behind the first two into the slot's memory. `bytes`: what the
    // command moves, at most bytes().
    void store(Env& env, const DmaPlace& slot, u64 bytes, Command& command) const {
        const u64 first = page_bytes - pages_[0] % page_bytes;
        const u64 used = bytes <= first ? 1 : 1 + base::divide_up(bytes - first, u64{page_bytes});
        command.prp1 = pages_[0];
        if (used == 2)
            command.prp2 = pages_[1];
        if (used <= 2)
            return;
        command.prp2 = slot.address;
        const component::SharedMemory list(component::view_of(env, slot, slot_bytes));
        for (u32 i = 1; i < used; ++i)
            list.store<u64>((i - 1) * u32{sizeof(u64)}, pages_[i]);
    }

private:
    u64 pages_[most_segments];
    u32 count_ = 0;
    u64 bytes_ = 0;
    u64 end_ = 0;
};

// Fills in which memory the rest of a read or write moves to or from, as far as one command goes.
// Errors: inval, acces.
Result<> add_data(Env& env, Slot at, Command& command) {
    Controller& controller = env.arena<Controller>();
    Pending& pending = controller.pending[at];
    component::Buffer rest = pending.request.buffer;
    rest.offset += pending.done;
    rest.length -= pending.done;
    component::DmaSegment pieces[most_segments];
    const auto mapped = env.map_buffer(pending.request, rest, pieces);
    if (!mapped)
        return Failure(mapped.error() == Errno::acces ? Errno::acces : Errno::inval);
    PageList pages;
    for (const component::DmaSegment& piece : *mapped) {
        if (!TRY(pages.add(piece, controller.command_bytes)))
            break;
    }
    const u64 limit = base::minimum<u64>(pages.bytes(), controller.command_bytes);
    pending.part = static_cast<u32>(base::align_down(limit, u64{1} << pending.shift));
    if (pending.part == 0)
        return Failure(Errno::inval); // a block in pieces that no list of pages can name
    pages.store(env, slot_place(controller, at), pending.part, command);
    return {};
}

void add_range(Env& env, Slot at, Command& command, const Block::Arguments& arguments, u32 shift) {
    const Controller& controller = env.arena<Controller>();
    const DmaPlace place = slot_place(controller, at);
    const DatasetRange range{0, arguments.count >> (shift - 9), arguments.sector >> (shift - 9)};
    memcpy(component::view_of(env, place, sizeof range).data(), &range, sizeof range);
    command.prp1 = place.address;
    command.word11 = dataset_deallocate; // word 10: one range, counted from 0
}

void add_blocks(Command& command, u64 first, u64 count) {
    command.word10 = static_cast<u32>(first);
    command.word11 = static_cast<u32>(first >> 32);
    command.word12 = static_cast<u32>(count - 1);
}

// Makes the command for what is left of a request. Errors: inval, acces.
Result<Command> make_command(Env& env, Slot at) {
    Controller& controller = env.arena<Controller>();
    Pending& pending = controller.pending[at];
    const auto arguments = pending.request.payload<Block::Arguments>();
    const u32 shift = pending.shift;
    const u64 first = arguments.sector >> (shift - 9);
    Command command;
    command.id = static_cast<u16>(u32{pending.generation} << 8 | at.index());
    command.namespace_id = pending.namespace_id;
    switch (static_cast<Operation>(pending.request.operation)) {
    case Operation::flush: command.opcode = static_cast<u8>(Opcode::flush); break;
    case Operation::read:
    case Operation::write: {
        const bool reads = static_cast<Operation>(pending.request.operation) == Operation::read;
        command.opcode = static_cast<u8>(reads ? Opcode::read : Opcode::write);
        TRY(add_data(env, at, command));
        add_blocks(command, first + (pending.done >> shift), pending.part >> shift);
        if (!reads && (arguments.flags & Block::flag_force_unit_access))
            command.word12 |= force_unit_access;
        break;
    }
    case Operation::discard:
        command.opcode = static_cast<u8>(Opcode::dataset);
        add_range(env, at, command, arguments, shift);
        break;
    case Operation::write_zeroes:
        command.opcode = static_cast<u8>(Opcode::write_zeroes);
        add_blocks(command, first, arguments.count >> (shift - 9));
        if (pending.may_unmap && (arguments.flags & Block::flag_unmap))
            command.word12 |= deallocate;
        if (arguments.flags & Block::flag_force_unit_access)
            command.word12 |= force_unit_access;
        break;
    }
    return command;
}

// Hands what is left of a request to the controller, which is told of it by ring(). Errors: inval,
// acces.
Result<> send(Env& env, Slot at) {
    Controller& controller = env.arena<Controller>();
    Pending& pending = controller.pending[at];
    pending.generation = static_cast<u8>(++controller.generation);
    const Command command = TRY(make_command(env, at));
    pending.since = env.now().value;
    controller.io.push(env, command);
    return {};
}

Errno error_of(CommandStatus status) {
    switch (status.code_and_type) {
    case code::invalid_opcode: return Errno::opnotsupp;
    case code::invalid_namespace: return Errno::nodev;
    case code::write_protected: return Errno::rofs;
    case code::out_of_range:
    case code::capacity_exceeded: return Errno::nospc;
    default: return Errno::io;
    }
}

void answer(Env& env, Slot at, Result<> outcome) {
    Controller& controller = env.arena<Controller>();
    const Request& request = controller.pending[at].request;
    const u64 id = request.id;
    const u64 bytes = static_cast<Operation>(request.operation) == Operation::flush
                          ? 0
                          : u64{request.payload<Block::Arguments>().count} * 512;
    controller.pending.free(at);
    env.count(outcome ? count_completed : count_errors);
    if (outcome)
        env.complete(id, bytes);
    else
        env.complete(id, outcome.error());
}

// Answers a request, or sends what is left of it or has to be tried again.
void end(Env& env, Slot at, CommandStatus status) {
    Controller& controller = env.arena<Controller>();
    Pending& pending = controller.pending[at];
    ++controller.completions;
    if (!status.ok()) {
        const bool again = !status.do_not_retry && status.type() != code::type_media &&
                           error_of(status) == Errno::io && ++pending.tries < most_tries;
        if (!again) {
            answer(env, at, Failure(error_of(status)));
            return;
        }
        env.count(count_retries);
    } else {
        const auto operation = static_cast<Operation>(pending.request.operation);
        pending.done += pending.part;
        if (!carries_data(operation) || pending.done == pending.request.buffer.length) {
            answer(env, at, {});
            return;
        }
    }
    if (const Result<> sent = send(env, at); !sent)
        answer(env, at, sent);
}

// Errors: proto, if no such command is in the controller.
Result<Slot> find_command(Controller& controller, u16 id) {
    const u32 index = id & 0xff;
    if (index >= most_commands)
        return Failure(Errno::proto);
    const Slot at = Slot::at(index);
    const Pending* pending = controller.pending.find(at);
    if (!pending || pending->generation != id >> 8)
        return Failure(Errno::proto);
    return at;
}

} // namespace

Answer submit(Env& env, const Request& request) {
    Controller& controller = env.arena<Controller>();
    if (controller.broken)
        return Answer::failed(Errno::io);
    Namespace* name_space = find_service(controller, request.service);
    if (!name_space)
        return Answer::failed(Errno::nodev);
    if (static_cast<Operation>(request.operation) == Operation::flush) {
        if (!controller.write_cache)
            return Answer::done(0);
    } else if (const Result<> checked = check(*name_space, request); !checked) {
        return Answer::failed(checked.error());
    }
    if (controller.pending.used() >= controller.depth)
        return Answer::busy();
    const Slot at = controller.pending.allocate();
    Pending& pending = controller.pending[at];
    pending.request = request;
    pending.namespace_id = name_space->id;
    pending.shift = name_space->shift;
    pending.may_unmap = name_space->may_unmap;
    if (const Result<> sent = send(env, at); !sent) {
        controller.pending.free(at);
        return Answer::failed(sent.error());
    }
    controller.io.ring(env, registers, controller.stride);
    keep_watch(env);
    return Answer::pending();
}

// Ends: a request is completed or tried again a few times, and no new one comes meanwhile.
void collect(Env& env) {
    Controller& controller = env.arena<Controller>();
    Completion completion;
    bool sent = false;
    while (!controller.broken) {
        const Result<bool> taken = controller.io.take(env, completion);
        if (taken && !*taken)
            break;
        const Result<Slot> at =
            taken ? find_command(controller, completion.id) : Failure(taken.error());
        if (!at) {
            give_up(env, Errno::proto, "controller completed what it was not given");
            return;
        }
        const u32 before = controller.io.outstanding();
        end(env, *at, CommandStatus::of(completion.status));
        sent |= controller.io.outstanding() != before;
    }
    if (controller.broken)
        return;
    controller.io.release(env, registers, controller.stride);
    if (sent)
        controller.io.ring(env, registers, controller.stride);
}

} // namespace nvme
