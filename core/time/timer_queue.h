// SPDX-License-Identifier: BSD-2-Clause
// The timers of one CPU and the hardware timer behind them; for core/time, core/sched and arch.
#pragma once

#include "base/units.h"
#include "core/sync/lock.h"
#include "core/time/timer.h"

namespace core {

class TimerQueue {
public:
    void arm(Timer& timer, Nanos deadline) PITH_EXCLUDES(lock_);
    // Takes the timer out, or arms it again here if its function is running, so that it runs on one
    // CPU at a time: true then.
    bool re_arm_if_running(Timer& timer, Nanos deadline) PITH_EXCLUDES(lock_);
    bool disarm(Timer& timer) PITH_EXCLUDES(lock_); // waits for a running function
    // Runs what is due. In the timer interrupt.
    void run_due() PITH_EXCLUDES(lock_);
    // The scheduler wants an interrupt no later than this as well; no_tick: not any more.
    void set_tick(Nanos deadline) PITH_EXCLUDES(lock_);
    // One after `tick_interval`, unless one is to come already. Interrupts off.
    void ensure_tick() PITH_EXCLUDES(lock_);

    static TimerQueue& here();
    static TimerQueue& of(u32 cpu);
    static constexpr Nanos no_tick{~u64{0}};
    static constexpr Nanos tick_interval = base::milliseconds(4);

private:
    struct Earlier {
        bool operator()(const Timer& a, const Timer& b) const { return a.deadline_ < b.deadline_; }
    };
    void program() PITH_REQUIRES(lock_);
    void insert(Timer& timer, Nanos deadline) PITH_REQUIRES(lock_);
    bool remove(Timer& timer) PITH_REQUIRES(lock_); // whether it was there

    IrqSpinLock<lock_class::timer> lock_;
    base::PairingHeap<Timer, &Timer::node_, Earlier> heap_;
    std::atomic<Timer*> running_{nullptr};
    // Both change on this CPU alone, with interrupts off.
    Nanos tick_ = no_tick;
    Nanos programmed_ = no_tick; // when the hardware will interrupt
};

// The hardware timer of this CPU fired. `from_user`: it interrupted a program.
void timer_interrupt(bool from_user);

} // namespace core
