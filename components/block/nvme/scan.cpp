// SPDX-License-Identifier: BSD-2-Clause
// The scan for namespaces: each that can be used is offered as a disk, and withdrawn when it is no
// longer among the active ones.
#include "components/block/nvme/controller.h"

namespace nvme {

namespace {

Namespace* find(Controller& controller, u32 id) {
    for (Namespace& name_space : controller.namespaces) {
        if (name_space.id == id)
            return &name_space;
    }
    return nullptr;
}

void withdraw(Env& env, Namespace& name_space) {
    if (name_space.state == Namespace::State::offered) {
        env.withdraw(name_space.service);
        env.log(LogLevel::notice, "namespace {} is gone", name_space.id);
    }
    name_space = {};
}

// What the controller's answer says of a namespace. Errors: nodev (there is none of that number),
// opnotsupp (it has a format that is not supported), proto.
Result<BlockProperties> properties_of(Env& env, u32& shift) {
    namespace data = namespace_data;
    const Controller& controller = env.arena<Controller>();
    const component::SharedMemory answer(component::view_of(env, controller.page, page_bytes));
    const u64 blocks = answer.load<u64>(data::size);
    if (blocks == 0)
        return Failure(Errno::nodev);
    const u8 format = answer.load<u8>(data::format);
    const u32 index = (format & 15u) | (format & 0x60u) >> 1;
    if (index > answer.load<u8>(data::format_count) || index >= 64)
        return Failure(Errno::proto);
    const u32 is = answer.load<u32>(data::formats + index * data::format_bytes);
    shift = (is >> 16) & 0xff;
    if ((is & 0xffff) != 0) // metadata with each block
        return Failure(Errno::opnotsupp);
    if (shift < 9 || shift > 12)
        return Failure(Errno::opnotsupp);
    if (blocks >> (55 - (shift - 9)))
        return Failure(Errno::proto);
    BlockProperties properties;
    properties.capacity = blocks << (shift - 9);
    properties.sector_size = u32{1} << shift;
    properties.physical_sector_size = properties.sector_size;
    if (answer.load<u8>(data::features) & data::has_granularity) {
        const u32 granularity = answer.load<u16>(data::write_granularity) + 1u;
        if (std::has_single_bit(granularity) && granularity <= 16)
            properties.physical_sector_size *= granularity;
    }
    properties.read_only = (answer.load<u8>(data::attributes) & data::write_protected) != 0;
    return properties;
}

bool deallocates_to_zeroes(Env& env) {
    namespace data = namespace_data;
    const Controller& controller = env.arena<Controller>();
    const component::SharedMemory answer(component::view_of(env, controller.page, page_bytes));
    return (answer.load<u8>(data::deallocation) & data::deallocation_mask) ==
           data::deallocates_to_zeroes;
}

// The same for every namespace of the controller.
void add_limits(const Controller& controller, u32 shift, BlockProperties& properties) {
    constexpr u32 most_discarded = 1 << 23; // sectors; any 32-bit number of blocks would do
    properties.max_segments = most_segments;
    properties.max_request_bytes = controller.command_bytes;
    properties.queue_depth = controller.depth;
    properties.write_cache = controller.write_cache;
    properties.discard = (controller.optional_commands & controller_data::can_deallocate) != 0;
    properties.max_discard_sectors = properties.discard ? most_discarded : 0;
    properties.write_zeroes =
        (controller.optional_commands & controller_data::can_write_zeroes) != 0;
    properties.max_write_zeroes_sectors = properties.write_zeroes ? most_blocks << (shift - 9) : 0;
    for (usize i = 0; i < sizeof controller.serial; ++i)
        properties.serial[i] = controller.serial[i];
}

Result<> offer(Env& env, Namespace& name_space, const BlockProperties& properties) {
    name_space.properties = properties;
    if (name_space.state == Namespace::State::offered)
        return env.update_offer<Block>(name_space.service, properties);
    const base::Text<24> name("n{}", name_space.id);
    name_space.service = TRY(env.offer<Block>(name.view(), properties));
    name_space.state = Namespace::State::offered;
    env.log(LogLevel::info, "namespace {}: {} blocks of {} bytes{}", name_space.id,
            properties.capacity / (properties.sector_size / 512), properties.sector_size,
            properties.read_only ? ", read-only" : "");
    return {};
}

// Takes the controller's answer about namespace `id`. Errors: those of properties_of; nospc; again
// (its former self has to go first).
Result<> take_namespace(Env& env, u32 id) {
    Controller& controller = env.arena<Controller>();
    u32 shift = 9;
    BlockProperties properties = TRY(properties_of(env, shift));
    add_limits(controller, shift, properties);
    Namespace* name_space = find(controller, id);
    if (name_space && name_space->shift != shift) { // formatted anew: another disk
        withdraw(env, *name_space);
        return Failure(Errno::again);
    }
    if (!name_space)
        name_space = find(controller, 0);
    if (!name_space)
        return Failure(Errno::nospc);
    name_space->id = id;
    name_space->shift = shift;
    name_space->may_unmap = deallocates_to_zeroes(env);
    name_space->seen = 1;
    return offer(env, *name_space, properties);
}

// The list of active namespaces; before NVMe 1.1 they are numbered through.
void take_list(Env& env, CommandStatus status) {
    Controller& controller = env.arena<Controller>();
    Scan& scan = controller.scan;
    scan.count = 0;
    if (controller.version >= version_1_1 && status.ok()) {
        const component::SharedMemory answer(component::view_of(env, controller.page, page_bytes));
        while (scan.count < most_namespaces) {
            const u32 id = answer.load<u32>(scan.count * u32{sizeof(u32)});
            // In rising order up to a zero.
            if (id == 0 || id == ~u32{0} || (scan.count != 0 && id <= scan.ids[scan.count - 1]))
                break;
            scan.ids[scan.count++] = id;
        }
        return;
    }
    while (scan.count < base::minimum(controller.namespace_count, most_namespaces)) {
        scan.ids[scan.count] = scan.count + 1;
        ++scan.count;
    }
}

// Asks for the namespace whose turn it is, or ends the scan.
void ask_for_next(Env& env) {
    Controller& controller = env.arena<Controller>();
    Scan& scan = controller.scan;
    if (scan.position < scan.count) {
        scan.step = Scan::Step::name_space;
        begin_call(env, identify(controller, Identified::name_space, scan.ids[scan.position]));
        return;
    }
    for (Namespace& name_space : controller.namespaces) {
        if (name_space.id != 0 && !name_space.seen)
            withdraw(env, name_space);
    }
    scan.step = Scan::Step::idle;
    if (scan.again)
        begin_scan(env, Scan::Step::log);
}

void ask_for_list(Env& env) {
    Controller& controller = env.arena<Controller>();
    controller.scan.step = Scan::Step::list;
    begin_call(env, identify(controller, Identified::active_namespaces, 0));
}

} // namespace

void begin_scan(Env& env, Scan::Step first) {
    Controller& controller = env.arena<Controller>();
    Scan& scan = controller.scan;
    if (scan.step != Scan::Step::idle || controller.call.under_way) {
        scan.again = 1;
        return;
    }
    env.count(count_scans);
    scan = {};
    for (Namespace& name_space : controller.namespaces)
        name_space.seen = 0;
    if (first == Scan::Step::list) {
        ask_for_list(env);
    } else {
        scan.step = Scan::Step::log;
        Command command;
        command.opcode = static_cast<u8>(AdminOpcode::get_log_page);
        command.namespace_id = ~u32{0};
        command.prp1 = controller.page.address;
        command.word10 = (page_bytes / 4 - 1) << 16 | log_changed_namespaces;
        begin_call(env, command);
    }
    keep_watch(env);
}

void continue_scan(Env& env, CommandStatus status) {
    Scan& scan = env.arena<Controller>().scan;
    switch (scan.step) {
    case Scan::Step::idle: return;
    case Scan::Step::log: // what it says does not matter: all are looked at
        ask_for_list(env);
        return;
    case Scan::Step::list:
        take_list(env, status);
        ask_for_next(env);
        return;
    case Scan::Step::name_space: {
        const u32 id = scan.ids[scan.position++];
        const Result<> taken = status.ok() ? take_namespace(env, id) : Failure(Errno::io);
        if (!taken && taken.error() == Errno::again)
            env.set_timer(scan_timer, env.now() + base::seconds(1));
        else if (!taken && taken.error() != Errno::nodev)
            env.log(LogLevel::warning, "namespace {} cannot be used: {}", id, taken.error());
        ask_for_next(env);
        return;
    }
    }
}

} // namespace nvme
