// SPDX-License-Identifier: BSD-2-Clause
// The virtio entropy device (Virtio 1.2, 5.4): one queue of buffers that the device fills.
#include "abi/component/component.h"
#include "abi/component/entropy.h"
#include "components/virtio_support/transport.h"

namespace virtio_rng {

namespace {

using component::Answer;
using component::Entropy;
using component::Env;
using component::Request;

constexpr u32 depth = 4;         // requests in the device at once
constexpr u32 ring_capacity = 8; // one descriptor each
constexpr Nanos watch_interval = base::seconds(2);

struct Pending {
    u64 request = 0;
};
using Slot = component::Slot<Pending>;

enum Counter : u32 { count_completed, count_bytes };

struct Source {
    virtio::Transport transport;
    virtio::Queue<ring_capacity> queue;
    component::Table<Pending, depth> pending;
    u32 broken; // the instance is about to end
    u32 watching;
};

void give_up(Env& env, std::string_view why) {
    Source& source = env.arena<Source>();
    if (!source.broken)
        env.fail(Errno::io, why);
    source.broken = 1;
}

void end(Env& env, const virtio::Used& used) {
    Source& source = env.arena<Source>();
    const Slot at = Slot::at(used.token);
    const u64 request = source.pending[at].request;
    source.pending.free(at);
    env.count(count_completed);
    env.count(count_bytes, used.length);
    if (used.length != 0)
        env.complete(request, used.length);
    else
        env.complete(request, Errno::io);
}

void collect(Env& env) {
    Source& source = env.arena<Source>();
    // Ends: no more buffers are taken than were given.
    do {
        virtio::Used used;
        while (!source.broken) {
            const Result<bool> taken = source.queue.take(env, used);
            if (!taken)
                give_up(env, virtio::text_of(source.queue.fault()));
            if (!taken || !*taken)
                break;
            end(env, used);
        }
    } while (!source.broken && source.queue.arm(env));
}

void keep_watch(Env& env) {
    Source& source = env.arena<Source>();
    if (source.watching || source.broken || source.queue.in_device() == 0)
        return;
    source.watching = 1;
    env.set_timer(0, env.now() + watch_interval);
}

// Errors: proto, nodev, nomem.
Result<> bring_up(Env& env) {
    Source& source = env.arena<Source>();
    TRY(source.transport.negotiate(env, 0));
    TRY(source.transport.connect_interrupts(env));
    const u16 size = TRY(source.transport.queue_size(env, 0, ring_capacity));
    if (size < depth)
        return Failure(Errno::proto);
    const auto layout = virtio::RingLayout::of(size, source.transport.used_alignment());
    const virtio::DmaPlace ring =
        TRY(component::allocate_place(env, layout.bytes, source.transport.ring_alignment()));
    TRY(source.transport.set_up_queue(env, source.queue, 0, size, ring));
    source.transport.start(env);
    return {};
}

Result<> start(Env& env) {
    Source& source = env.arena<Source>();
    TRY(source.transport.find(env));
    if (const Result<> up = bring_up(env); !up) {
        source.transport.mark_failed(env);
        return up;
    }
    TRY(env.offer<Entropy>("rng", {}));
    return {};
}

// The ring stayed where it is and the device went on; only an interrupt may have been missed.
Result<> resume(Env& env) {
    collect(env);
    keep_watch(env);
    return {};
}

Result<> quiesce(Env&) { return {}; }
void stop(Env& env) { env.arena<Source>().transport.reset(env); }

Answer submit(Env& env, const Request& request) {
    Source& source = env.arena<Source>();
    if (source.broken)
        return Answer::failed(Errno::io);
    if (static_cast<Entropy::Operation>(request.operation) != Entropy::Operation::read)
        return Answer::failed(Errno::opnotsupp);
    if (request.buffer.length == 0)
        return Answer::failed(Errno::inval);
    const Slot at = source.pending.allocate();
    if (!at)
        return Answer::busy();
    // One piece: it is the source's choice how much it gives.
    virtio::Piece pieces[2];
    const auto mapped = env.map_buffer(request, pieces);
    if (!mapped || mapped->empty()) {
        source.pending.free(at);
        return Answer::failed(Errno::inval);
    }
    source.pending[at].request = request.id;
    if (!source.queue.add(env, {{}, mapped->first(1)}, at.index())) {
        source.pending.free(at);
        return Answer::failed(Errno::io); // cannot be: the ring has more entries than the table
    }
    source.transport.notify_if_wanted(env, source.queue);
    keep_watch(env);
    return Answer::pending();
}

void interrupt(Env& env, u32 line) {
    Source& source = env.arena<Source>();
    const u32 causes = source.transport.take_causes(env, line);
    if ((causes & virtio::cause::configuration) && source.transport.is_broken(env))
        give_up(env, "device needs a reset");
    if ((causes & virtio::cause::queue) && !source.broken)
        collect(env);
    source.transport.end_interrupt(env, line);
}

// A source that takes its time is no fault, but its interrupt may have got lost.
void watch(Env& env, u32) {
    Source& source = env.arena<Source>();
    source.watching = 0;
    if (source.broken)
        return;
    if (source.transport.is_broken(env))
        give_up(env, "device needs a reset");
    else
        collect(env);
    if (!source.broken && source.queue.in_device() != 0)
        source.transport.notify_always(env, source.queue);
    keep_watch(env);
}

constexpr component::InterfaceId offers[] = {component::InterfaceId::entropy};
constexpr const char* counters[] = {"completed", "bytes"};
constexpr component::DeviceMatch matches[] = {
    {.bus = component::DeviceBus::pci, .vendor = 0x1af4, .device = 0x1005},
    {.bus = component::DeviceBus::pci, .vendor = 0x1af4, .device = 0x1044},
    {.bus = component::DeviceBus::virtio_mmio, .device = 4},
};

consteval component::Descriptor make_descriptor() {
    return component::describe<Source>("virtio_rng", {1, 0, 0}, component::Traits::never_waits,
                                       {.start = start,
                                        .resume = resume,
                                        .quiesce = quiesce,
                                        .stop = stop,
                                        .submit = submit,
                                        .interrupt = interrupt,
                                        .timer = watch})
        .matching(matches)
        .offering(offers)
        .counting(counters);
}

} // namespace

} // namespace virtio_rng

COMPONENT_DESCRIPTOR(virtio_rng) = virtio_rng::make_descriptor();
