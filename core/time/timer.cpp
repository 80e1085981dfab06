// SPDX-License-Identifier: BSD-2-Clause
#include "core/time/timer_queue.h"

#include "arch/api/interrupts.h"
#include "core/memory/per_cpu.h"
#include "core/sched/scheduler.h"
#include "core/time/clock.h"

namespace core {
namespace {

constinit PerCpu<TimerQueue> g_queues;

} // namespace

TimerQueue& TimerQueue::here() { return g_queues.here(); }
TimerQueue& TimerQueue::of(u32 cpu) { return g_queues.of(cpu); }

void TimerQueue::program() {
    Nanos wanted = tick_;
    // What is due while a function runs waits until it has returned; the tick does not.
    const bool waits = running_.load(std::memory_order_relaxed) != nullptr;
    if (const Timer* first = heap_.top(); !waits && first && first->deadline_ < wanted)
        wanted = first->deadline_;
    if (wanted >= programmed_)
        return; // an earlier interrupt comes anyway and looks again
    programmed_ = wanted;
    const Nanos current = now();
    arch::arm_timer(wanted > current ? wanted - current : Nanos(0));
}

void TimerQueue::insert(Timer& timer, Nanos deadline) {
    timer.deadline_ = deadline;
    timer.armed_ = true;
    heap_.push(timer);
}

bool TimerQueue::remove(Timer& timer) {
    if (!timer.armed_ || !timer.node_.queued)
        return false;
    heap_.remove(timer);
    timer.armed_ = false;
    return true;
}

void TimerQueue::arm(Timer& timer, Nanos deadline) {
    LockGuard<lock_class::timer> guard(lock_);
    insert(timer, deadline);
    if (this == &here())
        program();
}

bool TimerQueue::re_arm_if_running(Timer& timer, Nanos deadline) {
    LockGuard<lock_class::timer> guard(lock_);
    (void)remove(timer);
    if (running_.load(std::memory_order_relaxed) != &timer || this == &here())
        return false;
    insert(timer, deadline); // run_due() looks for it when the function has returned
    return true;
}

bool TimerQueue::disarm(Timer& timer) {
    bool was_armed = false;
    {
        LockGuard<lock_class::timer> guard(lock_);
        was_armed = remove(timer);
    }
    // Its function may be running on that CPU; on this one it can only be our caller.
    while (running_.load(std::memory_order_acquire) == &timer && this != &here())
        arch::spin_pause();
    return was_armed;
}

void TimerQueue::run_due() {
    lock_.acquire();
    const Nanos current = now();
    programmed_ = no_tick;
    if (tick_ <= current)
        tick_ = no_tick; // this is it; the scheduler sets the next one
    // A timer's function may let interrupts in; the run it interrupts goes on with what is due.
    const bool is_nested = running_.load(std::memory_order_relaxed) != nullptr;
    while (!is_nested) {
        Timer* timer = heap_.top();
        if (!timer || timer->deadline_ > current)
            break;
        heap_.pop();
        timer->armed_ = false;
        running_.store(timer, std::memory_order_relaxed);
        lock_.release();
        timer->function_(*timer);
        lock_.acquire();
        running_.store(nullptr, std::memory_order_release);
    }
    program();
    lock_.release();
}

void TimerQueue::set_tick(Nanos deadline) {
    LockGuard<lock_class::timer> guard(lock_);
    tick_ = deadline;
    program();
}

void TimerQueue::ensure_tick() PITH_NO_ANALYSIS {
    if (tick_ == no_tick || programmed_ > tick_)
        set_tick(now() + tick_interval);
}

void ensure_tick() { TimerQueue::here().ensure_tick(); }

void Timer::arm(Nanos deadline) {
    arch::disable_preemption();
    if (!TimerQueue::of(cpu_.load(std::memory_order_relaxed)).re_arm_if_running(*this, deadline)) {
        cpu_.store(arch::cpu_index(), std::memory_order_relaxed);
        TimerQueue::here().arm(*this, deadline);
    }
    arch::enable_preemption();
}

bool Timer::cancel() {
    // Unarmed and not running is the common case; the queue's lock decides in every other.
    return TimerQueue::of(cpu_.load(std::memory_order_relaxed)).disarm(*this);
}

void timer_interrupt(bool from_user) {
    TimerQueue::here().run_due();
    Scheduler::tick(from_user);
}

} // namespace core
