// SPDX-License-Identifier: BSD-2-Clause
// A split virtqueue (2.7). What the device may write is only read, once, and checked; which
// descriptors are free and which are whose is kept in the arena, out of its reach.
#pragma once

#include <array>
#include <atomic>

#include "abi/component/virtio/transport.h"

namespace component::virtio {

// A piece of a request: what the device reads must stand before what it writes.
struct Piece {
    u64 address;
    u32 length;
    bool device_writes;
};

struct UsedElement {
    u16 head = 0;   // descriptor the chain began with; `cookie` belongs to it
    u32 length = 0; // bytes the device says it wrote
    u64 cookie = 0;
};

template <u16 Capacity>
class Queue {
    static_assert((Capacity & (Capacity - 1)) == 0);

public:
    // Allocates the rings and enables the queue. Errors: nodev (no such queue), nomem, of transport.
    Result<> open(Env& env, Transport& transport, u16 index) {
        *this = {};
        const u32 limit = transport.queue_limit(env, index);
        u16 size = Capacity;
        while (size > limit)
            size /= 2;
        if (size < 2)
            return Failure(Errno::nodev);
        index_ = index;
        size_ = size;
        // The legacy layout suits everyone: the used ring begins on a page (2.7.2).
        available_offset_ = u32{16} * size;
        used_offset_ = (available_offset_ + 6 + 2 * u32{size} + 4095) & ~u32{4095};
        const DmaBlock block = TRY(env.allocate_dma(used_offset_ + 6 + 8 * u32{size}));
        block_ = block.index;
        event_index_ = transport.has(feature::event_index);
        for (u16 i = 0; i < size; ++i)
            next_[i] = static_cast<u16>(i + 1);
        free_count_ = size;
        TRY(transport.enable_queue(env, {index, size, block.address,
                                         block.address + available_offset_,
                                         block.address + used_offset_}));
        notify_offset_ = transport.notify_offset();
        return {};
    }

    u16 size() const { return size_; }
    u16 free_count() const { return free_count_; }
    bool has_used(Env& env) { return load16(env, used_offset_ + 2) != last_used_; }

    // Puts a chain of pieces into the available ring. False if there are not enough descriptors.
    bool add(Env& env, std::span<const Piece> pieces, u64 cookie) {
        return add_chain(env, pieces, cookie, 0);
    }
    // One descriptor that names a table of descriptors at `table` (2.7.5.3).
    bool add_indirect(Env& env, u64 table, u32 entries, u64 cookie, u16& head) {
        const Piece piece{table, entries * u32{sizeof(Descriptor)}, false};
        head = free_head_;
        return add_chain(env, {&piece, 1}, cookie, descriptor_flag::indirect);
    }
    // The descriptor the next add() will begin with; there is one.
    u16 next_head() const { return free_head_; }

    // Tells the device, if it wants to be told, of what was added since the last call.
    void notify(Env& env, Transport& transport) {
        // 2.7.13.3.1: the index was stored before what the device wishes is looked at.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        const u16 before = notified_;
        notified_ = available_index_;
        if (before == available_index_)
            return;
        bool wanted;
        if (event_index_) {
            const u16 event = load16(env, used_offset_ + 4 + 8 * u32{size_});
            wanted = static_cast<u16>(available_index_ - event - 1) <
                     static_cast<u16>(available_index_ - before);
        } else {
            wanted = (load16(env, used_offset_) & 1) == 0;
        }
        if (wanted)
            transport.notify(env, index_, notify_offset_);
    }

