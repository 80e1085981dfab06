// SPDX-License-Identifier: BSD-2-Clause
// Who waits for which word: buckets of waiters by key. A waiter lives on its thread's stack;
// whoever takes it out of its bucket says so in `woken` and may not touch it afterwards.
#pragma once

#include "abi/linux/futex.h"
#include "base/list.h"
#include "core/sync/lock.h"
#include "core/sync/wait_queue.h"
#include "core/vm/address_space.h"

namespace linux {

class FutexBucket;

using FutexKey = core::AddressSpace::WordKey;

// Errors: fault, inval (not aligned).
Result<FutexKey> futex_key(UserVirt address, bool shared);

struct FutexWaiter {
    explicit FutexWaiter(core::Thread& of_thread) : thread(of_thread) {}

    core::Thread& thread;
    FutexKey key{};
    u32 bitset = futex_match_any;
    bool for_ownership = false; // LOCK_PI: woken as the owner
    Pid owner = 0;              // for_ownership: who holds the word
    u64 address = 0;            // for_ownership
    std::atomic<bool> woken{false};
    std::atomic<FutexBucket*> bucket{nullptr}; // changed with both buckets locked
    ListLink link;
};

class FutexBucket {
public:
    core::Lock<core::lock_class::futex> lock;
    List<FutexWaiter, &FutexWaiter::link> waiters; // guarded by lock
    std::atomic<u32> count{0}; // waiters here or about to be; read without the lock by wakers

    static FutexBucket& of(const FutexKey& key);
    // A word of that space which a task with this tid owns and someone waits for; 0 if there is
    // none.
    static u64 owned_word(Pid owner, core::AddressSpace& space);

    void add_locked(FutexWaiter& waiter) {
        waiter.bucket.store(this, std::memory_order_relaxed);
        waiters.push_back(waiter);
    }
    // Takes the waiter out and lets its thread go.
    void wake_locked(FutexWaiter& waiter);
};

// Two buckets locked in one order; they may be the same.
class FutexBucketPair {
public:
    FutexBucketPair(FutexBucket& a, FutexBucket& b);
    ~FutexBucketPair();

private:
    FutexBucket& first_;
    FutexBucket& second_;
};

// Sleeps until woken; takes the waiter out when the sleep ends otherwise. Errors: intr, timedout.
Result<> sleep_as(FutexWaiter& waiter, Nanos deadline);

} // namespace linux
