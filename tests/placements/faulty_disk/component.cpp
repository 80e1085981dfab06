// SPDX-License-Identifier: BSD-2-Clause
// A RAM disk that misbehaves when told to: a write whose first word is `magic` names a fault and
// how many lives it is to end. The count lies in the storage, which outlives them, so that the
// repeated request goes well once it is used up. Loaded by the test of containment only.
#include "abi/component/component.h"
#include "abi/component/block.h"
#include "base/memory_functions.h"

namespace faulty_disk {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::Env;
using component::Request;
using Operation = Block::Operation;

constexpr u64 magic = 0x6b61'6572'6220'6f64;

// As in tests/placements/crash.c.
enum class Fault : u64 {
    none,
    read_null,
    write_null,
    write_code,
    call_null,
    call_data,
    failed_check,
    divide_by_zero,
    use_up_stack,
    non_canonical_address,
    bad_register,
    double_completion,
    no_answer,
    gives_up,
    bad_stack,
    endless_loop,
    endless_timer,
    // In a process only: the kernel has no answer to these yet.
    linux_call,
    unknown_call,
    compat_call,
    privileged_instruction,
    kernel_memory,
    kernel_pointer,
    wrong_block,
    count,
};

constexpr Nanos timer_delay = base::milliseconds(4);

struct Order {
    u64 magic;
    Fault fault;
    u64 lives;
};

// The arena.
struct Disk {
    u64 sectors;
};

std::span<u8> storage_at(Env& env, u64 offset) {
    const auto view = env.window_memory(0, offset);
    return view ? *view : std::span<u8>();
}

[[noreturn]] void loop() {
    for (volatile u64 turns = 0;;)
        turns = turns + 1;
}

[[gnu::noinline]] u64 recurse(volatile u64* from, u64 depth) {
    volatile u64 room[64];
    room[0] = depth + from[0];
    if (room[0] == ~u64{0}) // never
        return 0;
    return recurse(room, depth + 1) + room[0];
}

void call(u64 address) { reinterpret_cast<void (*)()>(address)(); }

// What the host makes for the component, made without asking it: number 60 is exit in Linux.
void call_kernel(u64 number) { asm volatile("syscall" : "+a"(number)::"rcx", "r11", "memory"); }

// What only a process survives; it is the one that ends.
void misbehave_in_process(Env& env, const Request& request, Fault fault) {
    constexpr u64 kernel = 0xffff'ffff'8000'0000;
    switch (fault) {
    case Fault::linux_call: call_kernel(231); break;
    case Fault::unknown_call: call_kernel(~u64{0}); break;
    case Fault::compat_call: asm volatile("int $0x80" ::"a"(1) : "memory"); break;
    case Fault::privileged_instruction: asm volatile("cli"); break;
    case Fault::kernel_memory: *reinterpret_cast<volatile u64*>(kernel) = 1; break;
    case Fault::kernel_pointer:
        (void)env.copy_from_buffer(request, 0, {reinterpret_cast<u8*>(kernel), 512});
        break;
    case Fault::wrong_block: (void)env.dma_view(77); break;
    default: break;
    }
}

Answer misbehave(Env& env, const Request& request, Fault fault) {
    volatile u64 zero = 0;
    switch (fault) {
    case Fault::read_null: return Answer::done(*reinterpret_cast<volatile u64*>(zero + 8));
    case Fault::write_null: *reinterpret_cast<volatile u64*>(zero + 8) = 1; break;
    case Fault::write_code: *static_cast<volatile u64*>(__builtin_return_address(0)) = 0; break;
    case Fault::call_null: call(zero); break;
    case Fault::call_data: call(reinterpret_cast<u64>(&env.arena<Disk>())); break;
    case Fault::failed_check: VERIFY(zero == 1); break;
    case Fault::divide_by_zero: return Answer::done(100 / zero);
    case Fault::use_up_stack: return Answer::done(recurse(&zero, 1));
    case Fault::non_canonical_address:
        *reinterpret_cast<volatile u64*>(0x0123'4567'89ab'cdef + zero) = 1;
        break;
    case Fault::bad_register: (void)env.read_register(7, 0, 4); return Answer::busy();
    case Fault::double_completion: env.complete(request.id, u64{0}); return Answer::done(0);
    case Fault::no_answer: return {static_cast<Answer::Kind>(77), 0, 0};
    case Fault::endless_loop: loop();
    // By then whoever asked sleeps, and its CPU with it.
    case Fault::endless_timer: env.set_timer(0, env.now() + timer_delay); return Answer::pending();
    case Fault::gives_up: env.fail(Errno::io, "told to"); return Answer::pending();
    case Fault::bad_stack:
        asm volatile("movq $16, %%rsp\n\tmovq (%%rsp), %%rax" ::: "memory", "rax");
        break;
    default: misbehave_in_process(env, request, fault);
    }
    return Answer::failed(Errno::nosys); // it was no fault after all: the test notices
}

// Carries out the order that stands at a sector of the storage, once per life until it is used up.
Answer obey(Env& env, const Request& request, u64 sector) {
    const std::span<u8> place = storage_at(env, sector * 512);
    Order order{};
    if (place.size() >= sizeof order)
        memcpy(&order, place.data(), sizeof order);
    if (order.magic != magic || order.lives == 0)
        return Answer::done(u64{request.payload<Block::Arguments>().count} * 512);
    --order.lives;
    memcpy(place.data(), &order, sizeof order);
    return misbehave(env, request, order.fault);
}

// Whether the order in the request stands there already: it is a repetition then.
bool is_known(std::span<const u8> place, const Order& order) {
    Order known{};
    memcpy(&known, place.data(), sizeof known);
    return known.magic == magic && known.fault == order.fault;
}

Answer submit(Env& env, const Request& request) {
    const auto operation = static_cast<Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    const u64 sectors = env.arena<Disk>().sectors;
    const u64 bytes = u64{arguments.count} * 512;
    if (operation == Operation::flush)
        return Answer::done(0);
    if (arguments.sector > sectors || arguments.count > sectors - arguments.sector)
        return Answer::failed(Errno::nospc);
    const std::span<u8> place = storage_at(env, arguments.sector * 512);
    if (bytes == 0 || place.size() < bytes)
        return Answer::failed(Errno::io);
    if (operation == Operation::read)
        return env.copy_to_buffer(request, 0, place.first(bytes)) ? Answer::done(bytes)
                                                                  : Answer::failed(Errno::io);
    Order order{};
    if (!env.copy_from_buffer(request, 0, {reinterpret_cast<u8*>(&order), sizeof order}))
        return Answer::failed(Errno::io);
    if (order.magic == magic && is_known(place, order))
        return obey(env, request, arguments.sector);
    if (!env.copy_from_buffer(request, 0, place.first(bytes)))
        return Answer::failed(Errno::io);
    return order.magic == magic ? obey(env, request, arguments.sector) : Answer::done(bytes);
}

Result<> start(Env& env) {
    const component::WindowInfo storage = TRY(env.window(0));
    Disk& disk = env.arena<Disk>();
    disk.sectors = storage.length / 512;
    BlockProperties properties;
    properties.capacity = disk.sectors;
    properties.max_segments = 16;
    properties.max_request_bytes = 64 << 10;
    properties.queue_depth = 4;
    TRY(env.offer<Block>("ram", properties));
    return {};
}

void timer(Env&, u32) { loop(); }

Result<> resume(Env&) { return {}; }
Result<> quiesce(Env&) { return {}; }

constexpr component::InterfaceId offers[] = {component::InterfaceId::block};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::platform, .name = "ram_disk"}};

consteval component::Descriptor make_descriptor() {
    return component::describe<Disk>(
               "faulty_disk", {1, 0, 0}, component::Traits::never_waits,
               {.start = start,
                .resume = resume,
                .quiesce = quiesce,
                .submit = submit,
                .timer = timer})
        .matching(matches)
        .offering(offers);
}

} // namespace faulty_disk

COMPONENT_DESCRIPTOR(faulty_disk) = faulty_disk::make_descriptor();
