// SPDX-License-Identifier: BSD-2-Clause
// A split virtqueue (Virtio 1.2, 2.7), the driver's side. `Queue` is arena data and holds
// everything the driver relies on; the ring in DMA memory is written, and what the device wrote
// there is checked against it. A device that breaks the rules leaves the queue with a fault, for
// good.
#pragma once

#include <array>
#include <string_view>

#include "components/virtio_support/ring_memory.h"

namespace virtio {

using component::DmaPlace;
using component::Env;
using component::full_barrier;
using component::view_of;

// A stretch of memory as the device sees it, under 4 GiB.
using Piece = component::DmaSegment;

// What the device reads, then what it may write. Not both empty.
struct Chain {
    std::span<const Piece> readable;
    std::span<const Piece> writable;

    usize count() const { return readable.size() + writable.size(); }
};

enum class QueueFault : u32 {
    none,
    index,  // more chains returned than were given
    head,   // a chain that the device does not have
    length, // more bytes written than there was room for
};
constexpr std::string_view text_of(QueueFault fault) {
    switch (fault) {
    case QueueFault::none: return "no fault";
    case QueueFault::index: return "device returned more requests than it was given";
    case QueueFault::head: return "device returned a request it was not given";
    case QueueFault::length: return "device claims to have written past a buffer";
    }
    return "unknown fault";
}

// A chain the device gave back.
struct Used {
    u32 token = 0;  // as given to add()
    u32 length = 0; // bytes written, at most what was writable
};

struct QueueShape {
    u16 index = 0; // on the device
    u16 size = 0;  // a power of two
    u32 used_alignment = 4;
    u64 features = 0; // negotiated ones
    u32 notify_offset = 0;
};

template <u32 Capacity>
class Queue {
    static_assert(Capacity <= 32768 && (Capacity & (Capacity - 1)) == 0);

public:
    // An empty ring in zeroed memory of RingLayout::bytes at `ring`. shape.size is at most
    // Capacity.
    void initialize(const QueueShape& shape, const DmaPlace& ring) {
        VERIFY(shape.size != 0 && shape.size <= Capacity && (shape.size & (shape.size - 1)) == 0);
        *this = Queue{};
        shape_ = shape;
        ring_ = ring;
        free_ = shape.size;
        for (u32 i = 0; i < shape.size; ++i)
            next_[i] = static_cast<u16>(i + 1);
    }

    u16 index() const { return shape_.index; }
    u32 size() const { return shape_.size; }
    u32 notify_offset() const { return shape_.notify_offset; }
    u32 free_descriptors() const { return free_; }
    u32 in_device() const { return in_device_; } // chains
    QueueFault fault() const { return fault_; }
    // Some devices count what they read of a chain as well as what they wrote: then a length says
    // less.
    void expect_read_bytes_counted() { counts_read_bytes_ = 1; }
    bool has_indirect() const { return (shape_.features & feature_indirect) != 0; }

    // Gives the device a chain of ring descriptors. Errors: nospc (not so many free ones).
    Result<> add(Env& env, const Chain& chain, u32 token) {
        if (chain.count() > free_)
            return Failure(Errno::nospc);
        VERIFY(chain.count() != 0);
        const SharedMemory memory = this->memory(env);
        const u16 head = free_head_;
        u16 at = head;
        usize left = chain.count();
        const auto put = [&](const Piece& piece, u16 flags) {
            --left;
            const u16 more = left ? descriptor_flag::next : 0;
            store_descriptor(memory, at * u32{sizeof(Descriptor)},
                             {piece.address, length_of(piece), u16(flags | more), next_[at]});
            free_head_ = next_[at];
            at = next_[at];
        };
        for (const Piece& piece : chain.readable)
            put(piece, 0);
        for (const Piece& piece : chain.writable)
            put(piece, descriptor_flag::write);
        publish(memory, head, static_cast<u16>(chain.count()), {token, writable_bytes(chain)});
        return {};
    }

    // The same through a table of chain.count() descriptors at `table`, whose memory stays until
    // the chain is taken; one ring descriptor. Errors: nospc.
    Result<> add_indirect(Env& env, const Chain& chain, const DmaPlace& table, u32 token) {
        if (free_ == 0)
            return Failure(Errno::nospc);
        VERIFY(has_indirect() && chain.count() != 0);
        const u32 bytes = static_cast<u32>(chain.count() * sizeof(Descriptor));
        const SharedMemory entries(view_of(env, table, bytes));
        u32 at = 0;
        const auto put = [&](const Piece& piece, u16 flags) {
            const u16 more = at + 1 < chain.count() ? descriptor_flag::next : 0;
            store_descriptor(entries, at * u32{sizeof(Descriptor)},
                             {piece.address, length_of(piece), u16(flags | more), u16(at + 1)});
            ++at;
        };
        for (const Piece& piece : chain.readable)
            put(piece, 0);
        for (const Piece& piece : chain.writable)
            put(piece, descriptor_flag::write);
        const SharedMemory memory = this->memory(env);
        const u16 head = free_head_;
        store_descriptor(memory, head * u32{sizeof(Descriptor)},
                         {table.address, bytes, descriptor_flag::indirect, 0});
        free_head_ = next_[head];
        publish(memory, head, 1, {token, writable_bytes(chain)});
        return {};
    }

