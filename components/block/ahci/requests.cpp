// SPDX-License-Identifier: BSD-2-Clause
// Requests on their way to the disks and back. Queued commands and others exclude each other at a
// disk (ACS-3, 4.16), so that a flush waits until those before it are done.
#include "components/block/ahci/controller.h"

namespace ahci {

namespace {

constexpr u32 most_tries = 3;

Port* find_service(Controller& controller, u32 service) {
    for (Port& port : controller.ports) {
        if (port.offered && port.service == service)
            return &port;
    }
    return nullptr;
}

bool carries_data(Operation operation) {
    return operation == Operation::read || operation == Operation::write;
}

// Errors: inval, nospc, opnotsupp.
Result<> check(const Disk& disk, const Request& request) {
    const auto operation = static_cast<Operation>(request.operation);
    if (operation == Operation::flush)
        return {};
    const auto arguments = request.payload<Block::Arguments>();
    const BlockProperties& is = disk.properties;
    const u32 unit = is.sector_size / 512;
    if (arguments.sector > is.capacity || arguments.count > is.capacity - arguments.sector)
        return Failure(Errno::nospc);
    if (arguments.count == 0 || arguments.sector % unit != 0 || arguments.count % unit != 0)
        return Failure(Errno::inval);
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
    default: return Failure(Errno::opnotsupp);
    }
}

Operation operation_of(const Pending& pending) {
    return pending.flushing ? Operation::flush : static_cast<Operation>(pending.request.operation);
}

bool goes_queued(const Port& port, const Pending& pending) {
    return port.disk.queues && !port.careful && carries_data(operation_of(pending));
}

// Whether the disk may be given it beside what it has.
bool may_issue(const Port& port, const Pending& pending) {
    if (port.state != Port::State::ready)
        return false;
    if (port.careful)
        return port.issued == 0;
    return goes_queued(port, pending) ? port.issued == port.queued : port.queued == 0;
}

void set_address(RegisterStructure& to, u64 sector, u32 count, bool wide) {
    for (u32 i = 0; i < 3; ++i) {
        to.address[i] = static_cast<u8>(sector >> (8 * i));
        to.address_high[i] = wide ? static_cast<u8>(sector >> (24 + 8 * i)) : 0;
    }
    to.device = device_by_address;
    if (!wide)
        to.device |= static_cast<u8>(sector >> 24 & 15);
    to.count = static_cast<u8>(count); // 0 means one more than fits
    to.count_high = wide ? static_cast<u8>(count >> 8) : 0;
}

// Errors: inval, acces.
Result<> add_data(Env& env, const component::SharedMemory& table, const Pending& pending,
                  CommandShape& shape) {
    component::DmaSegment pieces[table::most_pieces];
    const auto mapped = env.map_buffer(pending.request, pieces);
    if (!mapped)
        return Failure(mapped.error() == Errno::acces ? Errno::acces : Errno::inval);
    for (const component::DmaSegment& piece : *mapped) {
        if (piece.address % 2 != 0 || piece.length % 2 != 0 || piece.length == 0 ||
            piece.length > table::most_piece_bytes)
            return Failure(Errno::inval);
        write_piece(table, shape.piece_count++, piece.address, static_cast<u32>(piece.length));
    }
    return {};
}

void make_transfer(const Port& port, const Pending& pending, u32 slot, CommandShape& shape) {
    const auto arguments = pending.request.payload<Block::Arguments>();
    const bool through = shape.writes && port.disk.writes_through &&
                         (arguments.flags & Block::flag_force_unit_access) != 0;
    const u64 sector = arguments.sector >> (port.disk.shift - 9);
    const u32 count = arguments.count >> (port.disk.shift - 9);
    RegisterStructure& to = shape.registers;
    set_address(to, sector, count, port.disk.wide);
    if (goes_queued(port, pending)) {
        to.command = shape.writes ? AtaCommand::write_queued : AtaCommand::read_queued;
        to.features = to.count;
        to.features_high = to.count_high;
        to.count = static_cast<u8>(slot << 3);
        to.count_high = 0;
        if (through)
            to.device |= device_through;
    } else if (port.disk.wide) {
        to.command = !shape.writes ? AtaCommand::read_extended
                     : through     ? AtaCommand::write_extended_through
                                   : AtaCommand::write_extended;
    } else {
        to.command = shape.writes ? AtaCommand::write : AtaCommand::read;
    }
}

// One block of ranges (ACS-3, 7.6): 48 bits of address, 16 of length each.
void make_discard(const Port& port, const Pending& pending, u32 slot,
                  const component::SharedMemory& table, CommandShape& shape) {
    const auto arguments = pending.request.payload<Block::Arguments>();
    u64 sector = arguments.sector;
    u32 left = arguments.count;
    for (u32 i = 0; i < trim_entries; ++i) {
        const u32 here = base::minimum(left, trim_most);
        table.store<u64>(table::ranges + i * u32{sizeof(u64)}, here ? sector | u64{here} << 48 : 0);
        sector += here;
        left -= here;
    }
    const u64 at = port.tables.address + slot * table::bytes + table::ranges;
    write_piece(table, shape.piece_count++, at, table::range_bytes);
    shape.writes = true;
    set_address(shape.registers, 0, 1, true);
    shape.registers.command = AtaCommand::data_set_management;
    shape.registers.features = features_trim;
}

// Errors: inval, acces.
Result<CommandShape> make_command(Env& env, const Port& port, const Pending& pending, u32 slot) {
    const component::SharedMemory table(
        component::view_of(env, port.tables.at(slot * table::bytes), table::bytes));
    CommandShape shape;
    switch (operation_of(pending)) {
    case Operation::flush:
        shape.registers.device = device_by_address;
        shape.registers.command =
            port.disk.flushes_wide ? AtaCommand::flush_extended : AtaCommand::flush;
        break;
    case Operation::discard: make_discard(port, pending, slot, table, shape); break;
    default:
        shape.writes = operation_of(pending) == Operation::write;
        TRY(add_data(env, table, pending, shape));
        make_transfer(port, pending, slot, shape);
    }
    return shape;
}

// The disk gets it. Needs may_issue. Errors: inval, acces.
Result<> issue(Env& env, u32 number, Record record) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    Pending& pending = controller.pending[record];
    const u32 slot = static_cast<u32>(std::countr_one(port.issued));
    VERIFY(slot < port.disk.depth); // there are no more records than slots
    const CommandShape shape = TRY(make_command(env, port, pending, slot));
    write_header(env, port, slot, shape);
    pending.stage = Pending::Stage::in_disk;
    pending.since = env.now().value;
    port.records[slot] = record;
    port.issued |= u32{1} << slot;
    const Window at = window_of(controller, number);
    std::atomic_thread_fence(std::memory_order_release); // the command before it is announced
    if (goes_queued(port, pending)) {
        port.queued |= u32{1} << slot;
        Active::write(env, at, u32{1} << slot);
    }
    Issued::write(env, at, u32{1} << slot);
    return {};
}

