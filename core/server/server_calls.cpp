// SPDX-License-Identifier: BSD-2-Clause
// The system calls of a server process, and what happens when its program traps. Most are entries
// of the kernel's own EnvTable with their pointers copied; what hands out memory shows it in the
// process first.
#include <array>

#include "core/server/call_support.h"

namespace core::server {

using namespace component;
using component::server::Call;
using component::server::call_count;

namespace {

template <unsigned Index>
u64 word(const UserFrame& frame) {
    return arch::argument(frame, Index);
}

// --- the entry itself

i64 done(UserFrame& frame) {
    HandlerThread::current().finish({word<0>(frame), word<1>(frame)});
}
i64 make_room(UserFrame& frame) {
    const auto made = HandlerThread::current().process().make_room(word<0>(frame));
    return made ? 0 : error(made.error());
}
i64 seal(UserFrame& frame) {
    const auto sealed = HandlerThread::current().process().seal(word<0>(frame));
    return sealed ? 0 : error(sealed.error());
}

// --- calls without pointers

template <auto Function>
struct Passed;
template <typename... Arguments, i64 (*Function)(Env*, Arguments...)>
struct Passed<Function> {
    template <usize... Index>
    static i64 with(UserFrame& frame, std::index_sequence<Index...>) {
        return Function(env_of(HandlerThread::current()),
                        static_cast<Arguments>(arch::argument(frame, Index))...);
    }
    static i64 call(UserFrame& frame) {
        return with(frame, std::index_sequence_for<Arguments...>());
    }
};

// --- time and diagnosis

i64 log(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const HostText<200> text(thread, word<1>(frame), word<2>(frame));
    return EnvCalls::log(env_of(thread), static_cast<component::LogLevel>(word<0>(frame)),
                         text.bytes, text.length);
}
i64 fail(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const HostText<200> text(thread, word<1>(frame), word<2>(frame));
    const u32 why = static_cast<u32>(word<0>(frame)) & 0xfff;
    return EnvCalls::fail(env_of(thread), why, text.bytes, text.length);
}
i64 sleep_until(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    thread.end_views();
    return EnvCalls::sleep_until(env_of(thread), word<0>(frame));
}
i64 random(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    u8 bytes[64];
    for (u64 at = 0; at < word<1>(frame);) {
        const u64 here = word<1>(frame) - at < sizeof bytes ? word<1>(frame) - at : sizeof bytes;
        EnvCalls::random(nullptr, bytes, here);
        write_out(thread, word<0>(frame) + at, bytes, here);
        at += here;
    }
    return 0;
}
i64 configuration(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const HostText<64> key(thread, word<0>(frame), word<1>(frame));
    char value[256];
    const u64 capacity = word<3>(frame) < sizeof value ? word<3>(frame) : sizeof value;
    const i64 length =
        EnvCalls::configuration(env_of(thread), key.bytes, key.length, value, capacity);
    if (length > 0)
        write_out(thread, word<2>(frame), value, static_cast<usize>(length));
    return length;
}

// --- the device

i64 window_info(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    WindowInfo info{};
    const i64 answer =
        EnvCalls::window_info(env_of(thread), static_cast<u32>(word<0>(frame)), &info);
    if (answer >= 0)
        write_out(thread, word<1>(frame), &info, sizeof info);
    return answer;
}
i64 read_register(UserFrame& frame) {
    u64 value = 0;
    const i64 answer =
        EnvCalls::read_register(env_of(HandlerThread::current()), static_cast<u32>(word<0>(frame)),
                                word<1>(frame), static_cast<u32>(word<2>(frame)), &value);
    arch::set_second_result(frame, value);
    return answer;
}
i64 window_memory(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const auto shown =
        thread.process().show_window(static_cast<u32>(word<0>(frame)), word<1>(frame));
    if (!shown)
        return error(shown.error());
    arch::set_second_result(frame, reinterpret_cast<u64>(shown->data()));
    return static_cast<i64>(shown->size());
}

// --- memory for the device

i64 allocate_dma(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    DmaBlock block;
    const i64 answer =
        EnvCalls::allocate_dma(env_of(thread), word<0>(frame), word<1>(frame), &block);
    if (answer >= 0)
        write_out(thread, word<2>(frame), &block, sizeof block);
    return answer;
}
i64 free_dma(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const u32 block = static_cast<u32>(word<0>(frame));
    if (block < DmaBlocks::capacity)
        thread.process().hide_dma(block);
    return EnvCalls::free_dma(env_of(thread), block);
}
i64 dma_view(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const u32 block = static_cast<u32>(word<0>(frame));
    u8* view = nullptr;
    const i64 length = EnvCalls::dma_view(env_of(thread), block, &view);
    if (length < 0)
        return length;
    const auto shown = thread.process().show_dma(block, {view, static_cast<usize>(length)});
    if (!shown)
        return error(shown.error());
    arch::set_second_result(frame, *shown);
    return length;
}
i64 dma_block(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    DmaBlock block;
    const i64 answer =
        EnvCalls::dma_block(env_of(thread), static_cast<u32>(word<0>(frame)), &block);
    if (answer >= 0)
        write_out(thread, word<1>(frame), &block, sizeof block);
    return answer;
}

// --- buffers

i64 map_buffer(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const auto buffer = read_struct<Buffer>(thread, word<1>(frame));
    constexpr u32 room = 64;
    DmaSegment segments[room];
    const u32 capacity = word<3>(frame) < room ? static_cast<u32>(word<3>(frame)) : room;
    const i64 count =
        EnvCalls::map_buffer(env_of(thread), word<0>(frame), &buffer, segments, capacity);
    if (count > 0)
        write_out(thread, word<2>(frame), segments, static_cast<usize>(count) * sizeof *segments);
    return count;
}
i64 buffer_view(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const auto buffer = read_struct<Buffer>(thread, word<1>(frame));
    const auto view = thread.view_buffer(word<0>(frame), buffer, word<2>(frame));
    if (!view)
        return error(view.error());
    arch::set_second_result(frame, view->address);
    return static_cast<i64>(view->length);
}

// (request, buffer, offset, memory, length), piece by piece between buffer and process.
template <bool ToBuffer>
i64 copy_buffer(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const auto buffer = read_struct<Buffer>(thread, word<1>(frame));
    struct Copy {
        HandlerThread& thread;
        u64 at;
    } copy{thread, word<3>(frame)};
    return EnvCalls::visit_pieces(
        thread.process().instance(),
        {word<0>(frame), buffer, word<2>(frame), word<4>(frame)},
        [](void* argument, u8* place, u64 length) {
            auto& c = *static_cast<Copy*>(argument);
            if constexpr (ToBuffer)
                read_into(c.thread, place, c.at, length);
            else
                write_out(c.thread, c.at, place, length);
            c.at += length;
        },
        &copy);
}

// --- services and requests

i64 offer(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    auto offered = read_struct<ServiceOffer>(thread, word<0>(frame));
    alignas(8) u8 properties[sizeof(Instance::Service::properties)];
    if (offered.property_bytes > sizeof properties)
        return error(Errno::proto);
    read_into(thread, properties, reinterpret_cast<u64>(offered.properties),
              offered.property_bytes);
    offered.properties = properties;
    offered.name[sizeof offered.name - 1] = 0;
    return EnvCalls::offer(env_of(thread), &offered);
}
i64 update_offer(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    alignas(8) u8 properties[sizeof(Instance::Service::properties)];
    if (word<2>(frame) > sizeof properties)
        break_off(thread, "an update of what it does not offer");
    read_into(thread, properties, word<1>(frame), word<2>(frame));
    return EnvCalls::update_offer(env_of(thread), static_cast<u32>(word<0>(frame)), properties,
                                  word<2>(frame));
}
i64 complete(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    thread.end_views();
    if (thread.process().is_served_elsewhere(word<0>(frame), thread))
        break_off(thread, "completed a request whose handler waits");
    return EnvCalls::complete(env_of(thread), word<0>(frame),
                              static_cast<u32>(word<1>(frame)) & 0xfff, word<2>(frame));
}
i64 deliver(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    const u64 length = word<3>(frame);
    u64 taken = 0;
    do {
        u8 bytes[256];
        const u64 here = length - taken < sizeof bytes ? length - taken : sizeof bytes;
        read_into(thread, bytes, word<2>(frame) + taken, here);
        const i64 now = EnvCalls::deliver(env_of(thread), static_cast<u32>(word<0>(frame)),
                                          static_cast<u32>(word<1>(frame)), bytes, here);
        if (now < 0)
            return now;
        taken += static_cast<u64>(now);
        if (static_cast<u64>(now) < here)
            break;
    } while (taken < length);
    return static_cast<i64>(taken);
}

// --- children

i64 child_properties(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    u8 properties[sizeof(Instance::Service::properties)];
    const u64 capacity = word<3>(frame);
    if (capacity > sizeof properties)
        return error(Errno::proto);
    const i64 answer = EnvCalls::child_properties(
        env_of(thread), static_cast<u32>(word<0>(frame)), word<1>(frame), properties, capacity);
    if (answer >= 0)
        write_out(thread, word<2>(frame), properties, capacity);
    return answer;
}
i64 call_child(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    auto request = read_struct<Request>(thread, word<1>(frame));
    thread.end_views();
    Reply reply;
    const i64 answer =
        EnvCalls::call_child(env_of(thread), static_cast<u32>(word<0>(frame)), &request, &reply);
    if (answer >= 0)
        write_out(thread, word<2>(frame), &reply, sizeof reply);
    return answer;
}

// --- the table

i64 unknown(UserFrame&) {
    HandlerThread& thread = HandlerThread::current();
    break_off(thread, "a call that does not exist");
}

// Calls on the instance are for handlers: what runs beside them has none.
template <CallHandler Function>
i64 of_handler(UserFrame& frame) {
    HandlerThread& thread = HandlerThread::current();
    if (!thread.is_in_handler()) [[unlikely]]
        thread.end(Errno::perm);
    const i64 answer = Function(frame);
    if (thread.process().instance().strand().has_broken_contract()) [[unlikely]]
        thread.end(Errno::proto);
    return answer;
}

using Table = std::array<CallHandler, call_count>;

template <CallHandler Function>
constexpr void set(Table& table, Call number) {
    table[static_cast<usize>(number)] = of_handler<Function>;
}
template <auto Function>
constexpr void pass(Table& table, Call number) {
    table[static_cast<usize>(number)] = of_handler<Passed<Function>::call>;
}

consteval Table make_table() {
    Table table{};
    table.fill(unknown);
    table[static_cast<usize>(Call::done)] = done;
    table[static_cast<usize>(Call::make_room)] = make_room;
    table[static_cast<usize>(Call::seal)] = seal;
    table[static_cast<usize>(Call::random)] = random;
    set<log>(table, Call::log);
    pass<EnvCalls::now>(table, Call::now);
    pass<EnvCalls::wall_clock>(table, Call::wall_clock);
    set<sleep_until>(table, Call::sleep_until);
    pass<EnvCalls::set_timer>(table, Call::set_timer);
    pass<EnvCalls::cancel_timer>(table, Call::cancel_timer);
    set<configuration>(table, Call::configuration);
    pass<EnvCalls::count>(table, Call::count);
    set<fail>(table, Call::fail);
    pass<EnvCalls::device_fact>(table, Call::device_fact);
    set<window_info>(table, Call::window_info);
    set<read_register>(table, Call::read_register);
    pass<EnvCalls::write_register>(table, Call::write_register);
    set<window_memory>(table, Call::window_memory);
    pass<EnvCalls::read_configuration_space>(table, Call::read_configuration_space);
    pass<EnvCalls::control>(table, Call::control);
    pass<EnvCalls::enable_interrupt>(table, Call::enable_interrupt);
    pass<EnvCalls::disable_interrupt>(table, Call::disable_interrupt);
    pass<EnvCalls::acknowledge_interrupt>(table, Call::acknowledge_interrupt);
    set<allocate_dma>(table, Call::allocate_dma);
    set<free_dma>(table, Call::free_dma);
    set<dma_view>(table, Call::dma_view);
    set<dma_block>(table, Call::dma_block);
    set<map_buffer>(table, Call::map_buffer);
    set<buffer_view>(table, Call::buffer_view);
    set<copy_buffer<false>>(table, Call::copy_from_buffer);
    set<copy_buffer<true>>(table, Call::copy_to_buffer);
    set<offer>(table, Call::offer);
    set<update_offer>(table, Call::update_offer);
    pass<EnvCalls::withdraw>(table, Call::withdraw);
    set<complete>(table, Call::complete);
    set<deliver>(table, Call::deliver);
    pass<EnvCalls::child_count>(table, Call::child_count);
    set<child_properties>(table, Call::child_properties);
    set<call_child>(table, Call::call_child);
    return table;
}
constexpr Table env_handlers = make_table();

template <Call Number>
i64 volume_call(UserFrame& frame) {
    return serve_volume_call(Number, frame);
}

template <usize Offset, usize... Index>
consteval Table with_volume_calls(std::index_sequence<Index...>) {
    Table table = env_handlers;
    ((table[Offset + Index] = of_handler<volume_call<static_cast<Call>(Offset + Index)>>), ...);
    return table;
}
constexpr usize first_volume_call = static_cast<usize>(Call::request_services);
constexpr Table handlers = with_volume_calls<first_volume_call>(
    std::make_index_sequence<call_count - first_volume_call>());

constexpr CallTable calls{handlers.data(), handlers.size(), unknown};
// No other way into the kernel is a server's.
constexpr CallTable no_calls{handlers.data(), 0, unknown};

// --- the personality

void trapped(UserFrame& frame, const Trap& trap) {
    HandlerThread& thread = HandlerThread::current();
    ServerProcess& process = thread.process();
    TrapRecord record;
    record.offset = process.text_offset(arch::instruction_pointer(frame));
    record.address = trap.address;
    record.vector = trap.vector;
    if (trap.kind == TrapKind::illegal_instruction) { // what a failed check ends in
        record.file = process.text_at(word<0>(frame));
        record.line = static_cast<u32>(word<1>(frame));
        record.text = process.text_at(word<2>(frame));
    }
    thread.end(Errno::fault, &record);
}

void called_in(UserFrame&) { HandlerThread::current().answer_call_in(); }

u32 identity(const Thread&) { return 0; }

} // namespace

constexpr Personality server_personality = {
    .name = "server",
    .tables = {&calls, &no_calls, &no_calls, &no_calls},
    .trap = trapped,
    .return_work = called_in,
    .release = nullptr,
    .identity = identity,
};

} // namespace core::server
