// SPDX-License-Identifier: BSD-2-Clause
// A disk in memory that the core owns: the component copies between it and the request's pages, so an
// instance that dies takes nothing with it.
#include <algorithm>

#include "abi/component/block.h"
#include "abi/component/component.h"
#include "base/memory_functions.h"

namespace ramdisk {
namespace {

using namespace component;

struct State {
    u64 capacity = 0; // in sectors
};

Result<> start(Env& env) {
    State& state = env.construct_arena<State>();
    const WindowInfo window = TRY(env.window(0));
    state.capacity = window.length / 512;
    BlockProperties properties;
    properties.capacity = state.capacity;
    properties.physical_sector_size = 4096;
    properties.max_segments = 256;
    properties.queue_depth = 16;
    properties.discard = 1;
    properties.write_zeroes = 1;
    properties.max_discard_sectors = ~u32{0};
    properties.max_write_zeroes_sectors = ~u32{0};
    TRY(env.offer<Block>("disk", properties));
    return {};
}

// Calls work(storage piece, offset in the buffer) over [sector, sector + count).
template <typename Work>
Result<> for_each_piece(Env& env, const Block::Arguments& arguments, Work work) {
    u64 at = arguments.sector * 512;
    u64 done = 0;
    const u64 length = u64{arguments.count} * 512;
    while (done < length) {
        std::span<u8> storage = TRY(env.window_memory(0, at + done));
        if (storage.empty())
            return Failure(Errno::io);
        storage = storage.first(std::min<u64>(storage.size(), length - done));
        TRY(work(storage, done));
        done += storage.size();
    }
    return {};
}

Result<> perform(Env& env, Block::Operation operation, const Request& request,
                 const Block::Arguments& arguments) {
    switch (operation) {
    case Block::Operation::read:
        return for_each_piece(env, arguments, [&](std::span<u8> storage, u64 offset) {
            return env.copy_to_buffer(request, offset, storage);
        });
    case Block::Operation::write:
        return for_each_piece(env, arguments, [&](std::span<u8> storage, u64 offset) {
            return env.copy_from_buffer(request, offset, storage);
        });
    case Block::Operation::flush: return {};
    case Block::Operation::discard:
    case Block::Operation::write_zeroes:
        return for_each_piece(env, arguments, [](std::span<u8> storage, u64) -> Result<> {
            memset(storage.data(), 0, storage.size());
            return {};
        });
    }
    return Failure(Errno::opnotsupp);
}

Answer submit(Env& env, const Request& request) {
    const State& state = env.arena<State>();
    const auto operation = static_cast<Block::Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    if (operation != Block::Operation::flush &&
        (arguments.sector > state.capacity || arguments.count > state.capacity - arguments.sector))
        return Answer::failed(Errno::nospc);
    if (operation <= Block::Operation::write &&
        request.buffer.length != u64{arguments.count} * 512)
        return Answer::failed(Errno::inval);
    const Result<> performed = perform(env, operation, request, arguments);
    return performed ? Answer::done(request.buffer.length) : Answer::failed(performed.error());
}

constexpr DeviceMatch matches[] = {{DeviceBus::platform, DeviceMatch::any, DeviceMatch::any,
                                    DeviceMatch::any, 0, "ram_disk"}};
constexpr InterfaceId offers[] = {InterfaceId::block};

consteval Descriptor make_descriptor() {
    Handlers handlers;
    handlers.start = start;
    handlers.submit = submit;
    Descriptor descriptor = describe<State>("ramdisk", {1, 0, 0}, Traits::never_waits, handlers);
    descriptor.matches = matches;
    descriptor.match_count = std::size(matches);
    descriptor.offers = offers;
    descriptor.offer_count = std::size(offers);
    return descriptor;
}

} // namespace
} // namespace ramdisk

COMPONENT_DESCRIPTOR(ramdisk) = ramdisk::make_descriptor();
