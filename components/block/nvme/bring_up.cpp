// SPDX-License-Identifier: BSD-2-Clause
// Bringing the controller up and down (NVM Express Base 2.0, 3.5.1).
#include "components/block/nvme/controller.h"

namespace nvme {

namespace {

constexpr u64 default_timeout_seconds = 30;

Failure refuse(Env& env, Errno error, std::string_view why) {
    env.log(LogLevel::error, "{}", why);
    return Failure(error);
}

// What the controller can do and how it wants to be spoken to. Errors: nodev, proto.
Result<> read_capabilities(Env& env) {
    Controller& controller = env.arena<Controller>();
    const component::WindowInfo window = TRY(env.window(registers.index));
    if (window.kind != 1 || window.length < 2 * doorbells)
        return refuse(env, Errno::nodev, "registers are not where they should be");
    const u64 is =
        CapabilitiesLow::read(env, registers) | u64{CapabilitiesHigh::read(env, registers)} << 32;
    controller.version = VersionNumber::read(env, registers);
    if (is == ~u64{0})
        return refuse(env, Errno::nodev, "nothing answers");
    if (!capability::NvmCommands::is_set(is) && !capability::ManyCommandSets::is_set(is))
        return refuse(env, Errno::nodev, "controller has no NVM command set");
    if (capability::SmallestPage::get(is) != 0)
        return refuse(env, Errno::nodev, "controller wants pages above 4 KiB");
    controller.stride = u32{4} << capability::DoorbellStride::get(is);
    if (doorbells + 4 * u64{controller.stride} > window.length)
        return refuse(env, Errno::proto, "doorbells lie outside the registers");
    controller.ready_limit = static_cast<u32>(capability::Timeout::get(is) + 1) * 500;
    const u64 entries = capability::QueueEntries::get(is) + 1;
    if (entries < 2)
        return refuse(env, Errno::proto, "controller has impossibly short queues");
    const u64 size = base::minimum<u64>(entries, io_queue_entries);
    controller.depth = static_cast<u32>(base::minimum<u64>(size - 1, most_commands));
    return {};
}

// Waits until `status & mask` is `wanted`. Errors: timedout, nodev, io.
Result<> wait_for_status(Env& env, u32 mask, u32 wanted) {
    const Nanos deadline = env.now() + base::milliseconds(env.arena<Controller>().ready_limit);
    while (true) {
        const u32 is = Status::read(env, registers);
        if (is == status::dead_bus)
            return refuse(env, Errno::nodev, "controller is gone");
        if ((is & mask) == wanted)
            return {};
        if (wanted != 0 && (is & status::fatal))
            return refuse(env, Errno::io, "controller reports a fatal error");
        if (env.now() >= deadline)
            return refuse(env, Errno::timedout, "controller does not become ready");
        TRY(env.sleep(base::microseconds(200)));
    }
}

// The reset that ends whatever a former driver left. Errors: timedout, nodev.
Result<> disable(Env& env) {
    Configuration::write(env, registers,
                         Configuration::read(env, registers) & ~configuration::enable);
    return wait_for_status(env, status::ready, 0);
}

Result<> allocate_memory(Env& env) {
    Controller& controller = env.arena<Controller>();
    const u16 size = static_cast<u16>(
        base::minimum<u32>(io_queue_entries, base::maximum(controller.depth + 1, 2u)));
    const DmaPlace admin = TRY(component::allocate_place(env, 2 * page_bytes, page_bytes));
    controller.admin.initialize(0, admin_queue_entries, admin, admin.at(page_bytes));
    const DmaPlace submissions =
        TRY(component::allocate_place(env, size * sizeof(Command), page_bytes));
    const DmaPlace completions =
        TRY(component::allocate_place(env, size * sizeof(Completion), page_bytes));
    controller.io.initialize(1, size, submissions, completions);
    controller.slots = TRY(component::allocate_place(env, most_commands * slot_bytes, page_bytes));
    controller.page = TRY(component::allocate_place(env, page_bytes, page_bytes));
    return {};
}

// Errors: timedout, io, nodev.
Result<> enable(Env& env) {
    Controller& controller = env.arena<Controller>();
    const auto low = [](u64 address) { return static_cast<u32>(address); };
    const auto high = [](u64 address) { return static_cast<u32>(address >> 32); };
    constexpr u32 entries = admin_queue_entries - 1;
    AdminQueueAttributes::write(env, registers, entries << 16 | entries);
    const u64 submissions = controller.admin.submissions().address;
    const u64 completions = controller.admin.completions().address;
    AdminSubmissionLow::write(env, registers, low(submissions));
    AdminSubmissionHigh::write(env, registers, high(submissions));
    AdminCompletionLow::write(env, registers, low(completions));
    AdminCompletionHigh::write(env, registers, high(completions));
    (void)env.control(component::ControlKind::bus_master, 1);
    Configuration::write(env, registers,
                         configuration::enable | configuration::submission_entry |
                             configuration::completion_entry);
    return wait_for_status(env, status::ready, status::ready);
}

// Message 0 tells of the admin queue, message 1 of the other; with one, or the line, of both.
Result<> connect_interrupts(Env& env) {
    Controller& controller = env.arena<Controller>();
    const auto messages = env.control(component::ControlKind::message_interrupts, 2);
    controller.messages = messages ? static_cast<u32>(base::minimum<u64>(*messages, 2)) : 0;
    TRY(env.enable_interrupt(0));
    if (controller.messages == 2)
        TRY(env.enable_interrupt(1));
    return {};
}

// Errors: io, timedout, proto.
Result<> identify_controller(Env& env) {
    namespace data = controller_data;
    Controller& controller = env.arena<Controller>();
    TRY(call(env, identify(controller, Identified::controller, 0)));
    const component::SharedMemory answer(component::view_of(env, controller.page, page_bytes));
    const u8 submission = answer.load<u8>(data::submission_sizes);
    const u8 completion = answer.load<u8>(data::completion_sizes);
    if ((submission & 15) > 6 || submission >> 4 < 6 || (completion & 15) > 4 ||
        completion >> 4 < 4)
        return refuse(env, Errno::proto, "controller takes no queue entries of ordinary size");
    const u8 limit = answer.load<u8>(data::transfer_limit);
    controller.command_bytes =
        limit != 0 && limit < 16 ? base::minimum(most_bytes, page_bytes << limit) : most_bytes;
    controller.optional_commands = answer.load<u16>(data::optional_commands);
    controller.namespace_count = answer.load<u32>(data::namespaces);
    controller.write_cache = answer.load<u8>(data::write_cache) & 1;
    controller.events = (answer.load<u32>(data::events) & event_namespaces) != 0;
    u32 length = 0;
    for (u32 i = 0; i < data::serial_bytes; ++i) {
        const char c = static_cast<char>(answer.load<u8>(data::serial + i));
        controller.serial[i] = c >= ' ' && c < 127 ? c : '_';
        length = c != ' ' && c != 0 ? i + 1 : length;
    }
    controller.serial[length] = 0;
    return {};
}

// One pair: the handlers run in one strand, which more could not make any faster. Errors: io,
// timedout.
Result<> create_io_queues(Env& env) {
    Controller& controller = env.arena<Controller>();
    Command count;
    count.opcode = static_cast<u8>(AdminOpcode::set_features);
    count.word10 = feature::queue_count; // word 11: one of each, counted from 0
    TRY(call(env, count));
    constexpr u32 contiguous = 1, interrupts = 2, pair = 1;
    const u32 shape = u32{controller.io.size() - 1u} << 16 | pair;
    Command completions;
    completions.opcode = static_cast<u8>(AdminOpcode::create_completion_queue);
    completions.prp1 = controller.io.completions().address;
    completions.word10 = shape;
    completions.word11 = (controller.messages == 2 ? 1u << 16 : 0) | interrupts | contiguous;
    TRY(call(env, completions));
    Command submissions;
    submissions.opcode = static_cast<u8>(AdminOpcode::create_submission_queue);
    submissions.prp1 = controller.io.submissions().address;
    submissions.word10 = shape;
    submissions.word11 = pair << 16 | contiguous;
    TRY(call(env, submissions));
    return {};
}

// Not every controller tells; then there is nothing to wait for.
void ask_for_events(Env& env) {
    Controller& controller = env.arena<Controller>();
    if (!controller.events)
        return;
    Command command;
    command.opcode = static_cast<u8>(AdminOpcode::set_features);
    command.word10 = feature::event_configuration;
    command.word11 = event_namespaces;
    controller.events = call(env, command).has_value();
    if (controller.events && !controller.broken)
        wait_for_event(env);
}

// Seconds of pith.nvme.timeout.
u64 configured_timeout(Env& env) {
    char buffer[8];
    u64 seconds = 0;
    if (const auto text = env.configuration("timeout", buffer)) {
        for (const char c : *text)
            seconds = c >= '0' && c <= '9' ? seconds * 10 + static_cast<u64>(c - '0') : 0;
    }
    return seconds != 0 ? seconds : default_timeout_seconds;
}

Result<> bring_up(Env& env) {
    Controller& controller = env.arena<Controller>();
    TRY(disable(env));
    TRY(allocate_memory(env));
    TRY(enable(env));
    TRY(connect_interrupts(env));
    TRY(identify_controller(env));
    TRY(create_io_queues(env));
    ask_for_events(env);
    begin_scan(env, Scan::Step::list);
    while (controller.scan.step != Scan::Step::idle && !controller.broken) {
        if (env.now().value - controller.call.since > controller.timeout)
            return refuse(env, Errno::timedout, "no answer while looking for namespaces");
        TRY(env.sleep(base::microseconds(100)));
        collect_admin(env);
    }
    return controller.broken ? Result<>(Failure(Errno::io)) : Result<>();
}

} // namespace

Result<> start_controller(Env& env) {
    Controller& controller = env.arena<Controller>();
    controller.timeout = configured_timeout(env) * base::nanos_per_second.value;
    TRY(read_capabilities(env));
    const Result<> up = bring_up(env);
    if (!up)
        Configuration::write(env, registers, 0); // it must not go on writing to our memory
    return up;
}

// The queues stayed where they are and the controller went on; an interrupt may have been missed.
Result<> resume_controller(Env& env) {
    collect_admin(env);
    collect(env);
    keep_watch(env);
    return {};
}

void stop_controller(Env& env) {
    Configuration::write(env, registers,
                         Configuration::read(env, registers) | configuration::normal_shutdown);
    (void)wait_for_status(env, static_cast<u32>(status::Shutdown::mask),
                          static_cast<u32>(status::Shutdown::put(status::shutdown_complete)));
    (void)disable(env);
}

} // namespace nvme
