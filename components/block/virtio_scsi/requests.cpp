// SPDX-License-Identifier: BSD-2-Clause
// Requests on their way into the device and back.
#include "base/memory_functions.h"
#include "components/block/virtio_scsi/adapter.h"

namespace virtio_scsi {

namespace {

constexpr u32 most_tries = 100; // 5 seconds of a busy unit

Unit* find_service(Adapter& adapter, u32 service) {
    for (Unit& unit : adapter.units) {
        if (unit.state == Unit::State::offered && unit.service == service)
            return &unit;
    }
    return nullptr;
}

// Errors: inval, nospc, rofs, opnotsupp.
Result<> check(const Unit& unit, const Request& request) {
    const auto operation = static_cast<Operation>(request.operation);
    if (operation == Operation::flush)
        return {};
    const auto arguments = request.payload<Block::Arguments>();
    const BlockProperties& is = unit.facts.properties;
    const u32 sector = is.sector_size / 512;
    if (arguments.sector > is.capacity || arguments.count > is.capacity - arguments.sector)
        return Failure(Errno::nospc);
    if (arguments.count == 0 || arguments.sector % sector != 0 || arguments.count % sector != 0)
        return Failure(Errno::inval);
    if (operation != Operation::read && is.read_only)
        return Failure(Errno::rofs);
    switch (operation) {
    case Operation::read:
    case Operation::write:
        return arguments.count <= is.max_request_bytes / 512 &&
                       request.buffer.length == u64{arguments.count} * 512
                   ? Result<>()
                   : Failure(Errno::inval);
    case Operation::discard:
        if (!is.discard)
            return Failure(Errno::opnotsupp);
        return arguments.count <= is.max_discard_sectors ? Result<>() : Failure(Errno::inval);
    case Operation::write_zeroes:
        if (!is.write_zeroes)
            return Failure(Errno::opnotsupp);
        return arguments.count <= is.max_write_zeroes_sectors ? Result<>() : Failure(Errno::inval);
    default: return Failure(Errno::opnotsupp);
    }
}

void answer(Env& env, Slot at, Result<> result) {
    Adapter& adapter = env.arena<Adapter>();
    const Request& request = adapter.pending[at].request;
    const u64 id = request.id;
    const u64 bytes = static_cast<Operation>(request.operation) == Operation::flush
                          ? 0
                          : u64{request.payload<Block::Arguments>().count} * 512;
    adapter.pending.free(at);
    env.count(result ? count_completed : count_errors);
    if (result)
        env.complete(id, bytes);
    else
        env.complete(id, result.error());
}

bool needs_flush_after(const Unit& unit, const Request& request) {
    const auto operation = static_cast<Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    const bool writes = operation == Operation::write_zeroes ||
                        (operation == Operation::write && !unit.facts.forces_unit_access);
    return writes && unit.facts.properties.write_cache &&
           (arguments.flags & Block::flag_force_unit_access);
}

// Data that the driver makes: in the record's slot.
Piece slot_data(Env& env, Slot at, std::span<const u8> bytes) {
    const DmaPlace place = slot_place(env.arena<Adapter>(), at).at(slot::data);
    memcpy(component::view_of(env, place, bytes.size()).data(), bytes.data(), bytes.size());
    return {place.address, bytes.size()};
}

} // namespace

Result<> send_request(Env& env, Slot at) {
    Adapter& adapter = env.arena<Adapter>();
    Pending& pending = adapter.pending[at];
    const Unit& unit = adapter.units[pending.unit];
    const auto arguments = pending.request.payload<Block::Arguments>();
    const u64 first = arguments.sector >> (unit.facts.shift - 9);
    const u32 count = arguments.count >> (unit.facts.shift - 9);
    Piece pieces[most_segments];
    CommandShape shape{.address = pending.address, .data = {pieces, 1}};
    const auto operation = pending.stage == Pending::Stage::flushing_after
                               ? Operation::flush
                               : static_cast<Operation>(pending.request.operation);
    switch (operation) {
    case Operation::flush:
        shape.block = synchronize_cache();
        shape.data = {};
        break;
    case Operation::read:
    case Operation::write: {
        const auto mapped =
            env.map_buffer(pending.request, std::span(pieces).first(adapter.segments));
        if (!mapped)
            return Failure(mapped.error() == Errno::acces ? Errno::acces : Errno::inval);
        const bool reads = operation == Operation::read;
        const bool through = !reads && unit.facts.forces_unit_access &&
                             (arguments.flags & Block::flag_force_unit_access);
        shape.block = transfer(reads ? ScsiCommand::read_16 : ScsiCommand::write_16,
                               through ? force_unit_access : 0, first, count);
        shape.data = *mapped;
        shape.direction = reads ? Direction::from_device : Direction::to_device;
        break;
    }
    case Operation::discard:
        shape.direction = Direction::to_device;
        if (unit.facts.can_unmap) {
            pieces[0] = slot_data(env, at, unmap_range(first, count));
            shape.block = unmap(unmap_bytes);
            break;
        }
        pieces[0] = {adapter.zeroes.address, unit.facts.properties.sector_size};
        shape.block = transfer(ScsiCommand::write_same_16, unmap_flag, first, count);
        break;
    case Operation::write_zeroes: {
        const bool may_unmap = unit.facts.can_write_same_unmap && unit.facts.reads_zeroes &&
                               (arguments.flags & Block::flag_unmap);
        pieces[0] = {adapter.zeroes.address, unit.facts.properties.sector_size};
        shape.direction = Direction::to_device;
        shape.block =
            transfer(ScsiCommand::write_same_16, may_unmap ? unmap_flag : 0, first, count);
        break;
    }
    }
    return send(env, at, shape);
}

void end_request(Env& env, Slot at, const Outcome& outcome) {
    Adapter& adapter = env.arena<Adapter>();
    Pending& pending = adapter.pending[at];
    const Unit& unit = adapter.units[pending.unit];
    if (unit.address != pending.address || unit.state == Unit::State::absent) {
        answer(env, at, Failure(Errno::io)); // it was taken away meanwhile
        return;
    }
    if (!outcome.result) {
        if (outcome.result.error() != Errno::again)
            answer(env, at, outcome.result);
        else if (++pending.tries >= most_tries)
            answer(env, at, Failure(Errno::io));
        else
            try_again(env, at, outcome);
        return;
    }
    // What was not moved lies in the buffer as it was.
    if (pending.stage == Pending::Stage::request && outcome.residual != 0) {
        answer(env, at, Failure(Errno::io));
        return;
    }
    if (pending.stage == Pending::Stage::request && needs_flush_after(unit, pending.request)) {
        pending.stage = Pending::Stage::flushing_after;
        if (!send_request(env, at)) // the write's own descriptors are free again
            give_up(env, Errno::io, "no descriptor for a flush");
        return;
    }
    answer(env, at, {});
}

void fail_requests_of(Env& env, u32 unit) {
    Adapter& adapter = env.arena<Adapter>();
    for (u32 i = 0; i < depth; ++i) {
        Pending* pending = adapter.pending.find(Slot::at(i));
        const bool is = pending && pending->stage != Pending::Stage::question &&
                        pending->unit == unit && pending->postponed;
        if (is) // the device answers the others
            answer(env, Slot::at(i), Failure(Errno::io));
    }
}

Answer submit(Env& env, const Request& request) {
    Adapter& adapter = env.arena<Adapter>();
    if (adapter.broken)
        return Answer::failed(Errno::io);
    Unit* unit = find_service(adapter, request.service);
    if (!unit)
        return Answer::failed(Errno::nodev);
    if (const Result<> checked = check(*unit, request); !checked)
        return Answer::failed(checked.error());
    if (static_cast<Operation>(request.operation) == Operation::flush &&
        !unit->facts.properties.write_cache)
        return Answer::done(0);
    // Questions come and go by themselves: only with requests under way is there a retry.
    if (adapter.pending.used() >= depth)
        return Answer::busy();
    const Slot at = adapter.pending.allocate();
    Pending& pending = adapter.pending[at];
    pending.request = request;
    pending.unit = static_cast<u32>(unit - adapter.units.data());
    pending.address = unit->address;
    if (const Result<> sent = send_request(env, at); !sent) {
        if (sent.error() == Errno::nospc) {
            postpone(env, at);
            return Answer::pending();
        }
        adapter.pending.free(at);
        return Answer::failed(sent.error());
    }
    adapter.transport.notify_if_wanted(env, adapter.requests);
    keep_watch(env);
    return Answer::pending();
}

} // namespace virtio_scsi
