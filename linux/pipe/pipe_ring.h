// SPDX-License-Identifier: BSD-2-Clause
// The content of a pipe: a ring of slots, each a part of one page. Pure data structure; the pipe's
// lock guards changes, while empty() and full() may be asked without it (the answer is then a
// hint).
#pragma once

#include <atomic>

#include "base/result.h"
#include "core/memory/page.h"

namespace linux {

// Bytes in a page. The slot owns one reference to it.
struct PipeSlot {
    core::Page* page = nullptr;
    u32 offset = 0;
    u32 length = 0;
    bool mergeable = false; // the pipe's own page: a later write may append behind the data
    bool packet = false;    // O_DIRECT: one read takes it whole, the rest is dropped
};

class PipeRing {
public:
    static constexpr u32 default_slots = 16;

    PipeRing() = default;
    ~PipeRing();
    PipeRing(const PipeRing&) = delete;
    PipeRing& operator=(const PipeRing&) = delete;

    // Makes the ring `slots` (a power of two) large and keeps its content. Errors: nomem, busy
    // (there is more in it than would fit).
    Result<> resize(u32 slots);

    u32 capacity() const { return capacity_.load(std::memory_order_relaxed); }
    u32 used() const {
        return head_.load(std::memory_order_relaxed) - tail_.load(std::memory_order_relaxed);
    }
    bool empty() const { return used() == 0; }
    bool full() const { return used() >= capacity(); }
    u64 bytes() const;

    // The oldest slot, the newest, and the one `index` after the oldest; the caller knows they
    // exist.
    PipeSlot& front() { return slot(tail_.load(std::memory_order_relaxed)); }
    PipeSlot& back() { return slot(head_.load(std::memory_order_relaxed) - 1); }
    PipeSlot& at(u32 index) { return slot(tail_.load(std::memory_order_relaxed) + index); }

    // Appends a slot, taking over its reference; the ring is not full.
    void push(const PipeSlot& item) {
        const u32 head = head_.load(std::memory_order_relaxed);
        slot(head) = item;
        head_.store(head + 1, std::memory_order_release);
    }
    // Takes the oldest slot out; its reference is the caller's.
    PipeSlot pop() {
        const u32 tail = tail_.load(std::memory_order_relaxed);
        const PipeSlot item = slot(tail);
        tail_.store(tail + 1, std::memory_order_release);
        return item;
    }

private:
    PipeSlot& slot(u32 position) { return slots_[position & (capacity() - 1)]; }

    PipeSlot* slots_ = nullptr;
    std::atomic<u32> capacity_{0};
    std::atomic<u32> head_{0}; // counts slots ever appended
    std::atomic<u32> tail_{0}; // counts slots ever taken
};

} // namespace linux
