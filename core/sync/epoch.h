// SPDX-License-Identifier: BSD-2-Clause
// Epochs: readers of shared structures take neither locks nor references. An EpochGuard keeps what
// is seen inside it from being freed; what is taken out of the structure goes through retire(),
// which frees it once every guard that may still see it is gone. A guarded section runs with
// preemption off and must not sleep.
#pragma once

#include <atomic>

#include "arch/api/cpu.h"

namespace core {

// Base of what guarded readers may see. `destroy` frees it; process context, no locks held.
struct Retired {
    Retired* next_retired = nullptr;
    void (*destroy_retired)(Retired& retired) = nullptr;
};

namespace detail {
// Odd while the CPU is inside a guard. A line each, so that readers share none.
struct alignas(64) EpochCounter {
    std::atomic<u64> value{0};
};
extern EpochCounter epoch_counters[arch::maximum_cpus];
} // namespace detail

// Not nestable. Process context.
class EpochGuard {
public:
    struct Outside {};
    EpochGuard() { enter(); }
    explicit EpochGuard(Outside) {} // enter() follows
    ~EpochGuard() {
        if (counter_)
            leave();
    }
    EpochGuard(const EpochGuard&) = delete;
    EpochGuard& operator=(const EpochGuard&) = delete;

    bool is_inside() const { return counter_ != nullptr; }
    // Leaves in the middle, to sleep, and comes back; pointers read before are stale then.
    void leave() {
        std::atomic<u64>& value = counter_->value;
        // Release: the section's reads are done before it says so.
        value.store(value.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        counter_ = nullptr;
        arch::enable_preemption();
    }
    void enter() {
        arch::disable_preemption();
        counter_ = &detail::epoch_counters[arch::cpu_index()];
        // Sequentially consistent: the mark is seen before the section reads anything.
        counter_->value.exchange(counter_->value.load(std::memory_order_relaxed) + 1,
                                 std::memory_order_seq_cst);
    }

private:
    detail::EpochCounter* counter_ = nullptr;
};

// Takes what no new reader can reach. Process context, not inside an EpochGuard, no locks held; may
// call destroy functions of what was retired earlier.
void retire(Retired& retired, void (*destroy)(Retired&));

} // namespace core
