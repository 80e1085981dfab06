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
    if (const Timer* first = heap_.top(); first && first->deadline_ < wanted)
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
    // A timer's function may let interrupts in; the run it interrupts goes on with what is due.
    constexpr Nanos nested_interval = base::milliseconds(4);
    lock_.acquire();
    const Nanos current = now();
    if (running_.load(std::memory_order_relaxed)) {
        programmed_ = current + nested_interval;
        arch::arm_timer(nested_interval);
        lock_.release();
        return;
    }
    programmed_ = no_tick;
    while (Timer* timer = heap_.top()) {
        if (timer->deadline_ > current)
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