    // The next chain the device is done with. Errors: noent (none), proto (it named one it does not
    // have: the device lies).
    Result<UsedElement> take_used(Env& env) {
        const u16 device_index = load16(env, used_offset_ + 2);
        if (device_index == last_used_)
            return Failure(Errno::noent);
        std::atomic_thread_fence(std::memory_order_acquire); // the entry was written before the index
        if (static_cast<u16>(device_index - last_used_) > size_)
            return Failure(Errno::proto);
        const u32 place = used_offset_ + 4 + 8 * u32{static_cast<u16>(last_used_ % size_)};
        const u32 id = load32(env, place);
        const u32 length = load32(env, place + 4);
        if (id >= size_ || chain_[id] == 0)
            return Failure(Errno::proto);
        ++last_used_;
        const UsedElement element{static_cast<u16>(id), length, cookies_[id]};
        free_chain(element.head);
        return element;
    }
    // Asks for an interrupt at the next used chain; true if one has come meanwhile.
    bool enable_interrupts(Env& env) {
        if (event_index_)
            store16(env, available_offset_ + 4 + 2 * u32{size_}, last_used_);
        // 2.7.10: the wish is stored before the index is looked at again.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        return has_used(env);
    }

private:
    bool add_chain(Env& env, std::span<const Piece> pieces, u64 cookie, u16 extra_flags) {
        if (pieces.empty() || pieces.size() > free_count_)
            return false;
        u8* memory = env.dma_view(block_).data();
        const u16 head = free_head_;
        u16 at = head;
        for (usize i = 0; i < pieces.size(); ++i) {
            const bool last = i + 1 == pieces.size();
            u16 flags = pieces[i].device_writes ? descriptor_flag::device_writes : u16{0};
            flags = static_cast<u16>(flags | extra_flags | (last ? 0 : descriptor_flag::next));
            auto* descriptor = reinterpret_cast<Descriptor*>(memory) + at;
            *descriptor = {pieces[i].address, pieces[i].length, flags,
                           last ? u16{0} : next_[at]};
            if (last)
                free_head_ = next_[at];
            else
                at = next_[at];
        }
        chain_[head] = static_cast<u16>(pieces.size());
        cookies_[head] = cookie;
        free_count_ = static_cast<u16>(free_count_ - pieces.size());
        store16(env, available_offset_ + 4 + 2 * u32{static_cast<u16>(available_index_ % size_)},
                head);
        ++available_index_;
        // Release: the chain is complete before the device can see it.
        __atomic_store_n(word16(env, available_offset_ + 2), available_index_, __ATOMIC_RELEASE);
        return true;
    }

    void free_chain(u16 head) {
        u16 tail = head;
        for (u16 i = 1; i < chain_[head]; ++i)
            tail = next_[tail];
        next_[tail] = free_head_;
        free_head_ = head;
        free_count_ = static_cast<u16>(free_count_ + chain_[head]);
        chain_[head] = 0;
    }

    u16* word16(Env& env, u32 offset) {
        return reinterpret_cast<u16*>(env.dma_view(block_).data() + offset);
    }
    u16 load16(Env& env, u32 offset) {
        return __atomic_load_n(word16(env, offset), __ATOMIC_RELAXED);
    }
    u32 load32(Env& env, u32 offset) {
        return __atomic_load_n(
            reinterpret_cast<u32*>(env.dma_view(block_).data() + offset), __ATOMIC_RELAXED);
    }
    void store16(Env& env, u32 offset, u16 value) {
        __atomic_store_n(word16(env, offset), value, __ATOMIC_RELAXED);
    }

    u32 block_ = 0;
    u32 available_offset_ = 0;
    u32 used_offset_ = 0;
    u16 index_ = 0;
    u16 size_ = 0;
    u16 notify_offset_ = 0;
    u16 event_index_ = 0;
    u16 free_head_ = 0;
    u16 free_count_ = 0;
    u16 available_index_ = 0;
    u16 last_used_ = 0;
    u16 notified_ = 0;
    std::array<u16, Capacity> next_{};  // links of chains and of the free list
    std::array<u16, Capacity> chain_{}; // by head: descriptors in the chain, 0 if it is not the device's
    std::array<u64, Capacity> cookies_{};
};

} // namespace component::virtio
