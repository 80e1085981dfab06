// SPDX-License-Identifier: BSD-2-Clause
// How a command gets into the device, and what its answer means.
#include "base/memory_functions.h"
#include "components/block/virtio_scsi/adapter.h"

namespace virtio_scsi {

namespace {

constexpr Nanos watch_interval = base::seconds(2);
constexpr Nanos retry_pause = base::milliseconds(50);

// Both shapes of sense data (SPC-4, 4.5.2 and 4.5.3).
Sense read_sense(const virtio::SharedMemory& memory) {
    Sense sense;
    const u32 at = reply::sense;
    const u8 shape = memory.load<u8>(at) & 0x7f;
    if (shape >= 0x72) {
        sense.key = static_cast<SenseKey>(memory.load<u8>(at + 1) & 15);
        sense.code = static_cast<u16>(memory.load<u8>(at + 2) << 8 | memory.load<u8>(at + 3));
    } else if (shape >= 0x70) {
        sense.key = static_cast<SenseKey>(memory.load<u8>(at + 2) & 15);
        sense.code = static_cast<u16>(memory.load<u8>(at + 12) << 8 | memory.load<u8>(at + 13));
    }
    return sense;
}

Result<> result_of(const Sense& sense) {
    switch (sense.key) {
    case SenseKey::none:
    case SenseKey::recovered: return {};
    case SenseKey::not_ready:
    case SenseKey::attention: // something happened, such as a reset: told once
    case SenseKey::aborted: return Failure(Errno::again);
    case SenseKey::illegal:
        return Failure(sense.code == sense_code::invalid_command ? Errno::opnotsupp
                       : sense.code == sense_code::out_of_range  ? Errno::nospc
                                                                 : Errno::io);
    case SenseKey::protect:
        return Failure(sense.code == sense_code::no_space ? Errno::nospc : Errno::rofs);
    default: return Failure(Errno::io);
    }
}

Result<> result_of(Response response) {
    switch (response) {
    case Response::ok: return {};
    case Response::bad_target:
    case Response::incorrect_unit: return Failure(Errno::nodev);
    case Response::aborted:
    case Response::reset:
    case Response::busy:
    case Response::transport_failure: return Failure(Errno::again);
    case Response::overrun:
    case Response::target_failure:
    case Response::nexus_failure:
    case Response::failure: return Failure(Errno::io);
    }
    return Failure(Errno::proto);
}

void send_again(Env& env, Slot at) {
    if (env.arena<Adapter>().pending[at].stage == Pending::Stage::question) {
        send_question(env, at);
        return;
    }
    const Result<> sent = send_request(env, at);
    if (!sent && sent.error() == Errno::nospc)
        postpone(env, at);
    else if (!sent)
        end_request(env, at, {Failure(sent.error())});
}

void end(Env& env, const virtio::Used& used) {
    Adapter& adapter = env.arena<Adapter>();
    const Slot at = Slot::at(used.token);
    ++adapter.completions;
    const Outcome outcome = outcome_of(env, at);
    if (!outcome.result && outcome.result.error() == Errno::proto)
        give_up(env, Errno::proto, "device ended a command without an answer");
    else if (adapter.pending[at].stage == Pending::Stage::question)
        end_question(env, at, outcome);
    else
        end_request(env, at, outcome);
}

} // namespace

Result<> send(Env& env, Slot at, const CommandShape& shape) {
    Adapter& adapter = env.arena<Adapter>();
    const DmaPlace place = slot_place(adapter, at);
    const std::span<u8> memory = component::view_of(env, place, slot::bytes);
    CommandRequest request{};
    request.unit[0] = 1;
    request.unit[1] = shape.address.target;
    put_big<2>(&request.unit[2], most_units_of_target | shape.address.unit);
    request.id = at.index();
    memcpy(request.command, shape.block.data(), shape.block.size());
    memcpy(memory.data() + slot::command, &request, sizeof request);
    memset(memory.data() + slot::answer, 0, reply::bytes);
    memory[slot::answer + reply::response] = reply::unanswered;
    Piece pieces[slot::table_entries];
    usize count = 0;
    pieces[count++] = {place.address + slot::command, request_bytes};
    const bool reads = shape.direction == Direction::from_device;
    if (!reads) {
        for (const Piece& piece : shape.data)
            pieces[count++] = piece;
    }
    const usize readable = count;
    pieces[count++] = {place.address + slot::answer, reply::bytes};
    if (reads) {
        for (const Piece& piece : shape.data)
            pieces[count++] = piece;
    }
    const virtio::Chain chain{{pieces, readable}, {pieces + readable, count - readable}};
    return adapter.requests.has_indirect()
               ? adapter.requests.add_indirect(env, chain, place, at.index())
               : adapter.requests.add(env, chain, at.index());
}

Outcome outcome_of(Env& env, Slot at) {
    const Adapter& adapter = env.arena<Adapter>();
    const DmaPlace place = slot_place(adapter, at).at(slot::answer);
    const virtio::SharedMemory memory(component::view_of(env, place, reply::bytes));
    const u8 response = memory.load<u8>(reply::response);
    if (const Result<> answered = result_of(static_cast<Response>(response)); !answered)
        return {answered};
    const u32 residual = memory.load<u32>(reply::residual);
    switch (static_cast<ScsiStatus>(memory.load<u8>(reply::status))) {
    case ScsiStatus::good: return {{}, residual};
    case ScsiStatus::check_condition: {
        const Sense sense = read_sense(memory);
        return {result_of(sense), residual, sense.key == SenseKey::attention};
    }
    case ScsiStatus::busy:
    case ScsiStatus::full: return {Failure(Errno::again)};
    case ScsiStatus::conflict: break; // another system has reserved it
    }
    return {Failure(Errno::io)};
}

void postpone(Env& env, Slot at) {
    Adapter& adapter = env.arena<Adapter>();
    adapter.pending[at].postponed = 1;
    if (adapter.retry_at == 0) {
        adapter.retry_at = (env.now() + retry_pause).value;
        env.set_timer(retry_timer, Nanos(adapter.retry_at));
    }
}

void try_again(Env& env, Slot at, const Outcome& outcome) {
    env.count(count_retries);
    if (outcome.at_once)
        send_again(env, at);
    else
        postpone(env, at);
}

void retry_postponed(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    if (adapter.retry_at == 0 || env.now().value < adapter.retry_at)
        return;
    adapter.retry_at = 0;
    for (u32 i = 0; i < depth; ++i) {
        Pending* pending = adapter.pending.find(Slot::at(i));
        if (pending && pending->postponed) {
            pending->postponed = 0;
            send_again(env, Slot::at(i));
        }
    }
    adapter.transport.notify_if_wanted(env, adapter.requests);
}

void collect(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    // Ends: no more commands are taken than were given, and each is tried a few times only.
    do {
        virtio::Used used;
        while (!adapter.broken) {
            const Result<bool> taken = adapter.requests.take(env, used);
            if (!taken)
                give_up(env, Errno::io, virtio::text_of(adapter.requests.fault()));
            if (!taken || !*taken)
                break;
            end(env, used);
        }
    } while (!adapter.broken && adapter.requests.arm(env));
    if (adapter.broken)
        return;
    continue_search(env);
    adapter.transport.notify_if_wanted(env, adapter.requests);
}

void keep_watch(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    if (adapter.watching || adapter.broken || adapter.requests.in_device() == 0)
        return;
    adapter.watching = 1;
    adapter.completions_seen = adapter.completions;
    env.set_timer(watch_timer, env.now() + watch_interval);
}

} // namespace virtio_scsi
