// SPDX-License-Identifier: BSD-2-Clause
// The component: bringing the device up, its interrupts, what it offers.
#include "abi/component/component.h"
#include "components/block/virtio_blk/disk.h"

namespace virtio_blk {

namespace {

using component::LogLevel;

Failure refuse(Env& env, std::string_view why) {
    env.log(LogLevel::error, "{}", why);
    return Failure(Errno::proto);
}

// A limit of 0 where the device has the feature means it set none.
u32 limit_or_all(u32 limit) { return limit ? limit : ~u32{0}; }

// What the core is told of the disk. Errors: proto.
Result<> read_properties(Env& env) {
    Disk& disk = env.arena<Disk>();
    const auto is = TRY(disk.transport.configuration<Configuration>(env));
    BlockProperties properties;
    if (disk.transport.has(feature::block_size))
        properties.sector_size = is.block_size;
    if (properties.sector_size < 512 || properties.sector_size > 65536 ||
        !std::has_single_bit(properties.sector_size))
        return refuse(env, "device has an impossible block size");
    if (is.capacity >> 55)
        return refuse(env, "device has an impossible capacity");
    properties.capacity = base::align_down(is.capacity, u64{properties.sector_size} / 512);
    properties.physical_sector_size = properties.sector_size;
    if (disk.transport.has(feature::topology) && is.physical_block_exponent <= 8)
        properties.physical_sector_size <<= is.physical_block_exponent;
    properties.max_segments = disk.transport.has(feature::seg_max) ? is.seg_max : 1;
    if (properties.max_segments == 0 || properties.max_segments > most_segments)
        properties.max_segments = properties.max_segments ? most_segments : 1;
    if (disk.transport.has(feature::size_max)) {
        if (is.size_max < 512)
            return refuse(env, "device has an impossible segment size");
        properties.max_segment_bytes = is.size_max;
    }
    properties.max_request_bytes = most_bytes;
    properties.read_only = disk.transport.has(feature::read_only);
    properties.write_cache = disk.transport.has(feature::flush);
    properties.discard = disk.transport.has(feature::discard);
    if (properties.discard)
        properties.max_discard_sectors = limit_or_all(is.max_discard_sectors);
    properties.write_zeroes = disk.transport.has(feature::write_zeroes);
    if (properties.write_zeroes)
        properties.max_write_zeroes_sectors = limit_or_all(is.max_write_zeroes_sectors);
    disk.may_unmap = properties.write_zeroes && is.write_zeroes_may_unmap;
    disk.properties = properties;
    return {};
}

// The ring, and a slot for each request. Errors: proto, nomem.
Result<> set_up_queue(Env& env) {
    Disk& disk = env.arena<Disk>();
    const u16 size = TRY(disk.transport.queue_size(env, 0, ring_capacity));
    if (size < 4)
        return refuse(env, "device has no usable queue");
    const auto layout = virtio::RingLayout::of(size, disk.transport.used_alignment());
    disk.ring = TRY(component::allocate_place(env, layout.bytes, disk.transport.ring_alignment()));
    TRY(disk.transport.set_up_queue(env, disk.queue, 0, size, disk.ring));
    for (DmaPlace& place : disk.slots)
        place = TRY(component::allocate_place(env, slot::per_block * slot::bytes, 4096));
    // A chain is no longer than the queue, indirect or not (2.7.5.3.1).
    BlockProperties& properties = disk.properties;
    properties.max_segments = base::minimum(properties.max_segments, u32{size} - 2);
    properties.queue_depth = base::minimum(depth, disk.queue.has_indirect() ? size : size / 4u);
    return {};
}

// Asks the disk for its serial number and gives it a moment; not every device answers.
Result<> identify(Env& env) {
    Disk& disk = env.arena<Disk>();
    const Slot at = disk.pending.allocate();
    disk.pending[at].stage = Stage::identifying;
    Piece pieces[3] = {};
    pieces[1] = {slot_place(disk, at).address + slot::serial, serial_bytes};
    TRY(send(env, at, {RequestType::identify, 0, 0}, pieces, Direction::from_device));
    disk.transport.notify_if_wanted(env, disk.queue);
    const Nanos deadline = env.now() + base::milliseconds(200);
    collect(env);
    while (disk.queue.in_device() != 0 && !disk.broken && env.now() < deadline) {
        TRY(env.sleep(base::microseconds(100)));
        collect(env);
    }
    if (disk.broken)
        return Failure(Errno::io);
    if (disk.queue.in_device() != 0)
        env.log(LogLevel::warning, "device does not tell its serial number");
    return {};
}

Result<> bring_up(Env& env) {
    Disk& disk = env.arena<Disk>();
    TRY(disk.transport.negotiate(env, feature::size_max | feature::seg_max | feature::read_only |
                                          feature::block_size | feature::flush | feature::topology |
                                          feature::discard | feature::write_zeroes));
    TRY(read_properties(env));
    TRY(disk.transport.connect_interrupts(env));
    TRY(set_up_queue(env));
    disk.transport.start(env);
    return identify(env);
}

} // namespace

Result<> start_disk(Env& env) {
    Disk& disk = env.arena<Disk>();
    TRY(disk.transport.find(env));
    if (const Result<> up = bring_up(env); !up) {
        disk.transport.mark_failed(env);
        return up;
    }
    disk.service = TRY(env.offer<Block>("vd", disk.properties));
    disk.offered = 1;
    env.log(LogLevel::info, "{} sectors of 512 bytes{}", disk.properties.capacity,
            disk.properties.read_only ? ", read-only" : "");
    return {};
}

// The ring stayed where it is and the device went on; only an interrupt may have been missed.
Result<> resume_disk(Env& env) {
    collect(env);
    keep_watch(env);
    return {};
}

void stop_disk(Env& env) { env.arena<Disk>().transport.reset(env); }

void interrupt(Env& env, u32 line) {
    Disk& disk = env.arena<Disk>();
    const u32 causes = disk.transport.take_causes(env, line);
    if ((causes & virtio::cause::configuration) && !disk.broken) {
        const u64 before = disk.properties.capacity;
        const auto now = disk.transport.configuration<Configuration>(env);
        if (disk.transport.is_broken(env) || !now || now->capacity >> 55) {
            disk.broken = 1;
            env.fail(Errno::io, "device needs a reset, or tells nonsense of itself");
        } else {
            disk.properties.capacity =
                base::align_down(now->capacity, u64{disk.properties.sector_size} / 512);
        }
        if (disk.properties.capacity != before && disk.offered) {
            env.log(LogLevel::notice, "now {} sectors", disk.properties.capacity);
            (void)env.update_offer<Block>(disk.service, disk.properties);
        }
    }
    if ((causes & virtio::cause::queue) && !disk.broken)
        collect(env);
    disk.transport.end_interrupt(env, line);
}

namespace {

constexpr component::InterfaceId offers[] = {component::InterfaceId::block};
constexpr const char* counters[] = {"completed", "errors", "lost_interrupts", "renotified"};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::pci, .vendor = 0x1af4, .device = 0x1001},
    {.bus = component::DeviceBus::pci, .vendor = 0x1af4, .device = 0x1042},
    {.bus = component::DeviceBus::virtio_mmio, .device = 2},
};

Result<> quiesce(Env&) { return {}; }

consteval component::Descriptor make_descriptor() {
    return component::describe<Disk>("virtio_blk", {1, 0, 0}, component::Traits::never_waits,
                                     {.start = start_disk,
                                      .resume = resume_disk,
                                      .quiesce = quiesce,
                                      .stop = stop_disk,
                                      .submit = submit,
                                      .interrupt = interrupt,
                                      .timer = watch})
        .matching(matches)
        .offering(offers)
        .counting(counters);
}

} // namespace

} // namespace virtio_blk

COMPONENT_DESCRIPTOR(virtio_blk) = virtio_blk::make_descriptor();
