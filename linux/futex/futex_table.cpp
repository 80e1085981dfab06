// SPDX-License-Identifier: BSD-2-Clause
#include "linux/futex/futex_table.h"

#include "core/sched/scheduler.h"
#include "core/task/thread.h"
#include "core/vm/user_memory.h"

namespace linux {

namespace {

constexpr usize bucket_count = 256;
constinit FutexBucket g_buckets[bucket_count];

} // namespace

FutexBucket& FutexBucket::of(const FutexKey& key) {
    const u64 mixed = (reinterpret_cast<u64>(key.owner) >> 4) ^ (key.offset >> 2);
    return g_buckets[(mixed * 0x9e37'79b9'7f4a'7c15) >> 56];
}

u64 FutexBucket::owned_word(Pid owner, core::AddressSpace& space) {
    for (FutexBucket& bucket : g_buckets) {
        core::LockGuard guard(bucket.lock);
        for (FutexWaiter& waiter : bucket.waiters)
            if (waiter.for_ownership && waiter.owner == owner &&
                waiter.thread.address_space() == &space)
                return waiter.address;
    }
    return 0;
}

Result<FutexKey> futex_key(UserVirt address, bool shared) {
    if (address.value % 4 != 0)
        return Failure(Errno::inval);
    if (address.value > core::user_end - 4)
        return Failure(Errno::fault);
    core::AddressSpace& space = *core::Thread::current().address_space();
    FutexKey key = TRY(space.word_key(address, shared));
    if (shared && key.owner == &space)
        key.offset |= 1; // calls that say "private" and calls that do not never meet, as on Linux
    return key;
}

void FutexBucket::wake_locked(FutexWaiter& waiter) {
    // The waiter's stack may be gone once `woken` is seen: keep its thread until it was woken.
    Ref<core::Thread> thread = Ref<core::Thread>::share(waiter.thread);
    waiters.remove(waiter);
    count.fetch_sub(1, std::memory_order_relaxed);
    // Release: what the waker did before is seen by the woken.
    waiter.woken.store(true, std::memory_order_release);
    core::Scheduler::wake(*thread);
}

FutexBucketPair::FutexBucketPair(FutexBucket& a, FutexBucket& b) PITH_NO_ANALYSIS
    : first_(&a < &b ? a : b),
      second_(&a < &b ? b : a) {
    first_.lock.acquire();
    if (&second_ != &first_)
        second_.lock.acquire(core::Taking::nested); // by address
}

FutexBucketPair::~FutexBucketPair() PITH_NO_ANALYSIS {
    if (&second_ != &first_)
        second_.lock.release();
    first_.lock.release();
}

namespace {

// False if someone took it out first.
bool take_out(FutexWaiter& waiter) {
    while (true) {
        FutexBucket& bucket = *waiter.bucket.load(std::memory_order_acquire);
        core::LockGuard guard(bucket.lock);
        if (waiter.woken.load(std::memory_order_acquire))
            return false;
        if (waiter.bucket.load(std::memory_order_relaxed) != &bucket)
            continue; // it was requeued meanwhile
        bucket.waiters.remove(waiter);
        bucket.count.fetch_sub(1, std::memory_order_relaxed);
        return true;
    }
}

} // namespace

Result<> sleep_as(FutexWaiter& waiter, Nanos deadline) {
    core::ThreadWaiter sleeper(false);
    Result<> outcome;
    while (outcome) {
        sleeper.prepare(core::Sleep::interruptible);
        if (waiter.woken.load(std::memory_order_acquire))
            break;
        outcome = sleeper.suspend(core::Sleep::interruptible, deadline);
    }
    sleeper.finish();
    if (!outcome && take_out(waiter))
        return outcome;
    return {}; // woken, if at the last moment
}

} // namespace linux
