// SPDX-License-Identifier: BSD-2-Clause
// The component: bringing the device up, its interrupts, descriptor.
#include "abi/component/component.h"
#include "components/block/virtio_scsi/adapter.h"

namespace virtio_scsi {

namespace {

constexpr u32 block_page = 4096;
constexpr Nanos search_limit = base::seconds(5);

Failure refuse(Env& env, std::string_view why) {
    env.log(LogLevel::error, "{}", why);
    return Failure(Errno::proto);
}

// Errors: proto.
Result<> read_limits(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    const auto is = TRY(adapter.transport.configuration<Configuration>(env));
    if (is.sense_bytes != sense_bytes || is.command_bytes != command_bytes)
        return refuse(env, "device has answers of another size than a fresh one");
    if (is.queue_count == 0 || is.seg_max == 0)
        return refuse(env, "device takes no commands");
    adapter.segments = base::minimum(is.seg_max, most_segments);
    adapter.target_count = base::minimum<u32>(is.max_target, 255) + 1;
    adapter.request_limit = most_bytes;
    if (is.max_sectors < most_bytes / 512)
        adapter.request_limit = is.max_sectors * 512;
    if (adapter.request_limit < 4096)
        return refuse(env, "device moves less than a page at once");
    return {};
}

template <u32 Capacity>
Result<> set_up_queue(Env& env, virtio::Queue<Capacity>& queue, u16 index, u32 least) {
    Adapter& adapter = env.arena<Adapter>();
    const u16 size = TRY(adapter.transport.queue_size(env, index, Capacity));
    if (size < least)
        return refuse(env, "device has no usable queue");
    const auto layout = virtio::RingLayout::of(size, adapter.transport.used_alignment());
    const DmaPlace ring =
        TRY(component::allocate_place(env, layout.bytes, adapter.transport.ring_alignment()));
    return adapter.transport.set_up_queue(env, queue, index, size, ring);
}

// Errors: proto, nomem.
Result<> set_up_queues(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    TRY(set_up_queue(env, adapter.events, event_queue, 1));
    TRY(set_up_queue(env, adapter.requests, request_queue, 4));
    adapter.requests.expect_read_bytes_counted(); // QEMU does; residuals are what counts here
    // A chain is no longer than the queue, indirect or not (2.7.5.3.1).
    adapter.segments = base::minimum(adapter.segments, adapter.requests.size() - 2);
    for (DmaPlace& place : adapter.slots)
        place = TRY(component::allocate_place(env, slot::per_block * slot::bytes, block_page));
    adapter.event_memory =
        TRY(component::allocate_place(env, event_buffers * event::bytes, block_page));
    adapter.zeroes = TRY(component::allocate_place(env, block_page, block_page));
    return {};
}

Result<> search(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    begin_search(env);
    adapter.transport.notify_if_wanted(env, adapter.requests);
    const Nanos deadline = env.now() + search_limit;
    collect(env);
    while ((adapter.searching || adapter.questions != 0) && !adapter.broken &&
           env.now() < deadline) {
        TRY(env.sleep(base::microseconds(100)));
        retry_postponed(env); // its timer comes when the start is over
        collect(env);
    }
    if (adapter.searching)
        env.log(LogLevel::warning, "a target takes its time to tell which units it has");
    return adapter.broken ? Result<>(Failure(Errno::io)) : Result<>();
}

Result<> bring_up(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    TRY(adapter.transport.negotiate(env, feature::hot_plug | feature::change));
    TRY(read_limits(env));
    TRY(adapter.transport.connect_interrupts(env));
    TRY(set_up_queues(env));
    adapter.transport.start(env);
    if (adapter.transport.has(feature::hot_plug) || adapter.transport.has(feature::change))
        listen(env);
    return search(env);
}

// What the device is doing may take long; an interrupt or a notification may have got lost.
void watch(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    adapter.watching = 0;
    if (adapter.transport.is_broken(env)) {
        give_up(env, Errno::io, "device needs a reset");
        return;
    }
    take_events(env);
    const u32 before = adapter.completions;
    const bool silent = before == adapter.completions_seen && adapter.requests.in_device() != 0;
    collect(env);
    if (silent && !adapter.broken) {
        if (adapter.completions != before) {
            env.count(count_lost_interrupts);
            env.log(LogLevel::warning, "an interrupt was lost");
        } else {
            adapter.transport.notify_always(env, adapter.requests);
        }
    }
    keep_watch(env);
}

constexpr component::InterfaceId offers[] = {component::InterfaceId::block};
constexpr const char* counters[] = {"completed", "errors", "retries", "lost_interrupts", "scans"};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::pci, .vendor = 0x1af4, .device = 0x1004},
    {.bus = component::DeviceBus::pci, .vendor = 0x1af4, .device = 0x1048},
    {.bus = component::DeviceBus::virtio_mmio, .device = 8},
};

Result<> quiesce(Env&) { return {}; }

consteval component::Descriptor make_descriptor() {
    return component::describe<Adapter>("virtio_scsi", {1, 0, 0}, component::Traits::never_waits,
                                        {.start = start_adapter,
                                         .resume = resume_adapter,
                                         .quiesce = quiesce,
                                         .stop = stop_adapter,
                                         .submit = submit,
                                         .interrupt = interrupt,
                                         .timer = timer})
        .matching(matches)
        .offering(offers)
        .counting(counters);
}

} // namespace

void give_up(Env& env, Errno error, std::string_view why) {
    Adapter& adapter = env.arena<Adapter>();
    if (!adapter.broken)
        env.fail(error, why);
    adapter.broken = 1;
}

Result<> start_adapter(Env& env) {
    Adapter& adapter = env.construct_arena<Adapter>();
    TRY(adapter.transport.find(env));
    if (const Result<> up = bring_up(env); !up) {
        adapter.transport.mark_failed(env);
        adapter.transport.reset(env); // it must not go on writing to our memory
        return up;
    }
    keep_watch(env);
    return {};
}

// The rings stayed where they are and the device went on; only an interrupt may have been missed.
Result<> resume_adapter(Env& env) {
    take_events(env);
    collect(env);
    keep_watch(env);
    return {};
}

void stop_adapter(Env& env) { env.arena<Adapter>().transport.reset(env); }

void interrupt(Env& env, u32 line) {
    Adapter& adapter = env.arena<Adapter>();
    const u32 causes = adapter.transport.take_causes(env, line);
    if (!adapter.broken && (causes & virtio::cause::configuration) &&
        adapter.transport.is_broken(env))
        give_up(env, Errno::io, "device needs a reset");
    if (!adapter.broken && (causes & virtio::cause::queue)) {
        take_events(env);
        collect(env);
        keep_watch(env);
    }
    adapter.transport.end_interrupt(env, line);
}

void timer(Env& env, u32 timer) {
    if (env.arena<Adapter>().broken)
        return;
    if (timer == watch_timer)
        watch(env);
    else if (timer == retry_timer)
        retry_postponed(env);
    else
        begin_search(env);
    if (env.arena<Adapter>().broken)
        return;
    env.arena<Adapter>().transport.notify_if_wanted(env, env.arena<Adapter>().requests);
    keep_watch(env);
}

} // namespace virtio_scsi

COMPONENT_DESCRIPTOR(virtio_scsi) = virtio_scsi::make_descriptor();
