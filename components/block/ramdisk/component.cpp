// SPDX-License-Identifier: BSD-2-Clause
// A disk in memory that the core owns (window 0): copies, and every request is answered at once.
#include "abi/component/component.h"
#include "abi/component/block.h"
#include "base/memory_functions.h"

namespace ramdisk {

using component::Answer;
using component::Block;
using component::BlockProperties;
using component::Env;
using component::Request;
using Operation = Block::Operation;

// The arena.
struct Disk {
    u64 sectors;
};

// Calls `work` with each contiguous stretch of the storage and its place in the request. Errors: io
// (the storage is not there), or the work's.
template <typename Work>
Result<> for_each_stretch(Env& env, const Block::Arguments& arguments, Work work) {
    const u64 bytes = u64{arguments.count} * 512;
    for (u64 done = 0; done < bytes;) {
        const auto view = env.window_memory(0, arguments.sector * 512 + done);
        if (!view || view->empty())
            return Failure(Errno::io);
        const u64 here = view->size() < bytes - done ? view->size() : bytes - done;
        TRY(work(done, view->first(here)));
        done += here;
    }
    return {};
}

// Errors: inval, nospc, opnotsupp, io, acces.
Result<u64> run(Env& env, const Request& request) {
    const auto operation = static_cast<Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    const u64 sectors = env.arena<Disk>().sectors;
    if (operation == Operation::flush)
        return u64{0};
    if (arguments.sector > sectors || arguments.count > sectors - arguments.sector)
        return Failure(Errno::nospc);
    const u64 bytes = u64{arguments.count} * 512;
    switch (operation) {
    case Operation::read:
    case Operation::write:
        if (bytes == 0 || request.buffer.length != bytes)
            return Failure(Errno::inval);
        TRY(for_each_stretch(env, arguments, [&](u64 at, std::span<u8> memory) {
            return operation == Operation::read ? env.copy_to_buffer(request, at, memory)
                                                : env.copy_from_buffer(request, at, memory);
        }));
        return bytes;
    case Operation::write_zeroes:
        TRY(for_each_stretch(env, arguments, [](u64, std::span<u8> memory) -> Result<> {
            memset(memory.data(), 0, memory.size());
            return {};
        }));
        return bytes;
    default: return Failure(Errno::opnotsupp); // its memory is never given back: no discard
    }
}

Answer submit(Env& env, const Request& request) {
    const Result<u64> result = run(env, request);
    return result ? Answer::done(*result) : Answer::failed(result.error());
}

Result<> start(Env& env) {
    const component::WindowInfo storage = TRY(env.window(0));
    if (storage.kind != 3)
        return Failure(Errno::nodev);
    Disk& disk = env.arena<Disk>();
    disk.sectors = storage.length / 512;
    BlockProperties properties;
    properties.capacity = disk.sectors;
    properties.physical_sector_size = 4096;
    properties.max_segments = 128;          // it copies: any number would do
    properties.max_request_bytes = 1 << 20; // keeps a copy short, for its handler does not wait
    properties.queue_depth = 64; // as many may come at once where it is a server
    properties.write_zeroes = 1;
    properties.max_write_zeroes_sectors = properties.max_request_bytes / 512;
    TRY(env.offer<Block>("ram", properties));
    return {};
}

Result<> resume(Env&) { return {}; }
Result<> quiesce(Env&) { return {}; }

constexpr component::InterfaceId offers[] = {component::InterfaceId::block};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::platform, .name = "ram_disk"}};

consteval component::Descriptor make_descriptor() {
    return component::describe<Disk>(
               "ramdisk", {1, 0, 0}, component::Traits::never_waits,
               {.start = start, .resume = resume, .quiesce = quiesce, .submit = submit})
        .matching(matches)
        .offering(offers);
}

} // namespace ramdisk

COMPONENT_DESCRIPTOR(ramdisk) = ramdisk::make_descriptor();
