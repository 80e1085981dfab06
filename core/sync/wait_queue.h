// SPDX-License-Identifier: BSD-2-Clause
// Wait queues: threads sleep until a condition holds; poll and epoll hang callbacks on the same
// queues.
//
// The one way to sleep:
//     TRY(queue.wait([&] { return !buffer.empty(); }, Sleep::interruptible));
// The condition is evaluated by the waiter with no lock of the queue held; whoever makes it true
// calls wake_one or wake_all afterwards. To sleep for a condition guarded by a lock, take the lock
// inside.
#pragma once

#include <utility>

#include "base/list.h"
#include "base/result.h"
#include "base/units.h"
#include "core/sync/spin_lock.h"

namespace core {

class HeldThread;
class Thread;

enum class Sleep : u8 {
    uninterruptible, // ends only when woken
    killable,        // ends with intr when the thread is being killed
    interruptible,   // ends with intr when a signal is pending
};

inline constexpr Nanos no_deadline{~u64{0}};

// What happened, for waiters that care: poll event bits (POLLIN and so on), 0 for "anything".
using WakeEvents = u32;

// One entry in a queue. `wake` is called with the queue's lock held and interrupts off: it may wake
// a thread, mark something or wake another queue (Taking::nested; the caller knows that no circle
// comes of it), never sleep nor touch the same queue. Returning true counts as one woken exclusive
// waiter.
class Waiter {
public:
    using WakeFunction = bool (*)(Waiter& waiter, WakeEvents events);

    Waiter(WakeFunction function, bool is_exclusive) : wake(function), exclusive(is_exclusive) {}

    const WakeFunction wake;
    const bool exclusive;
    ListLink link;
};

class WaitQueue {
public:
    WaitQueue() = default;
    ~WaitQueue() { VERIFY(waiters_.empty()); }

    // Sleeps until `condition()` is true. Process context, no spinning lock held.
    // Errors: intr (as `sleep` says), timedout (`deadline` on the monotonic clock passed).
    template <typename Condition>
    Result<> wait(Condition condition, Sleep sleep, Nanos deadline = no_deadline);
    // The same as an exclusive waiter: wake_one wakes exactly one of these.
    template <typename Condition>
    Result<> wait_exclusive(Condition condition, Sleep sleep, Nanos deadline = no_deadline);

    // Any context, interrupts included. Order: what the caller wrote before is seen by the woken.
    void wake_one(WakeEvents events = 0, Taking taking = Taking::alone) {
        if (has_waiters())
            wake(events, 1, taking);
    }
    void wake_all(WakeEvents events = 0, Taking taking = Taking::alone) {
        if (has_waiters())
            wake(events, ~0u, taking);
    }

    // True if someone may be waiting. The full fence orders the caller's earlier writes before the
    // look, against the waiter that queues itself and then looks at the condition.
    bool has_waiters() const {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        return !waiters_.empty();
    }

    // For poll and epoll: the waiter stays until removed, however often it is woken.
    void add(Waiter& waiter);
    void remove(Waiter& waiter);

private:
    // Wakes everyone who is not exclusive, and at most `exclusive_limit` who are.
    void wake(WakeEvents events, u32 exclusive_limit, Taking taking);

    IrqSpinLock<lock_class::wait_queue> lock_;
    List<Waiter, &Waiter::link> waiters_; // guarded by lock_
};

// A thread's own entry in a queue, on its stack while it sleeps.
class ThreadWaiter : public Waiter {
public:
    explicit ThreadWaiter(bool is_exclusive) : ThreadWaiter(is_exclusive, &wake_thread) {}

    // Says "about to sleep"; a wake between this and suspend() makes suspend() return at once.
    void prepare(Sleep sleep);
    // Sleeps until woken. Errors: intr, timedout.
    Result<> suspend(Sleep sleep, Nanos deadline);
    // The same, and `next` is woken first, at best by a switch to it past the queue; it is woken
    // whatever the outcome.
    Result<> suspend_and_run(HeldThread& next, Sleep sleep, Nanos deadline);
    // Wakes the thread from wherever it sleeps. The caller knows that this waiter is still there.
    void wake_up() { (void)wake_thread(*this, 0); }
    // Takes back prepare() when there is no need to sleep after all.
    void finish();

protected:
    // For heirs that are not meant by every wake: `function` decides, and calls wake_thread.
    ThreadWaiter(bool is_exclusive, WakeFunction function);
    static bool wake_thread(Waiter& waiter, WakeEvents events);

private:
    friend class HeldThread;
    template <typename Block>
    Result<> suspend_by(Block block, Nanos deadline);
    Thread& thread_;
};

// The thread behind a waiter, kept alive for whoever is to wake it: it may leave the waiter by
// itself before.
class HeldThread {
public:
    HeldThread() = default;
    explicit HeldThread(const ThreadWaiter& waiter);
    HeldThread(HeldThread&& other) noexcept : thread_(std::exchange(other.thread_, nullptr)) {}
    HeldThread& operator=(HeldThread&& other) noexcept {
        std::swap(thread_, other.thread_);
        return *this;
    }
    ~HeldThread() {
        if (thread_)
            let_go();
    }

    explicit operator bool() const { return thread_ != nullptr; }
    // Wakes it, if there is one, and lets go of it.
    void wake();

private:
    friend class ThreadWaiter;
    void let_go();
    Thread* thread_ = nullptr;
};

template <typename Condition>
Result<> WaitQueue::wait(Condition condition, Sleep sleep, Nanos deadline) {
    might_sleep();
    if (condition())
        return {};
    ThreadWaiter waiter(false);
    add(waiter);
    Result<> outcome;
    while (true) {
        waiter.prepare(sleep);
        if (condition())
            break;
        outcome = waiter.suspend(sleep, deadline);
        if (!outcome)
            break;
    }
    waiter.finish();
    remove(waiter);
    if (!outcome && condition()) // what was waited for arrived together with the reason to stop
        return {};
    return outcome;
}

template <typename Condition>
Result<> WaitQueue::wait_exclusive(Condition condition, Sleep sleep, Nanos deadline) {
    might_sleep();
    ThreadWaiter waiter(true);
    add(waiter);
    Result<> outcome;
    while (true) {
        waiter.prepare(sleep);
        if (condition())
            break;
        outcome = waiter.suspend(sleep, deadline);
        if (!outcome)
            break;
    }
    waiter.finish();
    remove(waiter);
    if (!outcome)
        wake_one(); // a wake that came to us too late belongs to the next
    return outcome;
}

} // namespace core
