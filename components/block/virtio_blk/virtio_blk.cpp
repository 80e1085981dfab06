// SPDX-License-Identifier: BSD-2-Clause
// Driver of the virtio block device: one queue, each request one indirect descriptor whose table, header
// and status byte lie in a slot of DMA memory that belongs to the queue's descriptor.
#include "abi/component/block.h"
#include "abi/component/component.h"
#include "abi/component/virtio/queue.h"
#include "components/block/virtio_blk/registers.h"

namespace virtio_blk {
namespace {

using namespace component;

constexpr u16 queue_size = 64;
constexpr u32 maximum_segments = 124;

// One slot: what a request needs besides its data. Written by us, but for the status.
struct SlotMemory {
    virtio::Descriptor table[maximum_segments + 2];
    RequestHeader header;
    DiscardSegment discard;
    u8 status;
    u8 padding[31];
};
static_assert(sizeof(SlotMemory) == 2080);
constexpr u32 slot_bytes = 2304; // a multiple of 256, so that no structure straddles oddly
static_assert(slot_bytes >= sizeof(SlotMemory));

enum Counter : u32 { counter_requests, counter_interrupts, counter_errors };

struct State {
    virtio::Transport transport;
    virtio::Queue<queue_size> queue;
    u32 slots_block = 0;
    u32 service = 0;
    u64 slots_address = 0;
    BlockProperties properties;
};

// --- start

void take_limits(BlockProperties& properties, const Configuration& configuration,
                 const virtio::Transport& transport) {
    properties.capacity = configuration.capacity;
    if (transport.has(feature::block_size)) {
        const u32 size = configuration.block_size;
        const bool sound = size >= 512 && size <= 4096 && (size & (size - 1)) == 0;
        properties.sector_size = sound ? size : 512;
    }
    properties.physical_sector_size = properties.sector_size;
    if (transport.has(feature::topology) && configuration.physical_block_exponent < 8)
        properties.physical_sector_size <<= configuration.physical_block_exponent;
    properties.max_segments = maximum_segments;
    if (transport.has(feature::seg_max) && configuration.seg_max < maximum_segments)
        properties.max_segments = configuration.seg_max ? configuration.seg_max : 1;
    if (transport.has(feature::size_max) && configuration.size_max >= 4096)
        properties.max_segment_bytes = configuration.size_max;
    properties.queue_depth = queue_size;
    properties.read_only = transport.has(feature::read_only);
    properties.write_cache = transport.has(feature::flush);
    properties.discard = transport.has(feature::discard);
    properties.write_zeroes = transport.has(feature::write_zeroes);
    properties.max_discard_sectors = configuration.max_discard_sectors;
    properties.max_write_zeroes_sectors = configuration.max_write_zeroes_sectors;
}

Result<> start(Env& env) {
    State& state = env.construct_arena<State>();
    TRY(state.transport.open(env));
    TRY(state.transport.negotiate(
        env, virtio::feature::indirect_descriptors | virtio::feature::event_index |
                 feature::size_max | feature::seg_max | feature::read_only | feature::block_size |
                 feature::flush | feature::topology | feature::discard | feature::write_zeroes));
    if (!state.transport.has(virtio::feature::indirect_descriptors))
        return Failure(Errno::nodev);
    take_limits(state.properties, state.transport.read_configuration<Configuration>(env),
                state.transport);
    TRY(state.transport.enable_interrupts(env));
    TRY(state.queue.open(env, state.transport, 0));
    state.properties.queue_depth = state.queue.size();
    const DmaBlock slots = TRY(env.allocate_dma(u64{slot_bytes} * state.queue.size()));
    state.slots_block = slots.index;
    state.slots_address = slots.address;
    state.queue.enable_interrupts(env);
    state.transport.start(env);
    state.service = TRY(env.offer<Block>("disk", state.properties));
    return {};
}

void stop(Env& env) { (void)env.arena<State>().transport.reset(env); }

// --- requests

RequestType type_of(Block::Operation operation) {
    switch (operation) {
    case Block::Operation::read: return RequestType::read;
    case Block::Operation::write: return RequestType::write;
    case Block::Operation::flush: return RequestType::flush;
    case Block::Operation::discard: return RequestType::discard;
    case Block::Operation::write_zeroes: return RequestType::write_zeroes;
    }
    return RequestType::flush;
}

SlotMemory& slot_memory(Env& env, State& state, u16 head) {
    return *reinterpret_cast<SlotMemory*>(env.dma_view(state.slots_block).data() +
                                          usize{slot_bytes} * head);
}

class TableWriter {
public:
    explicit TableWriter(SlotMemory& slot) : slot_(slot) {}
    void add(u64 address, u64 length, bool device_writes) {
        const u16 flags = static_cast<u16>(
            (device_writes ? virtio::descriptor_flag::device_writes : 0) |
            virtio::descriptor_flag::next);
        slot_.table[used_] = {address, static_cast<u32>(length), flags,
                              static_cast<u16>(used_ + 1)};
        ++used_;
    }
    // The last one has no successor.
    u32 finish() {
        slot_.table[used_ - 1].flags &= static_cast<u16>(~virtio::descriptor_flag::next);
        slot_.table[used_ - 1].next = 0;
        return used_;
    }

private:
    SlotMemory& slot_;
    u32 used_ = 0;
};

bool is_sound(const State& state, Block::Operation operation, const Request& request,
              const Block::Arguments& arguments) {
    if (static_cast<u32>(operation) >= Block::operations.size())
        return false;
    if (operation == Block::Operation::flush)
        return true;
    const bool data = operation <= Block::Operation::write;
    return arguments.sector <= state.properties.capacity &&
           arguments.count <= state.properties.capacity - arguments.sector &&
           (!data || request.buffer.length == u64{arguments.count} * 512);
}

Answer submit(Env& env, const Request& request) {
    State& state = env.arena<State>();
    const auto operation = static_cast<Block::Operation>(request.operation);
    const auto arguments = request.payload<Block::Arguments>();
    if (!is_sound(state, operation, request, arguments)) [[unlikely]]
        return Answer::failed(Errno::inval);
    if (operation == Block::Operation::flush && !state.properties.write_cache)
        return Answer::done();
    if (state.queue.free_count() == 0)
        return Answer::busy();

    const u16 head = state.queue.next_head();
    SlotMemory& slot = slot_memory(env, state, head);
    const u64 base = state.slots_address + u64{slot_bytes} * head;
    slot.header = {static_cast<u32>(type_of(operation)), 0, arguments.sector};
    slot.status = static_cast<u8>(Status::untouched);
    TableWriter table(slot);
    table.add(base + offsetof(SlotMemory, header), sizeof slot.header, false);
    if (operation <= Block::Operation::write && request.buffer.length != 0) {
        DmaSegment segments[maximum_segments];
        const auto mapped = env.map_buffer(
            request, std::span(segments).first(state.properties.max_segments));
        if (!mapped)
            return Answer::failed(mapped.error());
        for (const DmaSegment& segment : *mapped)
            table.add(segment.address, segment.length, operation == Block::Operation::read);
    } else if (operation > Block::Operation::flush) {
        const bool unmap = operation == Block::Operation::write_zeroes &&
                           (arguments.flags & Block::flag_unmap);
        slot.discard = {arguments.sector, arguments.count, unmap ? 1u : 0u};
        slot.header.sector = 0;
        table.add(base + offsetof(SlotMemory, discard), sizeof slot.discard, false);
    }
    table.add(base + offsetof(SlotMemory, status), 1, true);
    u16 used_head;
    state.queue.add_indirect(env, base, table.finish(), request.id, used_head);
    state.queue.notify(env, state.transport);
    env.count(counter_requests);
    return Answer::pending();
}

// --- completions

void finish(Env& env, State& state, const virtio::UsedElement& element) {
    const u8 status = __atomic_load_n(&slot_memory(env, state, element.head).status,
                                      __ATOMIC_RELAXED);
    switch (static_cast<Status>(status)) {
    case Status::ok: env.complete(element.cookie, u64{0}); break;
    case Status::unsupported: env.complete(element.cookie, Errno::opnotsupp); break;
    case Status::io_error:
        env.count(counter_errors);
        env.complete(element.cookie, Errno::io);
        break;
    default: env.fail(Errno::io, "the device gave a request back without a status");
    }
}

void drain(Env& env, State& state) {
    // At most a ring's worth for each time it was looked at: a device that lies cannot keep us here.
    for (u32 i = 0; i < 2 * u32{queue_size}; ++i) {
        const auto element = state.queue.take_used(env);
        if (element) {
            finish(env, state, *element);
        } else if (element.error() == Errno::noent) {
            if (!state.queue.enable_interrupts(env))
                return;
        } else {
            env.fail(Errno::io, "the used ring names a request that is not pending");
            return;
        }
    }
    env.set_timer(0, env.now());
}

void interrupt(Env& env, u32 line) {
    State& state = env.arena<State>();
    const u32 happened = state.transport.take_interrupt(env, line);
    env.count(counter_interrupts);
    if (happened & virtio::interrupt_queue)
        drain(env, state);
    if (!(happened & virtio::interrupt_configuration))
        return;
    if (state.transport.needs_reset(env)) {
        env.fail(Errno::io, "the device asks to be reset");
        return;
    }
    const u64 capacity = state.transport.read_configuration<Configuration>(env).capacity;
    if (capacity != state.properties.capacity) {
        state.properties.capacity = capacity;
        (void)env.update_offer<Block>(state.service, state.properties);
    }
}

void timer(Env& env, u32) { drain(env, env.arena<State>()); }

constexpr DeviceMatch matches[] = {
    {DeviceBus::pci, 0x1af4, 0x1042, DeviceMatch::any, 0, nullptr},
    {DeviceBus::pci, 0x1af4, 0x1001, DeviceMatch::any, 0, nullptr}, // transitional
    {DeviceBus::virtio_mmio, DeviceMatch::any, 2, DeviceMatch::any, 0, nullptr},
};
constexpr InterfaceId offers[] = {InterfaceId::block};
constexpr const char* counters[] = {"requests", "interrupts", "errors"};

consteval Descriptor make_descriptor() {
    Handlers handlers;
    handlers.start = start;
    handlers.stop = stop;
    handlers.submit = submit;
    handlers.interrupt = interrupt;
    handlers.timer = timer;
    Descriptor descriptor =
        describe<State>("virtio_blk", {1, 0, 0}, Traits::never_waits, handlers);
    descriptor.matches = matches;
    descriptor.match_count = std::size(matches);
    descriptor.offers = offers;
    descriptor.offer_count = std::size(offers);
    descriptor.counters = counters;
    descriptor.counter_count = std::size(counters);
    return descriptor;
}

} // namespace
} // namespace virtio_blk

COMPONENT_DESCRIPTOR(virtio_blk) = virtio_blk::make_descriptor();