void answer(Env& env, u32 number, Record record, Result<> outcome) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const Request& request = controller.pending[record].request;
    const u64 id = request.id;
    const u64 bytes = static_cast<Operation>(request.operation) == Operation::flush
                          ? 0
                          : u64{request.payload<Block::Arguments>().count} * 512;
    controller.pending.free(record);
    --port.pending;
    env.count(outcome ? count_completed : count_errors);
    if (outcome)
        env.complete(id, bytes);
    else
        env.complete(id, outcome.error());
}

void make_wait(Controller& controller, Port& port, Record record) {
    controller.pending[record].stage = Pending::Stage::waiting;
    ++port.waiting;
}

// A command is done: its request is answered, or has a flush to follow.
void end(Env& env, u32 number, u32 slot) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const Record record = port.records[slot];
    Pending& pending = controller.pending[record];
    port.issued &= ~(u32{1} << slot);
    port.queued &= ~(u32{1} << slot);
    ++controller.completions;
    const auto arguments = pending.request.payload<Block::Arguments>();
    if (operation_of(pending) == Operation::write && port.disk.properties.write_cache &&
        (arguments.flags & Block::flag_force_unit_access) && !port.disk.writes_through) {
        pending.flushing = 1;
        make_wait(controller, port, record);
        return;
    }
    answer(env, number, record, {});
}

void collect(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    if (port.issued == 0)
        return;
    const Window at = window_of(controller, number);
    const u32 has = Active::read(env, at) & port.queued;
    const u32 still = has | (Issued::read(env, at) & port.issued);
    std::atomic_thread_fence(std::memory_order_acquire); // the data comes before the answer
    for (u32 done = port.issued & ~still; done != 0; done &= done - 1)
        end(env, number, static_cast<u32>(std::countr_zero(done)));
}

// The first of the port's records that wait.
Record first_waiting(Controller& controller, u32 number) {
    Record found;
    u64 order = ~u64{0};
    for (u32 i = 0; i < most_pending; ++i) {
        const Pending* pending = controller.pending.find(Record::at(i));
        if (pending && pending->port == number && pending->stage == Pending::Stage::waiting &&
            pending->order < order) {
            order = pending->order;
            found = Record::at(i);
        }
    }
    return found;
}

} // namespace

void write_piece(const component::SharedMemory& table, u32 index, u64 address, u32 length) {
    const u32 at = table::pieces + index * table::piece_bytes;
    table.store<u64>(at, address);
    table.store<u32>(at + 8, 0);
    table.store<u32>(at + 12, length - 1);
}

