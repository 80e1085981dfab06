// SPDX-License-Identifier: BSD-2-Clause
// Bringing a port up, from its link to a disk that is offered (AHCI 1.3.1, 10.1.1, 10.4.2, 10.10;
// Serial ATA 3.x for the link). Nothing here waits: an unsettled port is looked at again and again.
#include "base/memory_functions.h"
#include "components/block/ahci/controller.h"

namespace ahci {

namespace {

using State = Port::State;

constexpr Nanos stop_limit = base::milliseconds(500); // 10.4.2: for PxCMD.CR
constexpr Nanos reset_length = base::milliseconds(1); // 10.4.2: of COMRESET
constexpr Nanos link_limit = base::seconds(1);
constexpr Nanos wake_limit = base::seconds(30); // a disk that spins up
constexpr Nanos identify_limit = base::seconds(10);
constexpr u32 most_failures = 3;
constexpr u32 identify_slot = 0;

bool is_linked(Env& env, Window at) {
    const u32 is = LinkStatus::read(env, at);
    return link::Detection::get(is) == link::established && link::Power::get(is) == link::active;
}

// Nothing usable is there: what was, is gone.
void leave_empty(Env& env, u32 number, std::string_view why) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const Window at = window_of(controller, number);
    if (!why.empty())
        env.log(LogLevel::warning, "port {}: {}", number, why);
    PortCommand::write(env, at, PortCommand::read(env, at) & ~port_command::start);
    fail_requests(env, number, Errno::io);
    if (port.offered) {
        env.withdraw(port.service);
        port.offered = 0;
        env.log(LogLevel::notice, "port {}: disk is gone", number);
    }
    port.failures = 0;
    enter(env, port, State::empty);
    // From here on only a connection is of interest.
    LinkErrors::write(env, at, ~u32{0});
    PortInterrupts::write(env, at, ~u32{0});
    PortInterruptEnable::write(env, at, cause::link_changed);
}

void try_again(Env& env, u32 number, std::string_view why) {
    Port& port = env.arena<Controller>().ports[number];
    if (++port.failures >= most_failures)
        leave_empty(env, number, why);
    else
        reset_port(env, number);
}

void ask_what_it_is(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const Window at = window_of(controller, number);
    if (port.tables.address == 0) {
        const auto tables = component::allocate_place(env, controller.slots * table::bytes, 4096);
        if (!tables) {
            leave_empty(env, number, "no memory for its commands");
            return;
        }
        port.tables = *tables;
    }
    LinkErrors::write(env, at, ~u32{0});
    PortInterrupts::write(env, at, ~u32{0});
    PortCommand::write(env, at, PortCommand::read(env, at) | port_command::start);
    const component::SharedMemory table(
        component::view_of(env, port.tables.at(identify_slot * table::bytes), table::bytes));
    write_piece(table, 0, port.memory.address + port_memory::identity, identity::bytes);
    write_header(env, port, identify_slot, {.registers = {}, .piece_count = 1});
    enter(env, port, State::identifying);
    Issued::write(env, at, 1 << identify_slot);
}

// Whether the disk that answered is the one that was there before.
bool is_same(const Disk& before, const Disk& now) {
    return before.properties.capacity == now.properties.capacity &&
           before.properties.sector_size == now.properties.sector_size &&
           memcmp(before.properties.serial, now.properties.serial, sizeof now.properties.serial) ==
               0;
}

void take_answer(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const Window at = window_of(controller, number);
    const Result<Disk> disk = read_identity(env, port);
    if (!disk) {
        if (disk.error() == Errno::proto)
            try_again(env, number, "disk tells nonsense of itself");
        else
            leave_empty(env, number, "disk of a kind that is not driven");
        return;
    }
    if (port.offered && !is_same(port.disk, *disk)) {
        leave_empty(env, number, "another disk than before");
        reset_port(env, number); // to be offered when the former one has gone
        return;
    }
    port.disk = *disk;
    port.failures = 0;
    enter(env, port, State::ready);
    PortInterrupts::write(env, at, ~u32{0});
    PortInterruptEnable::write(env, at, cause::answers | cause::errors | cause::link_changed);
    if (!controller.starting)
        offer_disk(env, number);
    issue_waiting(env, number);
}

void step_identifying(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    const Port& port = controller.ports[number];
    const Window at = window_of(controller, number);
    const u32 causes = PortInterrupts::read(env, at);
    if (causes & (cause::errors | cause::link_changed))
        try_again(env, number, "device does not say what it is");
    else if (!(Issued::read(env, at) & 1 << identify_slot))
        take_answer(env, number);
    else if (env.now().value - port.since > identify_limit.value)
        try_again(env, number, "device does not say what it is");
}

void step_waking(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    const Port& port = controller.ports[number];
    const Window at = window_of(controller, number);
    if (!is_linked(env, at)) {
        try_again(env, number, "link does not last");
    } else if (TaskFile::read(env, at) & (task::busy | task::data_request)) {
        if (env.now().value - port.since > wake_limit.value)
            try_again(env, number, "device does not become ready");
    } else if (const u32 is = Signature::read(env, at); is == signature::disk) {
        ask_what_it_is(env, number);
    } else {
        leave_empty(env, number,
                    is == signature::packet ? "a drive for discs: not driven"
                                            : "a device that is no disk: not driven");
    }
}

} // namespace

