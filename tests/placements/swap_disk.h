// SPDX-License-Identifier: BSD-2-Clause
// A RAM disk in versions: the state of the second means the same in another layout, and each can
// migrate the other's. What the state says is checked at every request: a swap that lost it would
// be noticed. SWAP_DISK_VERSION says which; SWAP_DISK_FAULT, what is wrong with it.
#pragma once

#include "abi/component/block.h"
#include "abi/component/component.h"
#include "base/memory_functions.h"

namespace swap_disk {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::Env;
using component::Request;
using Operation = Block::Operation;

enum class Fault { none, migrate_fails, serves_and_crashes };
#ifdef SWAP_DISK_FAULT
constexpr Fault fault = SWAP_DISK_FAULT;
#else
constexpr Fault fault = Fault::none;
#endif

// The arena of each layout.
constexpr u64 seal = 0x7377'6170'6469'736b;
struct First {
    u64 sectors;
    u64 served;
    u64 sum; // sectors ^ served ^ seal
};
struct Second {
    u64 sum;
    u8 history[4096]; // the lowest byte of `served`, of the latest requests
    u64 served;
    u64 sectors;
};
#if SWAP_DISK_VERSION == 1
using Disk = First;
using Other = Second;
#else
using Disk = Second;
using Other = First;
#endif
constexpr u32 own_layout = SWAP_DISK_VERSION, other_layout = 3 - SWAP_DISK_VERSION;

template <typename State>
bool is_sealed(const State& state) {
    return state.sum == (state.sectors ^ state.served ^ seal);
}

template <typename State>
void count_request(State& disk) {
    VERIFY(is_sealed(disk));
    ++disk.served;
    if constexpr (requires { disk.history; })
        disk.history[disk.served % sizeof disk.history] = static_cast<u8>(disk.served);
    disk.sum = disk.sectors ^ disk.served ^ seal;
}

Answer submit(Env& env, const Request& request) {
    Disk& disk = env.arena<Disk>();
    count_request(disk);
    if constexpr (fault == Fault::serves_and_crashes) {
        if (disk.served % 64 == 0)
            VERIFY(disk.sectors == 0);
    }
    const auto operation = static_cast<Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    const u64 bytes = u64{arguments.count} * 512;
    if (operation == Operation::flush)
        return Answer::done(0);
    if (arguments.sector > disk.sectors || arguments.count > disk.sectors - arguments.sector)
        return Answer::failed(Errno::nospc);
    for (u64 done = 0; done < bytes;) {
        const auto view = env.window_memory(0, arguments.sector * 512 + done);
        if (!view || view->empty())
            return Answer::failed(Errno::io);
        const auto place = view->first(view->size() < bytes - done ? view->size() : bytes - done);
        const Result<> copied = operation == Operation::read
                                    ? env.copy_to_buffer(request, done, place)
                                    : env.copy_from_buffer(request, done, place);
        if (!copied)
            return Answer::failed(Errno::io);
        done += place.size();
    }
    return Answer::done(bytes);
}

Result<> start(Env& env) {
    const component::WindowInfo storage = TRY(env.window(0));
    Disk& disk = env.arena<Disk>();
    disk.sectors = storage.length / 512;
    disk.sum = disk.sectors ^ disk.served ^ seal;
    BlockProperties properties;
    properties.capacity = disk.sectors;
    properties.max_segments = 16;
    properties.max_request_bytes = 64 << 10;
    properties.queue_depth = 4;
    TRY(env.offer<Block>("ram", properties));
    return {};
}

Result<> migrate(Env& env, std::span<const u8> old, u32 layout) {
    if (layout != other_layout || old.size() < sizeof(Other))
        return Failure(Errno::opnotsupp);
    if constexpr (fault == Fault::migrate_fails)
        return Failure(Errno::proto);
    Other from;
    memcpy(&from, old.data(), sizeof from);
    if (!is_sealed(from))
        return Failure(Errno::io);
    Disk& disk = env.arena<Disk>();
    disk.sectors = from.sectors;
    disk.served = from.served;
    disk.sum = from.sum;
    return {};
}

Result<> resume(Env& env) {
    return is_sealed(env.arena<Disk>()) ? Result<>() : Result<>(Failure(Errno::io));
}
Result<> quiesce(Env&) { return {}; }

constexpr component::InterfaceId offers[] = {component::InterfaceId::block};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::platform, .name = "ram_disk"}};

consteval component::Descriptor make_descriptor() {
    component::Descriptor descriptor = component::describe<Disk>(
        "swap_disk", {SWAP_DISK_VERSION, 0, 0}, component::Traits::never_waits,
        {.start = start,
         .resume = resume,
         .quiesce = quiesce,
         .submit = submit,
         .migrate = migrate});
    descriptor.state_layout = own_layout;
    return descriptor.matching(matches).offering(offers);
}

} // namespace swap_disk

COMPONENT_DESCRIPTOR(swap_disk) = swap_disk::make_descriptor();