void write_header(Env& env, const Port& port, u32 slot, const CommandShape& shape) {
    const DmaPlace place = port.tables.at(slot * table::bytes);
    const component::SharedMemory table(component::view_of(env, place, table::bytes));
    const auto words = std::bit_cast<std::array<u32, header::structure_words>>(shape.registers);
    for (u32 i = 0; i < words.size(); ++i)
        table.store<u32>(i * u32{sizeof(u32)}, words[i]);
    const component::SharedMemory list(component::view_of(env, port.memory.at(port_memory::list),
                                                          most_slots * port_memory::header_bytes));
    const u32 at = slot * port_memory::header_bytes;
    list.store<u32>(at, header::structure_words | (shape.writes ? header::write : 0) |
                            shape.piece_count << header::piece_count_shift);
    list.store<u32>(at + 4, 0);
    list.store<u64>(at + 8, place.address);
}

void issue_waiting(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    if (port.pending == 0)
        port.careful = 0;
    while (port.waiting != 0) {
        const Record record = first_waiting(controller, number);
        const Pending& pending = controller.pending[record];
        if (port.careful && port.issued == 0 && pending.order > port.careful_until)
            port.careful = 0;
        if (!may_issue(port, pending))
            break;
        --port.waiting;
        if (const Result<> issued = issue(env, number, record); !issued)
            answer(env, number, record, issued);
    }
    keep_watch(env);
}

void fail_requests(Env& env, u32 number, Errno error) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    port.issued = port.queued = port.waiting = port.careful = 0;
    for (u32 i = 0; i < most_pending && port.pending != 0; ++i) {
        const Pending* pending = controller.pending.find(Record::at(i));
        if (pending && pending->port == number)
            answer(env, number, Record::at(i), Failure(error));
    }
}

// Which of several commands failed shows when each is tried alone, without queueing.
void recover(Env& env, u32 number, u32 task_file) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    const bool alone = port.careful && std::has_single_bit(port.issued);
    env.log(LogLevel::warning, "port {}: error (task file {:#x}), {} commands are tried again",
            number, task_file, std::popcount(port.issued));
    for (u32 left = port.issued; left != 0; left &= left - 1) {
        const Record record = port.records[static_cast<u32>(std::countr_zero(left))];
        Pending& pending = controller.pending[record];
        if (alone && (task_file & (task::uncorrectable | task::not_found)))
            pending.tries = most_tries;
        if (alone && ++pending.tries >= most_tries) {
            answer(env, number, record, Failure(Errno::io));
            continue;
        }
        env.count(count_retries);
        make_wait(controller, port, record);
    }
    port.issued = port.queued = 0;
    if (!port.careful && port.pending != 0) {
        port.careful = 1;
        port.careful_until = controller.arrivals;
    }
    reset_port(env, number);
}

void look_at_port(Env& env, u32 number) {
    Controller& controller = env.arena<Controller>();
    Port& port = controller.ports[number];
    if ((port.state != Port::State::ready && port.state != Port::State::empty) || controller.broken)
        return; // others are looked at by steps
    const Window at = window_of(controller, number);
    const u32 causes = PortInterrupts::read(env, at);
    PortInterrupts::write(env, at, causes);
    if (port.state == Port::State::empty) {
        if (causes & cause::link_changed)
            reset_port(env, number);
        return;
    }
    if (causes & (cause::errors | cause::link_changed)) {
        const u32 task_file = causes & cause::task_file ? TaskFile::read(env, at) : 0;
        if (!(causes & cause::task_file))
            collect(env, number);
        recover(env, number, task_file);
        return;
    }
    collect(env, number);
    issue_waiting(env, number);
}

Answer submit(Env& env, const Request& request) {
    Controller& controller = env.arena<Controller>();
    if (controller.broken)
        return Answer::failed(Errno::io);
    Port* port = find_service(controller, request.service);
    if (!port)
        return Answer::failed(Errno::nodev);
    const u32 number = static_cast<u32>(port - controller.ports.data());
    if (const Result<> checked = check(port->disk, request); !checked)
        return Answer::failed(checked.error());
    if (static_cast<Operation>(request.operation) == Operation::flush &&
        !port->disk.properties.write_cache)
        return Answer::done(0);
    if (port->pending >= port->disk.depth || controller.pending.full())
        return Answer::busy();
    const Record record = controller.pending.allocate();
    Pending& pending = controller.pending[record];
    pending.request = request;
    pending.order = ++controller.arrivals;
    pending.port = number;
    ++port->pending;
    if (port->waiting != 0 || !may_issue(*port, pending)) {
        make_wait(controller, *port, record);
    } else if (const Result<> issued = issue(env, number, record); !issued) {
        controller.pending.free(record);
        --port->pending;
        return Answer::failed(issued.error());
    }
    keep_watch(env);
    return Answer::pending();
}

} // namespace ahci
