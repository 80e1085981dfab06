// SPDX-License-Identifier: BSD-2-Clause
// A disk on top of a block service: every request is checked and passed on to the one child.
#include "abi/component/block.h"
#include "abi/component/component.h"
#include "base/memory_functions.h"

namespace loop {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::BufferRights;
using component::Env;
using component::ObjectId;
using component::Request;
using Operation = Block::Operation;

constexpr u32 backing = 0; // the child
constexpr u32 least_sector = 512, most_sector = 4096;
constexpr u32 most_request_bytes = 256 << 10; // bounds how long it keeps others waiting
// A server has threads for so many handlers that wait, and two more (core/server).
constexpr u32 most_at_once = 8;

// The arena.
struct Disk {
    u32 service;
    u32 reserved;
    BlockProperties shown; // what was offered last
};

enum Counter : u32 { passed_on, short_answers, false_answers };

bool is_sound(const BlockProperties& child) {
    const u32 sector = child.sector_size;
    if (sector < least_sector || sector > most_sector || (sector & (sector - 1)) != 0)
        return false;
    return child.capacity % (sector / 512) == 0 && child.capacity <= ~u64{0} / 512;
}

// What is offered on top of a sound child.
BlockProperties properties_over(const BlockProperties& child) {
    BlockProperties own;
    const auto least = [](u32 limit, u32 childs) { return childs < limit ? childs : limit; };
    own.capacity = child.capacity;
    own.sector_size = child.sector_size;
    own.physical_sector_size = child.physical_sector_size;
    own.max_segments = least(component::maximum_child_pieces, child.max_segments);
    own.max_request_bytes =
        child.max_request_bytes ? least(most_request_bytes, child.max_request_bytes)
                                : most_request_bytes;
    own.queue_depth = most_at_once;
    own.read_only = child.read_only != 0;
    own.write_cache = child.write_cache != 0;
    own.discard = child.discard != 0;
    own.max_discard_sectors = child.max_discard_sectors;
    own.write_zeroes = child.write_zeroes != 0;
    own.max_write_zeroes_sectors = child.max_write_zeroes_sectors;
    return own;
}

bool are_same(const BlockProperties& a, const BlockProperties& b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

// Offers what the child is by now. Errors: io (it says what cannot be).
Result<> look_at_child(Env& env) {
    const BlockProperties child = TRY(env.child_properties<Block>(backing));
    if (!is_sound(child))
        return Failure(Errno::io);
    const BlockProperties now = properties_over(child);
    Disk& disk = env.arena<Disk>();
    if (are_same(now, disk.shown))
        return {};
    TRY(env.update_offer<Block>(disk.service, now));
    disk.shown = now;
    return {};
}

// Errors of the child that mean the same of this disk; all others are the device's failure.
Errno as_own(Errno error) {
    switch (error) {
    case Errno::nospc:
    case Errno::rofs:
    case Errno::opnotsupp: return error;
    default: return Errno::io;
    }
}

// What of the request is still to be done.
struct Rest {
    u64 sector;
    u64 done; // bytes
    u64 left; // bytes
};

Result<u64> ask_child(Env& env, const Request& request, const Rest& rest) {
    const auto operation = static_cast<Operation>(request.operation);
    const bool moves_data = operation == Operation::read || operation == Operation::write;
    Request asked;
    asked.id = request.id;
    asked.operation = request.operation;
    if (moves_data)
        asked.buffer = {ObjectId::own_request,
                        operation == Operation::read ? BufferRights::write : BufferRights::read,
                        request.buffer.offset + rest.done, rest.left};
    asked.set_payload(Block::Arguments{rest.sector, static_cast<u32>(rest.left / 512),
                                       request.payload<Block::Arguments>().flags, 0});
    env.count(passed_on);
    const Result<u64> answer = env.call_child(backing, asked);
    return answer ? answer : Failure(as_own(answer.error()));
}

// Until all of the range is done. Errors: io (the child gets nowhere), and the child's.
Result<u64> run_range(Env& env, const Request& request, u32 sector_size) {
    const auto arguments = request.payload<Block::Arguments>();
    Rest rest{arguments.sector, 0, u64{arguments.count} * 512};
    while (rest.left != 0) {
        const u64 moved = TRY(ask_child(env, request, rest));
        if (moved == 0 || moved > rest.left || moved % sector_size != 0) {
            env.count(false_answers);
            return Failure(Errno::io);
        }
        env.count(short_answers, moved < rest.left);
        rest.sector += moved / 512;
        rest.done += moved;
        rest.left -= moved;
    }
    return rest.done;
}

// Errors: inval, nospc, rofs, opnotsupp.
Result<> check(const Request& request, const BlockProperties& is) {
    const auto operation = static_cast<Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    if (arguments.sector > is.capacity || arguments.count > is.capacity - arguments.sector)
        return Failure(Errno::nospc);
    if ((arguments.sector | arguments.count) % (is.sector_size / 512) != 0)
        return Failure(Errno::inval);
    if (operation != Operation::read && is.read_only)
        return Failure(Errno::rofs);
    switch (operation) {
    case Operation::read:
    case Operation::write:
        return arguments.count != 0 && request.buffer.length == u64{arguments.count} * 512
                   ? Result<>()
                   : Failure(Errno::inval);
    case Operation::discard: return is.discard ? Result<>() : Failure(Errno::opnotsupp);
    case Operation::write_zeroes: return is.write_zeroes ? Result<>() : Failure(Errno::opnotsupp);
    default: return Failure(Errno::opnotsupp);
    }
}

Result<u64> run(Env& env, const Request& request) {
    TRY(look_at_child(env));
    if (static_cast<Operation>(request.operation) == Operation::flush) {
        TRY(ask_child(env, request, {}));
        return u64{0};
    }
    const BlockProperties is = env.arena<Disk>().shown; // others come in while the child is asked
    TRY(check(request, is));
    return run_range(env, request, is.sector_size);
}

Answer submit(Env& env, const Request& request) {
    const Result<u64> result = run(env, request);
    return result ? Answer::done(*result) : Answer::failed(result.error());
}

Result<> start(Env& env) {
    const BlockProperties child = TRY(env.child_properties<Block>(backing));
    if (!is_sound(child))
        return Failure(Errno::inval);
    Disk& disk = env.construct_arena<Disk>();
    disk.shown = properties_over(child);
    disk.service = TRY(env.offer<Block>("loop", disk.shown));
    return {};
}

Result<> resume(Env&) { return {}; }
Result<> quiesce(Env&) { return {}; }

constexpr component::InterfaceId offers[] = {component::InterfaceId::block};
constexpr component::InterfaceId children[] = {component::InterfaceId::block};
constexpr const char* counters[] = {"passed_on", "short_answers", "false_answers"};

consteval component::Descriptor make_descriptor() {
    component::Descriptor descriptor =
        component::describe<Disk>(
            "loop", {1, 0, 0}, component::Traits::on_demand,
            {.start = start, .resume = resume, .quiesce = quiesce, .submit = submit})
            .offering(offers)
            .counting(counters);
    descriptor.children = children;
    descriptor.child_count = std::size(children);
    return descriptor;
}

} // namespace loop

COMPONENT_DESCRIPTOR(loop) = loop::make_descriptor();
