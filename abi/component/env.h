// SPDX-License-Identifier: BSD-2-Clause
// Env: everything a component can do to the world. A handler gets it by reference; views got from
// it (arena, DMA memory, buffers, records) hold until the handler returns or waits and are never
// stored. Calls marked "waits" let other handlers of the strand in: re-check afterwards what was
// relied on. A component marked never_waits may call those from start() only.
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "abi/component/arena.h"
#include "abi/component/env_table.h"
#include "base/format.h"
#include "base/result.h"
#include "base/units.h"

namespace component {

class Env {
public:
    // --- the arena

    // The instance's state; the home checked at start that it fits.
    template <ArenaData State>
    State& arena() {
        return *reinterpret_cast<State*>(arena_);
    }
    // The same as a fresh object: for start(), where the arena is zeroes but its members may have
    // other beginnings.
    template <ArenaData State>
    State& construct_arena() {
        return *::new (static_cast<void*>(arena_)) State{};
    }
    u64 arena_size() const { return arena_size_; }
    // Number of the strand this handler runs in.
    u32 strand() const { return strand_; }

    // --- time and diagnosis

    template <typename... Arguments>
    void log(LogLevel level, std::string_view pattern, const Arguments&... arguments) {
        const base::Text<200> text(pattern, arguments...);
        table_->log(this, level, text.view().data(), text.view().size());
    }
    Nanos now() { return Nanos(static_cast<u64>(table_->now(this))); }
    Nanos wall_clock() { return Nanos(static_cast<u64>(table_->wall_clock(this))); }
    // Waits. Does not return when the handler is abandoned meanwhile.
    Result<> sleep_until(Nanos moment) { return check(table_->sleep_until(this, moment.value)); }
    Result<> sleep(Nanos duration) { return sleep_until(now() + duration); }
    // The component's timer handler is called once, at `moment` or later. 8 timers, from 0.
    void set_timer(u32 timer, Nanos moment) { table_->set_timer(this, timer, moment.value); }
    void cancel_timer(u32 timer) { table_->cancel_timer(this, timer); }
    void random(std::span<u8> to) { table_->random(this, to.data(), to.size()); }
    // The value configured under `key` ("pith.virtio_blk.queue_size=64"). Errors: noent.
    Result<std::string_view> configuration(std::string_view key, std::span<char> buffer) {
        const i64 length =
            table_->configuration(this, key.data(), key.size(), buffer.data(), buffer.size());
        if (length < 0)
            return Failure(static_cast<Errno>(-length));
        return std::string_view(buffer.data(), static_cast<usize>(length));
    }
    // Adds to one of the instance's 16 counters, named in its descriptor.
    void count(u32 counter, u64 amount = 1) { table_->count(this, counter, amount); }
    void trace(u32 event, u64 a = 0, u64 b = 0) { table_->trace(this, event, a, b); }
    // Declares the device broken: the home ends this instance when the handler returns.
    void fail(Errno error, std::string_view why) {
        table_->fail(this, static_cast<u32>(error), why.data(), why.size());
    }

    // --- the device

    // 0 where the device has no such fact.
    u64 device_fact(DeviceFact fact) {
        const i64 value = table_->device_fact(this, fact);
        return value < 0 ? 0 : static_cast<u64>(value);
    }
    // Errors: noent.
    Result<WindowInfo> window(u32 index) {
        WindowInfo info{};
        TRY(check(table_->window_info(this, index, &info)));
        return info;
    }
    // Storage owned by the core: the bytes that lie contiguous from `offset`. Errors: inval.
    Result<std::span<u8>> window_memory(u32 window, u64 offset) {
        u8* view = nullptr;
        const u64 length = TRY(value(table_->window_memory(this, window, offset, &view)));
        return std::span<u8>(view, length);
    }
    // Width in bytes, 1 to 8; outside the window the instance ends. All ones from a dead device.
    u64 read_register(u32 window, u64 offset, u32 width) {
        u64 value = 0;
        table_->read_register(this, window, offset, width, &value);
        return value;
    }
    void write_register(u32 window, u64 offset, u32 width, u64 value) {
        table_->write_register(this, window, offset, width, value);
    }
    // PCI configuration space, 1, 2 or 4 bytes; all ones where there is none.
    u32 read_configuration_space(u32 offset, u32 width) {
        const i64 value = table_->read_configuration_space(this, offset, width);
        return value < 0 ? ~u32{0} : static_cast<u32>(value);
    }
    Result<u64> control(ControlKind kind, u64 argument) {
        return value(table_->control(this, kind, argument));
    }
    Result<> enable_interrupt(u32 line) { return check(table_->enable_interrupt(this, line)); }
    void disable_interrupt(u32 line) { table_->disable_interrupt(this, line); }
    // A level-triggered line stays masked from its handler's start until this call.
    void acknowledge_interrupt(u32 line) { table_->acknowledge_interrupt(this, line); }

    // --- memory for the device

    // Physically contiguous, zeroed. Errors: nomem, inval.
    Result<DmaBlock> allocate_dma(u64 length, u64 alignment = 4096) {
        DmaBlock block;
        TRY(check(table_->allocate_dma(this, length, alignment, &block)));
        return block;
    }
    void free_dma(u32 block) { table_->free_dma(this, block); }
    // The whole block; an index that names none ends the instance.
    std::span<u8> dma_view(u32 block) {
        u8* view = nullptr;
        const i64 length = table_->dma_view(this, block, &view);
        return length < 0 ? std::span<u8>() : std::span<u8>(view, static_cast<usize>(length));
    }

    // --- buffers of requests

