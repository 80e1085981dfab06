// SPDX-License-Identifier: BSD-2-Clause
// One-shot timers on the monotonic clock, kept per CPU. The function runs in the timer interrupt of the
// CPU that armed it, interrupts off: it may wake threads and arm timers, never sleep.
#pragma once

#include "base/units.h"
#include "core/sync/lock_class.h"
#include "base/types.h"

namespace core {

class Timer {
public:
    using Function = void (*)(Timer& timer);

    explicit Timer(Function function) : function_(function) {}
    ~Timer() { cancel(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    // Arms or re-arms. A deadline in the past fires at once. Any context. Costs nothing until it fires.
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
    u32 heap_index_ = 0; // place in the queue's heap
    u32 cpu_ = 0;
    bool armed_ = false; // guarded by the queue's lock
};

// Sleeps until `deadline` (monotonic). Errors: intr.
} // namespace core
