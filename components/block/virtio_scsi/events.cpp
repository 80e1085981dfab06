// SPDX-License-Identifier: BSD-2-Clause
// What the device tells by itself (Virtio 1.2, 5.6.6.3): units that come, go or change.
#include "components/block/virtio_scsi/adapter.h"

namespace virtio_scsi {

namespace {

void give_buffer(Env& env, u32 index) {
    Adapter& adapter = env.arena<Adapter>();
    const Piece piece{adapter.event_memory.at(index * event::bytes).address, event::bytes};
    (void)adapter.events.add(env, {{}, {&piece, 1}}, index); // as many as were taken fit
}

void take_event(Env& env, u32 index) {
    Adapter& adapter = env.arena<Adapter>();
    const component::SharedMemory memory(
        component::view_of(env, adapter.event_memory.at(index * event::bytes), event::bytes));
    const u32 kind = memory.load<u32>(event::kind);
    const u32 reason = memory.load<u32>(event::reason);
    const u8 target = memory.load<u8>(event::unit + 1);
    const u32 unit = memory.load<u8>(event::unit + 2) << 8 | memory.load<u8>(event::unit + 3);
    const UnitAddress address{target, 0, static_cast<u16>(unit & (most_units_of_target - 1))};
    if (kind & event::missed)
        begin_search(env);
    switch (kind & ~event::missed) {
    case event::transport:
        if (reason == event::removed) {
            if (Unit* known = find_unit(adapter, address))
                withdraw_unit(env, *known);
        } else if (target < adapter.target_count) {
            ask_unit(env, address);
        }
        break;
    case event::parameters:
        if (find_unit(adapter, address))
            ask_unit(env, address);
        break;
    default: break; // nothing happened, or what is of no interest
    }
}

} // namespace

void listen(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    for (u32 i = 0; i < base::minimum(event_buffers, adapter.events.size()); ++i)
        give_buffer(env, i);
    (void)adapter.events.arm(env);
    adapter.transport.notify_always(env, adapter.events);
}

// Ends: at most as many are taken in one go as there are buffers; what comes meanwhile brings an
// interrupt.
void take_events(Env& env) {
    Adapter& adapter = env.arena<Adapter>();
    for (u32 i = 0; i < event_buffers && !adapter.broken; ++i) {
        virtio::Used used;
        const Result<bool> taken = adapter.events.take(env, used);
        if (!taken)
            give_up(env, Errno::io, virtio::text_of(adapter.events.fault()));
        if (!taken || !*taken)
            break;
        if (used.length >= event::bytes)
            take_event(env, used.token);
        give_buffer(env, used.token);
    }
    if (adapter.broken)
        return;
    if (adapter.events.arm(env)) // more are there: later, so that others get their turn
        env.set_timer(watch_timer, env.now() + base::milliseconds(10));
    adapter.transport.notify_if_wanted(env, adapter.events);
}

} // namespace virtio_scsi
