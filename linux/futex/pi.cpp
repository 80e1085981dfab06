// SPDX-License-Identifier: BSD-2-Clause
// While someone waits, the word has FUTEX_WAITERS set, so that unlocking comes to the kernel, which
// makes the first waiter the owner. (The owner does not inherit the waiters' priority yet:
// CAVEATS.)
#include "linux/futex/pi.h"

#include "linux/futex/futex_table.h"
#include "core/vm/user_memory.h"
#include "linux/process/process_table.h"

namespace linux {

namespace {

namespace word = futex_word;

constinit std::atomic<u32> g_ownership_waiters{0}; // over all words

FutexWaiter* first_waiter(FutexBucket& bucket, const FutexKey& key) {
    FutexWaiter* best = nullptr;
    auto rank = [](const FutexWaiter& waiter) {
        const core::SchedulingParameters& p = waiter.thread.scheduling.parameters;
        return p.scheduling_class == core::SchedulingClass::real_time ? p.real_time_priority : 0;
    };
    for (FutexWaiter& waiter : bucket.waiters)
        if (waiter.key == key && waiter.for_ownership && (!best || rank(waiter) > rank(*best)))
            best = &waiter;
    return best;
}

bool owner_lives(Pid tid) { return static_cast<bool>(ProcessTable::find_task(tid)); }

enum class Attempt : u8 { taken, must_wait };

// One try with the bucket locked; the word gets FUTEX_WAITERS if it is held and `mark`. Errors:
// fault, deadlk, again (the word changed: once more).
Result<Attempt> attempt_locked(UserVirt address, u32 self, bool mark, Pid& owner) {
    const u32 old = TRY(core::try_read_user_word(address));
    const u32 holder = old & word::tid_mask;
    if (holder == self)
        return Failure(Errno::deadlk);
    u32 fresh;
    if (holder == 0)
        fresh = self | (old & (word::owner_died | word::waiters));
    else if (mark)
        fresh = old | word::waiters;
    else
        return Attempt::must_wait;
    if (TRY(core::try_compare_exchange_user_word(address, old, fresh)) != old)
        return Failure(Errno::again);
    owner = static_cast<Pid>(holder);
    return holder == 0 ? Attempt::taken : Attempt::must_wait;
}

Result<Attempt> enqueue_or_take(FutexWaiter& waiter, UserVirt address, u32 self) PITH_NO_ANALYSIS {
    FutexBucket& bucket = FutexBucket::of(waiter.key);
    while (true) {
        bucket.lock.acquire();
        const Result<Attempt> attempt = attempt_locked(address, self, true, waiter.owner);
        if (attempt && *attempt == Attempt::must_wait) {
            bucket.count.fetch_add(1, std::memory_order_relaxed);
            g_ownership_waiters.fetch_add(1, std::memory_order_relaxed);
            bucket.add_locked(waiter);
        }
        bucket.lock.release();
        if (!attempt && attempt.error() == Errno::fault)
            TRY(core::fault_in(address, core::Access::write));
        else if (attempt || attempt.error() != Errno::again)
            return attempt;
    }
}

} // namespace

Result<u64> lock_pi(UserVirt address, bool shared, Nanos deadline) {
    FutexWaiter waiter(core::Thread::current());
    waiter.key = TRY(futex_key(address, shared));
    waiter.for_ownership = true;
    waiter.address = address.value;
    const u32 self = static_cast<u32>(Task::current().tid);
    if (TRY(enqueue_or_take(waiter, address, self)) == Attempt::taken)
        return 0;
    const bool orphaned = !owner_lives(waiter.owner); // nobody will hand it over
    const Result<> slept = sleep_as(waiter, orphaned ? Nanos(1) : deadline);
    g_ownership_waiters.fetch_sub(1, std::memory_order_relaxed);
    if (slept)
        return 0;
    if (orphaned)
        return Failure(Errno::srch);
    return Failure(slept.error() == Errno::timedout ? Errno::timedout : Errno::restartnointr);
}

Result<u64> try_lock_pi(UserVirt address, bool shared) PITH_NO_ANALYSIS {
    const u32 self = static_cast<u32>(Task::current().tid);
    FutexBucket& bucket = FutexBucket::of(TRY(futex_key(address, shared)));
    while (true) {
        Pid owner = 0;
        bucket.lock.acquire();
        const Result<Attempt> attempt = attempt_locked(address, self, false, owner);
        bucket.lock.release();
        if (attempt)
            return *attempt == Attempt::taken ? Result<u64>(0) : Failure(Errno::again);
        if (attempt.error() == Errno::fault)
            TRY(core::fault_in(address, core::Access::write));
        else if (attempt.error() != Errno::again)
            return Failure(attempt.error());
    }
}

namespace {

// Gives the word to its first waiter, or frees it; `died` is kept in the word. True if there was a
// waiter. Errors: fault, again (the word changed).
Result<bool> hand_over_locked(FutexBucket& bucket, const FutexKey& key, UserVirt address,
                              u32 died) {
    const u32 old = TRY(core::try_read_user_word(address));
    FutexWaiter* next = first_waiter(bucket, key);
    const Pid owner = next ? Task::of(next->thread).tid : 0;
    const u32 fresh = next ? static_cast<u32>(owner) | word::waiters | died : died;
    if (TRY(core::try_compare_exchange_user_word(address, old, fresh)) != old)
        return Failure(Errno::again);
    if (!next)
        return false;
    bucket.wake_locked(*next);
    for (FutexWaiter& waiter : bucket.waiters)
        if (waiter.key == key && waiter.for_ownership)
            waiter.owner = owner;
    return true;
}

} // namespace

Result<u64> unlock_pi(UserVirt address, bool shared) PITH_NO_ANALYSIS {
    const u32 self = static_cast<u32>(Task::current().tid);
    const FutexKey key = TRY(futex_key(address, shared));
    FutexBucket& bucket = FutexBucket::of(key);
    while (true) {
        bucket.lock.acquire();
        const Result<u32> old = core::try_read_user_word(address);
        Result<bool> done = Failure(Errno::fault);
        if (old && (*old & word::tid_mask) != self)
            done = Failure(Errno::perm);
        else if (old)
            done = hand_over_locked(bucket, key, address, 0);
        bucket.lock.release();
        if (done)
            return 0;
        if (done.error() == Errno::fault)
            TRY(core::fault_in(address, core::Access::write));
        else if (done.error() != Errno::again)
            return Failure(done.error());
    }
}

namespace {

bool pass_on_with_key(UserVirt address, const FutexKey& key) PITH_NO_ANALYSIS {
    FutexBucket& bucket = FutexBucket::of(key);
    while (true) {
        bucket.lock.acquire();
        Result<bool> passed = false;
        if (first_waiter(bucket, key))
            passed = hand_over_locked(bucket, key, address, word::owner_died);
        bucket.lock.release();
        if (passed)
            return *passed;
        if (passed.error() == Errno::fault && !core::fault_in(address, core::Access::write))
            return false;
    }
}

} // namespace

bool pass_on_dead(UserVirt address) {
    for (const bool shared : {false, true}) {
        const Result<FutexKey> key = futex_key(address, shared);
        if (key && pass_on_with_key(address, *key))
            return true;
    }
    return false;
}

void pass_on_all_dead(Task& task) {
    if (g_ownership_waiters.load(std::memory_order_relaxed) == 0) [[likely]]
        return;
    core::AddressSpace& space = *task.thread->address_space();
    while (const u64 address = FutexBucket::owned_word(task.tid, space))
        if (!pass_on_dead(UserVirt(address)))
            return;
}

} // namespace linux
