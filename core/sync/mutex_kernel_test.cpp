// SPDX-License-Identifier: BSD-2-Clause
#include "core/sync/mutex.h"

#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/sched/scheduler.h"
#include "core/sync/guarded.h"

namespace core {
namespace {

struct Counted {
    u64 value = 0;
    u32 inside = 0;
};

TEST(mutex, excludes) {
    constexpr u32 threads_count = 8;
    constexpr u32 rounds = 2000;
    Guarded<Counted, lock_class::pipe> shared;
    auto body = [&](u32 index) {
        for (u32 i = 0; i < rounds; ++i) {
            auto counted = shared.lock();
            EXPECT(++counted->inside == 1);
            const u64 seen = counted->value;
            if ((i + index) % 97 == 0)
                Scheduler::yield(); // the holder may sleep
            if ((i + index) % 401 == 0)
                sleep_for(base::microseconds(50));
            counted->value = seen + 1;
            --counted->inside;
        }
    };
    TestThreads threads;
    threads.start_many(threads_count, body);
    threads.wait();
    EXPECT(shared.lock()->value == u64{threads_count} * rounds);
}

TEST(mutex, try_acquire) {
    Lock<lock_class::pipe> mutex;
    EXPECT(!mutex.is_locked());
    REQUIRE(mutex.try_acquire());
    EXPECT(mutex.is_locked());
    bool taken = true;
    auto body = [&](u32) PITH_NO_ANALYSIS {
        taken = mutex.try_acquire();
        if (taken)
            mutex.release();
    };
    TestThreads threads;
    (void)threads.start(body, 0);
    threads.wait();
    EXPECT(!taken);
    mutex.release();
    (void)threads.start(body, 0);
    threads.wait();
    EXPECT(taken);
    EXPECT(!mutex.is_locked());
}

TEST(mutex, nests_in_order) {
    Lock<lock_class::directory> outer;
    Lock<lock_class::inode> inner;
    Lock<lock_class::device_queue> innermost;
    for (int i = 0; i < 100; ++i) {
        LockGuard<lock_class::directory> first(outer);
        LockGuard<lock_class::inode> second(inner);
        LockGuard<lock_class::device_queue> third(innermost);
        EXPECT(!arch::interrupts_enabled());
    }
    EXPECT(arch::interrupts_enabled() && arch::preemption_enabled());
}

TEST(spin_lock, excludes) {
    constexpr u32 rounds = 5000;
    Guarded<Counted, lock_class::stream> shared;
    auto body = [&](u32) {
        for (u32 i = 0; i < rounds; ++i) {
            auto counted = shared.lock();
            EXPECT(++counted->inside == 1);
            counted->value = counted->value + 1;
            --counted->inside;
        }
    };
    TestThreads threads;
    threads.start_many(6, body);
    threads.wait();
    EXPECT(shared.lock()->value == u64{6} * rounds);
}

TEST(spin_lock, keeps_state) {
    Lock<lock_class::stream> with_interrupts_off;
    Lock<lock_class::futex> plain;
    {
        LockGuard<lock_class::futex> guard(plain);
        EXPECT(arch::interrupts_enabled());
        EXPECT(!arch::preemption_enabled());
        LockGuard<lock_class::stream> inner(with_interrupts_off);
        EXPECT(!arch::interrupts_enabled());
    }
    EXPECT(arch::interrupts_enabled() && arch::preemption_enabled());
    arch::disable_interrupts();
    {
        LockGuard<lock_class::stream> inner(with_interrupts_off);
    }
    EXPECT(!arch::interrupts_enabled());
    arch::enable_interrupts();
}

} // namespace
} // namespace core
