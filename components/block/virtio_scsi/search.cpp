// SPDX-License-Identifier: BSD-2-Clause
// The search for units: every target is asked which it has, every unit what it is. Several
// questions are under way at once; when none is left, what was found is offered in the order of
// addresses.
#include "base/memory_functions.h"
#include "components/block/virtio_scsi/adapter.h"

namespace virtio_scsi {

namespace {

using State = Unit::State;

constexpr u32 most_questions = 16; // leaves room for requests
constexpr u32 most_tries = 40;     // 2 seconds
constexpr Nanos search_pause = base::seconds(1);

void ask(Env& env, Question question, UnitAddress address, u32 unit) {
    Adapter& adapter = env.arena<Adapter>();
    const Slot at = adapter.pending.allocate();
    VERIFY(at); // the caller saw to it
    Pending& pending = adapter.pending[at];
    pending.stage = Pending::Stage::question;
    pending.question = question;
    pending.address = address;
    pending.unit = unit;
    ++adapter.questions;
    send_question(env, at);
}

bool has_room(const Adapter& adapter) {
    return adapter.questions < most_questions && !adapter.pending.full();
}

CommandBlock block_of(Question question) {
    constexpr u16 page_bytes = limits_data::bytes;
    switch (question) {
    case Question::units: break;
    case Question::kind: return inquiry(inquiry_data::bytes);
    case Question::capacity: return read_capacity(capacity_data::bytes);
    case Question::mode: return mode_sense_cache(mode_data::bytes);
    case Question::serial: return inquiry_page(page_serial, page_bytes);
    case Question::limits: return inquiry_page(page_limits, page_bytes);
    case Question::provisioning: return inquiry_page(page_provisioning, page_bytes);
    }
    return report_units(slot::data_bytes);
}

void forget(Unit& unit) { unit = {}; }

// The unit's questions are answered, or it is none that can be used.
void settle(Env& env, Unit& unit, Result<> outcome) {
    Adapter& adapter = env.arena<Adapter>();
    unit.asking = 0;
    if (!outcome) {
        if (unit.state == State::offered)
            withdraw_unit(env, unit);
        else
            forget(unit);
        return;
    }
    Facts& now = unit.draft;
    finish_facts(adapter, now);
    const Facts& before = unit.facts;
    const bool other =
        unit.state == State::offered &&
        (before.shift != now.shift || memcmp(before.properties.serial, now.properties.serial,
                                             sizeof now.properties.serial) != 0);
    if (other) { // another disk at its address: it is offered when the former one has gone
        withdraw_unit(env, unit);
        env.set_timer(search_timer, env.now() + search_pause);
        return;
    }
    unit.facts = now;
    if (unit.state == State::offered)
        (void)env.update_offer<Block>(unit.service, unit.facts.properties);
    else
        unit.state = State::known;
    if (unit.ask_again)
        ask_unit(env, unit.address);
}

// The list of a target's units: only flat and simple addresses of one level can be theirs.
void take_units(Env& env, Slot at, u8 target) {
    const Adapter& adapter = env.arena<Adapter>();
    const component::SharedMemory data(
        component::view_of(env, slot_place(adapter, at).at(slot::data), slot::data_bytes));
    u32 length = 0;
    for (u32 i = 0; i < 4; ++i)
        length = length << 8 | data.load<u8>(i);
    length = base::minimum(length, slot::data_bytes - 8);
    for (u32 entry = 8; entry + 8 <= 8 + length; entry += 8) {
        const u8 high = data.load<u8>(entry), low = data.load<u8>(entry + 1);
        if (high >> 6 == 1 || high == 0)
            ask_unit(env, {target, 0, static_cast<u16>((high & 0x3f) << 8 | low)});
    }
}

Unit* first_known(Adapter& adapter) {
    Unit* first = nullptr;
    for (Unit& unit : adapter.units) {
        if (unit.state == State::known && (!first || unit.address.order() < first->address.order()))
            first = &unit;
    }
    return first;
}

void offer_known(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    while (Unit* unit = first_known(adapter)) {
        // The number is the address: after a restart the same name must mean the same disk.
        const base::Text<16> name("sd{}", unit->address.order());
        const BlockProperties& is = unit->facts.properties;
        const auto service = env.offer<Block>(name.view(), is);
        if (!service) {
            if (service.error() == Errno::again) // its former self has not gone yet
                env.set_timer(search_timer, env.now() + search_pause);
            else
                env.log(LogLevel::warning, "target {} unit {}: cannot be offered: {}",
                        unit->address.target, unit->address.unit, service.error());
            forget(*unit);
            continue;
        }
        unit->service = *service;
        unit->state = State::offered;
        env.log(LogLevel::info, "target {} unit {}: {} blocks of {} bytes{}", unit->address.target,
                unit->address.unit, is.capacity >> (unit->facts.shift - 9), is.sector_size,
                is.read_only ? ", read-only" : "");
    }
}

// All targets were asked.
void end_search(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    adapter.searching = 0;
    for (Unit& unit : adapter.units) {
        if (unit.state == State::offered && !unit.seen)
            withdraw_unit(env, unit);
    }
}

} // namespace

Unit* find_unit(Adapter& adapter, UnitAddress address) {
    for (Unit& unit : adapter.units) {
        if (unit.state != State::absent && unit.address == address)
            return &unit;
    }
    return nullptr;
}

void withdraw_unit(Env& env, Unit& unit) {
    const u32 index = static_cast<u32>(&unit - env.arena<Adapter>().units.data());
    if (unit.state == State::offered) {
        env.withdraw(unit.service);
        env.log(LogLevel::notice, "target {} unit {}: is gone", unit.address.target,
                unit.address.unit);
    }
    forget(unit);
    fail_requests_of(env, index);
}

void begin_search(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    if (adapter.searching) {
        adapter.search_again = 1;
        return;
    }
    env.count(count_scans);
    adapter.searching = 1;
    adapter.next_target = 0;
    for (Unit& unit : adapter.units)
        unit.seen = 0;
    continue_search(env);
}

void continue_search(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    if (adapter.broken)
        return;
    for (u32 i = 0; i < most_units && has_room(adapter); ++i) {
        Unit& unit = adapter.units[i];
        if (unit.state != State::absent && unit.asking == 1) { // waited for room
            unit.asking = 2;
            unit.draft = {};
            unit.draft.properties.write_cache = 1; // unless it says otherwise
            ask(env, Question::kind, unit.address, i);
        }
    }
    while (adapter.searching && adapter.next_target < adapter.target_count && has_room(adapter)) {
        const u8 target = static_cast<u8>(adapter.next_target++);
        ask(env, Question::units, {target, 0, 0}, 0);
    }
    if (adapter.questions != 0)
        return;
    if (adapter.searching)
        end_search(env);
    offer_known(env);
    if (adapter.search_again) {
        adapter.search_again = 0;
        env.set_timer(search_timer, env.now() + search_pause);
    }
}

void ask_unit(Env& env, UnitAddress address) {
    Adapter& adapter = env.arena<Adapter>();
    Unit* unit = find_unit(adapter, address);
    for (Unit& free : adapter.units) {
        if (!unit && free.state == State::absent) {
            unit = &free;
            unit->state = State::fresh;
            unit->address = address;
        }
    }
    if (!unit) {
        env.log(LogLevel::warning, "target {} unit {}: one disk too many", address.target,
                address.unit);
        return;
    }
    unit->seen = 1;
    unit->ask_again = unit->asking == 2;
    if (unit->asking == 0)
        unit->asking = 1; // continue_search does it
}

void send_question(Env& env, Slot at) {
    Adapter& adapter = env.arena<Adapter>();
    const Pending& pending = adapter.pending[at];
    const DmaPlace place = slot_place(adapter, at).at(slot::data);
    memset(component::view_of(env, place, slot::data_bytes).data(), 0, slot::data_bytes);
    const Piece piece{place.address,
                      pending.question == Question::units ? slot::data_bytes : limits_data::bytes};
    const CommandShape shape{.address = pending.address,
                             .block = block_of(pending.question),
                             .direction = Direction::from_device,
                             .data = {&piece, 1}};
    if (!send(env, at, shape))
        postpone(env, at);
}

void end_question(Env& env, Slot at, const Outcome& outcome) {
    Adapter& adapter = env.arena<Adapter>();
    Pending& pending = adapter.pending[at];
    if (!outcome.result && outcome.result.error() == Errno::again && ++pending.tries < most_tries) {
        try_again(env, at, outcome);
        return;
    }
    const UnitAddress address = pending.address;
    if (pending.question == Question::units) {
        if (outcome.result)
            take_units(env, at, address.target);
        else if (outcome.result.error() != Errno::nodev)
            ask_unit(env, address); // old ones do not know the question
        adapter.pending.free(at);
        --adapter.questions;
        return;
    }
    Unit& unit = adapter.units[pending.unit];
    Result<> taken = outcome.result;
    if (unit.state == State::absent || unit.address != address)
        taken = Failure(Errno::nodev); // it was taken away meanwhile
    else if (outcome.result)
        taken = take_answer(env, adapter, at, unit.draft);
    const bool needed =
        pending.question == Question::kind || pending.question == Question::capacity;
    const bool gone = !taken && (needed || taken.error() == Errno::nodev);
    if (!gone && pending.question != Question::provisioning) {
        pending.question = static_cast<Question>(static_cast<u32>(pending.question) + 1);
        pending.tries = 0;
        send_question(env, at);
        return;
    }
    adapter.pending.free(at);
    --adapter.questions;
    if (unit.state != State::absent && unit.address == address)
        settle(env, unit, gone ? taken : Result<>());
}

} // namespace virtio_scsi