    // The pieces of `buffer` for the device, at most `into.size()` of them; they stay valid until
    // the request is completed. Errors: inval (not that request's), e2big (more pieces), acces;
    // behind a remapping unit nomem and nospc (the request may be tried again later).
    Result<std::span<DmaSegment>> map_buffer(const Request& request, const Buffer& buffer,
                                             std::span<DmaSegment> into) {
        const u64 count = TRY(value(table_->map_buffer(this, request.id, &buffer, into.data(),
                                                       static_cast<u32>(into.size()))));
        return into.first(count);
    }
    Result<std::span<DmaSegment>> map_buffer(const Request& request, std::span<DmaSegment> into) {
        return map_buffer(request, request.buffer, into);
    }
    // The bytes contiguous from `offset` in the request's buffer. Errors: inval, acces.
    Result<std::span<u8>> buffer_view(const Request& request, u64 offset) {
        u8* view = nullptr;
        const u64 length =
            TRY(value(table_->buffer_view(this, request.id, &request.buffer, offset, &view)));
        return std::span<u8>(view, length);
    }
    Result<> copy_from_buffer(const Request& request, u64 offset, std::span<u8> to) {
        return check(table_->copy_from_buffer(this, request.id, &request.buffer, offset, to.data(),
                                              to.size()));
    }
    Result<> copy_to_buffer(const Request& request, u64 offset, std::span<const u8> from) {
        return check(table_->copy_to_buffer(this, request.id, &request.buffer, offset, from.data(),
                                            from.size()));
    }

    // --- services and requests

    // Announces a service; the core builds its side behind a gate. The answer is the number that
    // requests for it carry. Errors: proto (fingerprint), nospc, again (a service of that name was
    // withdrawn and has not gone yet).
    template <Interface I>
    Result<u32> offer(std::string_view name, const typename I::Properties& properties) {
        ServiceOffer offer{I::id, sizeof properties, fingerprint_of<I>(), &properties, {}};
        for (usize i = 0; i < name.size() && i + 1 < sizeof offer.name; ++i)
            offer.name[i] = name[i];
        return static_cast<u32>(TRY(value(table_->offer(this, &offer))));
    }
    template <Interface I>
    Result<> update_offer(u32 service, const typename I::Properties& properties) {
        return check(table_->update_offer(this, service, &properties, sizeof properties));
    }
    void withdraw(u32 service) { table_->withdraw(this, service); }
    // Ends a pending request. Its client hears of it after this handler returned. A request that
    // is not pending ends the instance.
    void complete(u64 request, u64 value) { table_->complete(this, request, 0, value); }
    void complete(u64 request, Errno error) {
        table_->complete(this, request, static_cast<u32>(error), 0);
    }
    // Hands `bytes` to the core's side of a service (received characters, a changed size); answers
    // how many were taken: the rest waits in the device until the core asks again.
    u64 deliver(u32 service, u32 event, std::span<const u8> bytes) {
        const i64 taken = table_->deliver(this, service, event, bytes.data(), bytes.size());
        return taken < 0 ? 0 : static_cast<u64>(taken);
    }

    // --- child sessions, in the order of the descriptor's needs

    u32 child_count() { return static_cast<u32>(table_->child_count(this)); }
    // Errors: noent, proto (another layout).
    template <Interface I>
    Result<typename I::Properties> child_properties(u32 child) {
        typename I::Properties properties{};
        TRY(check(table_->child_properties(this, child, fingerprint_of<I>(), &properties,
                                           sizeof properties)));
        return properties;
    }
    // Waits for the answer; for handlers of requests, and with no buffer but (a part of) that
    // request's own, whose id `request` then has. The request stays unanswered meanwhile. Errors:
    // those of the request, inval, e2big (more pieces than maximum_child_pieces), opnotsupp.
    Result<u64> call_child(u32 child, Request& request) {
        Reply reply;
        TRY(check(table_->call_child(this, child, &request, &reply)));
        if (!reply.ok())
            return Failure(reply.error());
        return reply.value;
    }

    // --- published records (metadata blocks, connection records)

    // A read-only view of record `key`. Waits when it is not cached. Errors: io, noent, nomem.
    Result<RecordView> read_record(u32 store, u64 key) {
        RecordView view{};
        TRY(check(table_->read_record(this, store, key, &view)));
        return view;
    }
    void release_record(u32 store, const RecordView& view) {
        table_->release_record(this, store, view.pin);
    }
    // Applies all changes or none, in the name of `request` (0: of no request). Never waits.
    // Errors: again (a version moved: start over), nospc, nomem.
    Result<> publish(u64 request, std::span<const RecordChange> changes) {
        return check(table_->publish(this, request, changes.data(), changes.size()));
    }
    bool was_published(const Request& request) {
        return table_->was_published(this, request.id) == 1;
    }

    // The calls that the client of `request` lends while it lasts (file_system.h, VolumeServices).
    // Errors: noent.
    template <typename Services>
    Result<const Services*> request_services(const Request& request) {
        const void* table = nullptr;
        TRY(check(table_->request_services(this, request.id, &table)));
        return static_cast<const Services*>(table);
    }

protected:
    // Homes derive from Env and fill these.
    const EnvTable* table_ = nullptr;
    u8* arena_ = nullptr;
    u64 arena_size_ = 0;
    u32 strand_ = 0;
    u32 reserved_ = 0;

private:
    static Result<> check(i64 answer) {
        if (answer < 0) [[unlikely]]
            return Failure(static_cast<Errno>(-answer));
        return {};
    }
    static Result<u64> value(i64 answer) {
        if (answer < 0) [[unlikely]]
            return Failure(static_cast<Errno>(-answer));
        return static_cast<u64>(answer);
    }
};

} // namespace component