void enter(Env& env, Port& port, State state) {
    port.state = state;
    port.since = env.now().value;
}

void reset_port(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const Window at = window_of(controller, number);
    env.count(count_resets);
    PortInterruptEnable::write(env, at, 0);
    PortCommand::write(env, at, PortCommand::read(env, at) & ~port_command::start);
    enter(env, port, State::stopping);
    keep_polling(env);
}

void step(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const Window at = window_of(controller, number);
    const u64 elapsed = env.now().value - port.since;
    switch (port.state) {
    case State::absent:
    case State::empty:
    case State::ready: return;
    case State::stopping:
        if (!(PortCommand::read(env, at) & port_command::runs)) {
            LinkControl::write(env, at, link::stay_awake | link::reset);
            enter(env, port, State::resetting);
        } else if (elapsed > stop_limit.value) { // what it still has it may still write to
            give_up(env, Errno::timedout, "a port does not stop");
        }
        return;
    case State::resetting:
        if (elapsed >= reset_length.value) {
            LinkControl::write(env, at, link::stay_awake);
            enter(env, port, State::linking);
        }
        return;
    case State::linking:
        if (is_linked(env, at)) {
            LinkErrors::write(env, at, ~u32{0});
            enter(env, port, State::waking);
            step_waking(env, number);
        } else if (elapsed > link_limit.value || (controller.starting && !port.awaited)) {
            leave_empty(env, number, "");
        }
        return;
    case State::waking: step_waking(env, number); return;
    case State::identifying: step_identifying(env, number); return;
    }
}

void offer_disk(Env& env, u32 number) {
    Port& port = env.arena<Controller>().ports[number];
    if (port.offered)
        return;
    // The number keeps the disks of a controller apart when they are offered again.
    const base::Text<8> name("sd{}", number);
    const auto service = env.offer<Block>(name.view(), port.disk.properties);
    if (!service && service.error() == Errno::again) { // its former self has not gone yet
        reset_port(env, number);
        return;
    }
    if (!service) {
        env.log(LogLevel::warning, "port {}: disk cannot be offered: {}", number, service.error());
        leave_empty(env, number, "");
        return;
    }
    port.service = *service;
    port.offered = 1;
    const BlockProperties& is = port.disk.properties;
    env.log(LogLevel::info, "port {}: {} sectors of {} bytes{}", number,
            is.capacity >> (port.disk.shift - 9), is.sector_size,
            port.disk.queues ? ", queued commands" : "");
}

} // namespace ahci
