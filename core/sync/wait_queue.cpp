// SPDX-License-Identifier: BSD-2-Clause
#include "core/sync/wait_queue.h"

#include "core/sched/scheduler.h"
#include "core/sync/lock.h"
#include "core/task/thread.h"
#include "core/time/timer.h"

namespace core {

void WaitQueue::add(Waiter& waiter) {
    LockGuard<lock_class::wait_queue> guard(lock_);
    // Exclusive waiters go last, so that wake() tells everyone else before it stops.
    if (waiter.exclusive)
        waiters_.push_back(waiter);
    else
        waiters_.push_front(waiter);
}

void WaitQueue::remove(Waiter& waiter) {
    LockGuard<lock_class::wait_queue> guard(lock_);
    if (waiter.link.is_linked())
        waiter.link.unlink();
}

void WaitQueue::wake(WakeEvents events, u32 exclusive_limit, Taking taking) {
    lock_.acquire(taking);
    for (Waiter& waiter : waiters_) {
        const bool woken = waiter.wake(waiter, events);
        if (waiter.exclusive && woken && --exclusive_limit == 0)
            break;
    }
    lock_.release();
}

ThreadWaiter::ThreadWaiter(bool is_exclusive, WakeFunction function)
    : Waiter(function, is_exclusive), thread_(Thread::current()) {}

bool ThreadWaiter::wake_thread(Waiter& waiter, WakeEvents) {
    return Scheduler::wake(static_cast<ThreadWaiter&>(waiter).thread_);
}

void ThreadWaiter::prepare(Sleep sleep) {
    thread_.sleep_kind_ = sleep;
    thread_.state_.store(ThreadState::sleeping, std::memory_order_relaxed);
    // Full fence: the state is seen before the condition is looked at, or the waker sees the
    // waiter.
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

void ThreadWaiter::finish() {
    thread_.state_.store(ThreadState::running, std::memory_order_relaxed);
}

namespace {

struct WakeTimer : Timer {
    explicit WakeTimer(Thread& sleeper) : Timer(&fire), thread(sleeper) {}
    static void fire(Timer& timer) {
        auto& self = static_cast<WakeTimer&>(timer);
        self.expired.store(true, std::memory_order_release);
        Scheduler::wake(self.thread);
    }
    Thread& thread;
    std::atomic<bool> expired{false};
};

} // namespace

template <typename Block>
Result<> ThreadWaiter::suspend_by(Block block, Nanos deadline) {
    if (deadline == no_deadline) [[likely]] {
        block();
        return {};
    }
    WakeTimer timer(thread_);
    timer.arm(deadline);
    block();
    timer.cancel();
    if (timer.expired.load(std::memory_order_acquire))
        return Failure(Errno::timedout);
    return {};
}

Result<> ThreadWaiter::suspend(Sleep sleep, Nanos deadline) {
    if (thread_.sleep_interrupted(sleep)) [[unlikely]]
        return Failure(Errno::intr);
    return suspend_by([] { Scheduler::block(); }, deadline);
}

// A reason not to sleep is block_and_run's to see; whoever looks at the condition again and calls
// suspend() is told.
Result<> ThreadWaiter::suspend_and_run(HeldThread& next, Sleep, Nanos deadline) {
    Thread& held = *std::exchange(next.thread_, nullptr);
    const Result<> outcome = suspend_by([&] { Scheduler::block_and_run(held); }, deadline);
    held.drop_reference();
    return outcome;
}

HeldThread::HeldThread(const ThreadWaiter& waiter) : thread_(&waiter.thread_) {
    thread_->add_reference();
}

void HeldThread::wake() {
    if (!thread_)
        return;
    (void)Scheduler::wake(*thread_);
    let_go();
}

void HeldThread::let_go() { std::exchange(thread_, nullptr)->drop_reference(); }

Result<> sleep_until(Nanos deadline, Sleep sleep) {
    WaitQueue nobody;
    const Result<> outcome = nobody.wait([] { return false; }, sleep, deadline);
    if (!outcome && outcome.error() == Errno::timedout)
        return {};
    return outcome;
}

void MutexWord::acquire_slow() {
    (void)waiters_.wait_exclusive(
        [&] {
            // Contended from now on: we cannot know whether others wait behind us.
            return state_.exchange(contended, std::memory_order_acquire) == 0;
        },
        Sleep::uninterruptible);
}

void MutexWord::release_slow() {
    state_.store(0, std::memory_order_release);
    waiters_.wake_one();
}

} // namespace core
