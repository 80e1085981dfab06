// SPDX-License-Identifier: BSD-2-Clause
// Requests on their way into the device and back.
#include "base/memory_functions.h"
#include "components/block/virtio_blk/disk.h"

namespace virtio_blk {

namespace {

using component::LogLevel;
using Operation = Block::Operation;

constexpr Nanos watch_interval = base::seconds(2);

void give_up(Env& env, std::string_view why) {
    Disk& disk = env.arena<Disk>();
    if (!disk.broken)
        env.fail(Errno::io, why);
    disk.broken = 1;
}

// Errors: inval, nospc, rofs, opnotsupp.
Result<> check(const Disk& disk, const Request& request, const Block::Arguments& arguments) {
    const auto operation = static_cast<Operation>(request.operation);
    const BlockProperties& disk_is = disk.properties;
    const u32 unit = disk_is.sector_size / 512;
    if (arguments.sector > disk_is.capacity ||
        arguments.count > disk_is.capacity - arguments.sector)
        return Failure(Errno::nospc);
    if (arguments.count == 0 || arguments.sector % unit != 0 || arguments.count % unit != 0)
        return Failure(Errno::inval);
    if (operation != Operation::read && disk_is.read_only)
        return Failure(Errno::rofs);
    switch (operation) {
    case Operation::read:
    case Operation::write:
        if (arguments.count > most_bytes / 512 ||
            request.buffer.length != u64{arguments.count} * 512)
            return Failure(Errno::inval);
        return {};
    case Operation::discard:
        if (!disk_is.discard)
            return Failure(Errno::opnotsupp);
        return arguments.count <= disk_is.max_discard_sectors ? Result<>() : Failure(Errno::inval);
    case Operation::write_zeroes:
        if (!disk_is.write_zeroes)
            return Failure(Errno::opnotsupp);
        return arguments.count <= disk_is.max_write_zeroes_sectors ? Result<>()
                                                                   : Failure(Errno::inval);
    default: return Failure(Errno::opnotsupp);
    }
}

// Cuts pieces into parts of at most `limit` bytes, in place. Errors: inval (too many parts).
Result<usize> split(std::span<Piece> room, usize count, u64 limit) {
    usize parts = 0;
    for (usize i = 0; i < count; ++i)
        parts += base::divide_up(room[i].length, limit);
    if (parts > room.size())
        return Failure(Errno::inval);
    usize to = parts;
    for (usize from = count; from > 0 && to > from; --from) {
        const Piece whole = room[from - 1];
        for (u64 at = (whole.length - 1) / limit * limit;; at -= limit) {
            room[--to] = {whole.address + at, base::minimum(limit, whole.length - at)};
            if (at == 0)
                break;
        }
    }
    return parts;
}

// Makes the pieces of a request's data, behind one free place; answers how many. Errors: inval,
// acces.
Result<usize> data_pieces(Env& env, const Request& request, const Block::Arguments& arguments,
                          Slot at, std::span<Piece> pieces) {
    const Disk& disk = env.arena<Disk>();
    const auto operation = static_cast<Operation>(request.operation);
    if (operation == Operation::discard || operation == Operation::write_zeroes) {
        const bool unmap = operation == Operation::write_zeroes && disk.may_unmap &&
                           (arguments.flags & Block::flag_unmap);
        const Range range{arguments.sector, arguments.count, unmap ? 1u : 0u};
        const DmaPlace place = slot_place(disk, at).at(slot::range);
        memcpy(virtio::view_of(env, place, sizeof range).data(), &range, sizeof range);
        pieces[1] = {place.address, sizeof range};
        return 1;
    }
    const auto room = pieces.subspan(1, disk.properties.max_segments);
    const auto mapped = env.map_buffer(request, room);
    if (!mapped)
        return Failure(mapped.error() == Errno::acces ? Errno::acces : Errno::inval);
    u64 bytes = 0;
    for (const Piece& piece : *mapped)
        bytes += piece.length;
    if (bytes != u64{arguments.count} * 512)
        return Failure(Errno::inval);
    const u64 limit = disk.properties.max_segment_bytes;
    return limit ? split(room, mapped->size(), limit) : Result<usize>(mapped->size());
}

RequestHeader header_of(Operation operation, u64 sector) {
    switch (operation) {
    case Operation::read: return {RequestType::read, 0, sector};
    case Operation::write: return {RequestType::write, 0, sector};
    case Operation::flush: return {RequestType::flush, 0, 0};
    case Operation::discard: return {RequestType::discard, 0, 0};
    case Operation::write_zeroes: return {RequestType::write_zeroes, 0, 0};
    }
    return {RequestType::flush, 0, 0};
}

Result<> send_flush(Env& env, Slot at) {
    Piece pieces[2] = {};
    return send(env, at, header_of(Operation::flush, 0), pieces, Direction::to_device);
}

Result<> begin(Env& env, Slot at, const Request& request) {
    Disk& disk = env.arena<Disk>();
    const auto operation = static_cast<Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    Pending& pending = disk.pending[at];
    pending.request = request.id;
    pending.operation = operation;
    pending.stage = Stage::moving;
    if (operation == Operation::flush)
        return send_flush(env, at);
    pending.bytes = arguments.count * 512;
    pending.flush_after = (arguments.flags & Block::flag_force_unit_access) &&
                          operation != Operation::read && disk.properties.write_cache;
    Piece pieces[most_segments + 2];
    const usize count = TRY(data_pieces(env, request, arguments, at, pieces));
    const u64 sector = arguments.sector;
    return send(env, at, header_of(operation, sector), {pieces, count + 2},
                operation == Operation::read ? Direction::from_device : Direction::to_device);
}

// How the device says a request ended. Errors: io, opnotsupp; proto: it says nothing sensible.
Result<> outcome(Env& env, Slot at, const virtio::Used& used) {
    const Disk& disk = env.arena<Disk>();
    const Pending& pending = env.arena<Disk>().pending[at];
    const DmaPlace place = slot_place(disk, at).at(slot::status);
    const virtio::SharedMemory memory(virtio::view_of(env, place, 1));
    switch (memory.load<u8>(0)) {
    case status_ok: break;
    case status_error: return Failure(Errno::io);
    case status_unsupported: return Failure(Errno::opnotsupp);
    default: return Failure(Errno::proto);
    }
    // A read that did not fill the buffer would hand out what lay there. Legacy devices count
    // badly.
    const bool reads = pending.stage == Stage::moving && pending.operation == Operation::read;
    if (reads && used.length < pending.bytes && !disk.transport.is_legacy())
        return Failure(Errno::io);
    return {};
}

void take_serial(Env& env, Slot at) {
    Disk& disk = env.arena<Disk>();
    const DmaPlace place = slot_place(disk, at).at(slot::serial);
    const std::span<u8> text = virtio::view_of(env, place, serial_bytes);
    for (u32 i = 0; i < serial_bytes; ++i) {
        const char c = static_cast<char>(virtio::SharedMemory(text).load<u8>(i));
        if (c == 0)
            break;
        disk.properties.serial[i] = c > ' ' && c < 127 ? c : '_';
    }
}

// Answers a request, or sends the flush that its write asked for.
void end(Env& env, const virtio::Used& used) {
    Disk& disk = env.arena<Disk>();
    const Slot at = Slot::at(used.token);
    Pending& pending = disk.pending[at];
    const Result<> result = outcome(env, at, used);
    if (!result && result.error() == Errno::proto) {
        give_up(env, "device ended a request without a status");
        return;
    }
    if (pending.stage == Stage::identifying) {
        if (result)
            take_serial(env, at);
        disk.pending.free(at);
        return;
    }
    if (result && pending.flush_after && pending.stage == Stage::moving) {
        pending.stage = Stage::flushing_after;
        if (!send_flush(env, at)) // the write's own descriptors are free again
            give_up(env, "no descriptor for a flush");
        return;
    }
    const u64 request = pending.request;
    const u64 bytes = pending.bytes;
    disk.pending.free(at);
    ++disk.completions;
    env.count(result ? count_completed : count_errors);
    if (result)
        env.complete(request, bytes);
    else
        env.complete(request, result.error());
}

} // namespace

Result<> send(Env& env, Slot at, const RequestHeader& header, std::span<Piece> pieces,
              Direction direction) {
    Disk& disk = env.arena<Disk>();
    const DmaPlace place = slot_place(disk, at);
    const std::span<u8> memory = virtio::view_of(env, place, slot::bytes);
    memcpy(memory.data() + slot::header, &header, sizeof header);
    memory[slot::status] = status_unanswered;
    pieces.front() = {place.address + slot::header, sizeof header};
    pieces.back() = {place.address + slot::status, 1};
    const usize readable = direction == Direction::to_device ? pieces.size() - 1 : 1;
    const virtio::Chain chain{pieces.first(readable), pieces.subspan(readable)};
    return disk.queue.has_indirect() ? disk.queue.add_indirect(env, chain, place, at.index())
                                     : disk.queue.add(env, chain, at.index());
}

Answer submit(Env& env, const Request& request) {
    Disk& disk = env.arena<Disk>();
    if (disk.broken)
        return Answer::failed(Errno::io);
    const auto operation = static_cast<Operation>(request.operation);
    if (operation == Operation::flush) {
        if (!disk.properties.write_cache)
            return Answer::done(0);
    } else if (const Result<> checked = check(disk, request, request.payload<Block::Arguments>());
               !checked) {
        return Answer::failed(checked.error());
    }
    const Slot at = disk.pending.allocate();
    if (!at)
        return Answer::busy();
    if (const Result<> begun = begin(env, at, request); !begun) {
        disk.pending.free(at);
        return begun.error() == Errno::nospc ? Answer::busy() : Answer::failed(begun.error());
    }
    disk.transport.notify_if_wanted(env, disk.queue);
    keep_watch(env);
    return Answer::pending();
}

void collect(Env& env) {
    Disk& disk = env.arena<Disk>();
    // Ends: no more chains are taken than were given, and only a flush is given meanwhile.
    do {
        virtio::Used used;
        while (!disk.broken) {
            const Result<bool> taken = disk.queue.take(env, used);
            if (!taken)
                give_up(env, virtio::text_of(disk.queue.fault()));
            if (!taken || !*taken)
                break;
            end(env, used);
        }
    } while (!disk.broken && disk.queue.arm(env));
    if (!disk.broken)
        disk.transport.notify_if_wanted(env, disk.queue);
}

void keep_watch(Env& env) {
    Disk& disk = env.arena<Disk>();
    if (disk.watching)
        return;
    disk.watching = 1;
    disk.completions_seen = disk.completions;
    env.set_timer(0, env.now() + watch_interval);
}

// A request that takes long is no fault, but its interrupt or its notification may have got lost.
void watch(Env& env, u32) {
    Disk& disk = env.arena<Disk>();
    disk.watching = 0;
    if (disk.broken || disk.queue.in_device() == 0)
        return;
    if (disk.completions == disk.completions_seen) {
        if (disk.transport.is_broken(env)) {
            give_up(env, "device needs a reset");
            return;
        }
        collect(env);
        if (disk.completions != disk.completions_seen) {
            env.count(count_lost_interrupts);
            env.log(LogLevel::warning, "an interrupt was lost");
        } else if (!disk.broken) {
            env.count(count_notifications);
            disk.transport.notify_always(env, disk.queue);
        }
    }
    if (!disk.broken && disk.queue.in_device() != 0)
        keep_watch(env);
}

} // namespace virtio_blk