    // Whether the device wants to hear of what was added since the last time this answered.
    bool must_notify(Env& env) {
        const u16 before = notified_;
        if (before == available_)
            return false;
        const SharedMemory memory = this->memory(env);
        full_barrier(); // the index is out before the device's wish is read (2.7.13.4.1)
        notified_ = available_;
        const RingLayout layout = this->layout();
        if (!(shape_.features & feature_event_index))
            return (memory.template load<u16>(layout.used) & 1) == 0;
        const u16 wish = memory.template load<u16>(layout.used + 4 + 8 * u32{shape_.size});
        return static_cast<u16>(available_ - wish - 1) < static_cast<u16>(available_ - before);
    }

    // Takes back one chain: true and `used` filled. Errors: io (the device broke the rules; see
    // fault()).
    Result<bool> take(Env& env, Used& used) {
        if (fault_ != QueueFault::none)
            return Failure(Errno::io);
        const SharedMemory memory = this->memory(env);
        const RingLayout layout = this->layout();
        const u16 index = memory.template load_acquire<u16>(layout.used + 2);
        const u16 fresh = static_cast<u16>(index - taken_);
        if (fresh == 0)
            return false;
        if (fresh > in_device_)
            return fail(QueueFault::index);
        const u32 entry = layout.used + 4 + 8 * (taken_ & (u32{shape_.size} - 1));
        const u32 head = memory.template load<u32>(entry);
        const u32 length = memory.template load<u32>(entry + 4);
        if (head >= shape_.size || chains_[head].descriptors == 0)
            return fail(QueueFault::head);
        // Of a chain that is only read, some devices give the bytes they read.
        const u32 writable = chains_[head].writable;
        if (length > writable && writable != 0)
            return fail(QueueFault::length);
        used = {chains_[head].token, writable != 0 ? length : 0};
        ++taken_;
        release(static_cast<u16>(head));
        return true;
    }

    // Asks for an interrupt at the next chain; true if there is one already. To be followed by
    // take().
    bool arm(Env& env) {
        const SharedMemory memory = this->memory(env);
        set_interrupt_wish(memory, taken_, 0);
        full_barrier(); // the wish is out before the index is read again (2.7.7.1)
        return memory.template load_acquire<u16>(layout().used + 2) != taken_;
    }
    // Asks for none; the device may still send some.
    void mute(Env& env) { set_interrupt_wish(memory(env), static_cast<u16>(taken_ - 1), 1); }

private:
    static constexpr u64 feature_indirect = u64{1} << 28;
    static constexpr u64 feature_event_index = u64{1} << 29;

    struct ChainRecord {
        u32 token = 0;
        u32 writable = 0;    // bytes
        u16 descriptors = 0; // 0: not in the device
        u16 reserved = 0;
    };
    struct Writable {
        u32 token;
        u32 bytes;
    };

    RingLayout layout() const { return RingLayout::of(shape_.size, shape_.used_alignment); }
    SharedMemory memory(Env& env) const {
        return SharedMemory(view_of(env, ring_, layout().bytes));
    }
    static u32 length_of(const Piece& piece) {
        VERIFY(piece.length <= ~u32{0});
        return static_cast<u32>(piece.length);
    }
    u32 writable_bytes(const Chain& chain) const {
        u64 sum = 0;
        for (const Piece& piece : chain.writable)
            sum += piece.length;
        for (const Piece& piece : chain.readable)
            sum += counts_read_bytes_ ? piece.length : 0;
        return sum > ~u32{0} ? ~u32{0} : static_cast<u32>(sum);
    }

    void publish(const SharedMemory& memory, u16 head, u16 descriptors, const Writable& writable) {
        chains_[head] = {writable.token, writable.bytes, descriptors, 0};
        free_ -= descriptors;
        ++in_device_;
        const RingLayout layout = this->layout();
        const u32 slot = layout.available + 4 + 2 * (available_ & (u32{shape_.size} - 1));
        memory.store<u16>(slot, head);
        ++available_;
        memory.store_release<u16>(layout.available + 2, available_);
    }

    void release(u16 head) {
        ChainRecord& chain = chains_[head];
        u16 last = head;
        for (u16 i = 1; i < chain.descriptors; ++i)
            last = next_[last];
        next_[last] = free_head_;
        free_head_ = head;
        free_ += chain.descriptors;
        chain.descriptors = 0;
        --in_device_;
    }

    void set_interrupt_wish(const SharedMemory& memory, u16 event, u16 flags) {
        const RingLayout layout = this->layout();
        if (shape_.features & feature_event_index)
            memory.store<u16>(layout.available + 4 + 2 * u32{shape_.size}, event);
        else
            memory.store<u16>(layout.available, flags);
    }

    Failure fail(QueueFault fault) {
        fault_ = fault;
        return Failure(Errno::io);
    }

    QueueShape shape_;
    DmaPlace ring_;
    QueueFault fault_ = QueueFault::none;
    u32 free_ = 0;
    u32 in_device_ = 0;
    u16 free_head_ = 0;
    u16 available_ = 0; // as published
    u16 notified_ = 0;  // value of available_ when the device was last told
    u16 taken_ = 0;     // entries of the used ring taken so far
    u32 counts_read_bytes_ = 0;
    std::array<u16, Capacity> next_{};
    std::array<ChainRecord, Capacity> chains_{};
};

} // namespace virtio
