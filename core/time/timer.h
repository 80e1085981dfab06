// SPDX-License-Identifier: BSD-2-Clause
// One-shot timers on the monotonic clock, kept per CPU. The function runs in the timer interrupt of
// the CPU that armed it, interrupts off: it may wake threads and arm timers, never sleep.
#pragma once

#include <atomic>

#include "base/heap.h"
#include "base/units.h"

namespace core {

class Timer {
public:
    using Function = void (*)(Timer& timer);

    constexpr explicit Timer(Function function) : function_(function) {}
    constexpr ~Timer() {
        if (!__builtin_is_constant_evaluated())
            cancel();
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    // Arms or re-arms. A deadline in the past fires at once. Any context, under locks that the
    // function takes, too: it may still be running for the deadline before. One caller at a time.
    void arm(Nanos deadline);
    // After return the function is neither pending nor running (unless called from itself). Returns
    // whether it was pending. Any context but the timer's own lock holders.
    bool cancel();
    bool is_armed() const { return armed_; }
    Nanos deadline() const { return deadline_; }

private:
    friend class TimerQueue;

    const Function function_;
    Nanos deadline_;
    base::HeapNode<Timer> node_;
    std::atomic<u32> cpu_{0}; // whose queue it was armed in last
    bool armed_ = false;      // guarded by that queue's lock
};

// A timer interrupt is to come to this CPU within a few milliseconds, even if it is idle: what runs
// next, in an interrupt, may never return. Until the idle thread goes on. Interrupts off.
void ensure_tick();

} // namespace core
