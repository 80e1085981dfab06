// SPDX-License-Identifier: BSD-2-Clause
// Walks read dentries, inodes and mounts without taking references: a WalkGuard keeps what they see
// from being freed, and what is taken out of the tree goes through retire(), which frees it once
// every walk that may still see it is over. A guarded walk runs with preemption off and must not
// sleep.
#pragma once

#include <atomic>

#include "arch/api/cpu.h"

namespace linux {

// Base of what walks may see. `destroy` frees it; process context, no locks held.
struct Garbage {
    Garbage* next_garbage = nullptr;
    void (*destroy_garbage)(Garbage& garbage) = nullptr;
};

namespace detail {
// Odd while the CPU is inside a walk. A line each, so that walks share none.
struct alignas(64) WalkCounter {
    std::atomic<u64> value{0};
};
extern WalkCounter walk_counters[arch::maximum_cpus];
} // namespace detail

// Not nestable. Process context.
class WalkGuard {
public:
    struct Outside {};
    WalkGuard() { enter(); }
    explicit WalkGuard(Outside) {} // enter() follows
    ~WalkGuard() {
        if (counter_)
            leave();
    }
    WalkGuard(const WalkGuard&) = delete;
    WalkGuard& operator=(const WalkGuard&) = delete;

    bool is_inside() const { return counter_ != nullptr; }
    // Leaves in the middle, to sleep, and comes back; pointers read before are stale then.
    void leave() {
        std::atomic<u64>& value = counter_->value;
        // Release: the walk's reads are done before it says so.
        value.store(value.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        counter_ = nullptr;
        arch::enable_preemption();
    }
    void enter() {
        arch::disable_preemption();
        counter_ = &detail::walk_counters[arch::cpu_index()];
        // Sequentially consistent: the mark is seen before the walk reads anything.
        counter_->value.exchange(counter_->value.load(std::memory_order_relaxed) + 1,
                                 std::memory_order_seq_cst);
    }

private:
    detail::WalkCounter* counter_ = nullptr;
};

// Takes what no new walk can reach. Process context, not inside a WalkGuard; may call destroy
// functions of earlier garbage.
void retire(Garbage& garbage, void (*destroy)(Garbage&));

} // namespace linux
