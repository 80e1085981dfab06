// SPDX-License-Identifier: BSD-2-Clause
#include "core/time/timer.h"

#include "base/box.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/sched/scheduler.h"
#include "core/sync/lock.h"
#include "core/time/clock.h"

namespace core {
namespace {

constinit std::atomic<u32> g_sequence{0};

struct Probe : Timer {
    Probe() : Timer(&fire) {}
    static void fire(Timer& timer) {
        auto& self = static_cast<Probe&>(timer);
        self.fired_at = now();
        self.place = g_sequence.fetch_add(1);
        self.count.fetch_add(1, std::memory_order_release);
    }
    std::atomic<u32> count{0};
    u32 place = 0;
    Nanos fired_at;
};

TEST(timer, fires_in_order_and_never_early) {
    constexpr u32 count = 50;
    Probe probes[count];
    Nanos deadlines[count];
    TestRandom random(7);
    g_sequence.store(0);
    const u64 saved = arch::save_and_disable_interrupts(); // none fires before all are armed
    const Nanos start = now() + base::milliseconds(2);
    for (u32 i = 0; i < count; ++i) {
        deadlines[i] = start + base::microseconds(random.below(20'000));
        probes[i].arm(deadlines[i]);
        EXPECT(probes[i].is_armed());
    }
    arch::restore_interrupts(saved);
    for (Probe& probe : probes)
        EXPECT(becomes_true([&] { return probe.count.load() != 0; }));
    for (u32 i = 0; i < count; ++i) {
        EXPECT(probes[i].count.load() == 1);
        EXPECT(!probes[i].is_armed());
        EXPECT(probes[i].fired_at >= deadlines[i]);
        for (u32 j = 0; j < count; ++j)
            EXPECT(!(deadlines[i] < deadlines[j]) || probes[i].place < probes[j].place);
    }
}

TEST(timer, cancel) {
    Probe probe;
    EXPECT(!probe.cancel());
    probe.arm(now() + base::milliseconds(3));
    EXPECT(probe.cancel());
    EXPECT(!probe.cancel());
    sleep_for(base::milliseconds(8));
    EXPECT(probe.count.load() == 0);
    probe.arm(now() + base::milliseconds(1));
    EXPECT(becomes_true([&] { return probe.count.load() == 1; }));
    EXPECT(!probe.cancel());
}

TEST(timer, re_arm) {
    Probe probe;
    probe.arm(now() + base::seconds(100));
    probe.arm(now() + base::milliseconds(2)); // earlier
    EXPECT(becomes_true([&] { return probe.count.load() == 1; }));
    probe.arm(now() + base::milliseconds(2));
    const Nanos later = now() + base::milliseconds(12);
    probe.arm(later);
    EXPECT(becomes_true([&] { return probe.count.load() == 2; }));
    EXPECT(probe.fired_at >= later);
    probe.arm(Nanos(0)); // in the past: at once
    EXPECT(becomes_true([&] { return probe.count.load() == 3; }));
    sleep_for(base::milliseconds(3));
    EXPECT(probe.count.load() == 3);
}

struct Periodic : Timer {
    Periodic() : Timer(&fire) {}
    static void fire(Timer& timer) {
        auto& self = static_cast<Periodic&>(timer);
        if (self.count.fetch_add(1) + 1 < 20)
            timer.arm(timer.deadline() + base::microseconds(500));
    }
    std::atomic<u32> count{0};
};

TEST(timer, arms_itself_again) {
    Periodic periodic;
    const Nanos start = now();
    periodic.arm(start + base::microseconds(500));
    EXPECT(becomes_true([&] { return periodic.count.load() == 20; }));
    EXPECT(now() - start >= base::milliseconds(10));
    EXPECT(!periodic.cancel());
}

TEST(timer, many) {
    constexpr u32 count = 3000;
    auto* probes = new (base::fallible) Probe* [count] {};
    REQUIRE(probes != nullptr);
    TestRandom random(3);
    for (u32 i = 0; i < count; ++i) {
        probes[i] = new (base::fallible) Probe();
        if (probes[i])
            probes[i]->arm(now() + base::microseconds(random.below(30'000)));
    }
    for (u32 i = 0; i < count; i += 3) { // a third never fires, or has already
        if (probes[i] && probes[i]->cancel())
            EXPECT(probes[i]->count.load() == 0);
    }
    for (u32 i = 0; i < count; ++i) {
        if (i % 3 != 0 && probes[i])
            EXPECT(becomes_true([&] { return probes[i]->count.load() == 1; }));
        delete probes[i];
    }
    delete[] probes;
}

// Arming on one CPU and cancelling from another, again and again.
TEST(timer, cancel_from_elsewhere) {
    constexpr u32 rounds = 2000;
    Probe probe;
    std::atomic<u32> cancelled{0}, armed{0};
    auto body = [&](u32 index) {
        for (u32 i = 0; i < rounds; ++i) {
            if (index == 1) {
                cancelled.fetch_add(probe.cancel());
            } else {
                // A round ends by the timer or by the other thread, never by both.
                const u32 before = probe.count.load() + cancelled.load();
                probe.arm(now() + base::microseconds(5));
                armed.fetch_add(1);
                const Nanos deadline = test_deadline();
                while (probe.count.load() + cancelled.load() == before && !is_over(deadline))
                    arch::spin_pause();
            }
        }
    };
    {
        TestThreads threads;
        (void)threads.start(body, 0, Scheduler::cpu_count() > 1 ? 1 : ~u64{0});
        (void)threads.start(body, 1, Scheduler::cpu_count() > 1 ? 2 : ~u64{0});
    }
    EXPECT(armed.load() == probe.count.load() + cancelled.load());
}

// A lock is held while the timer is armed, and taken by its function, as interval timers do.
struct Guarding : Timer {
    Guarding() : Timer(&fire) {}
    static void fire(Timer& timer) {
        auto& self = static_cast<Guarding&>(timer);
        LockGuard guard(self.lock);
        EXPECT(self.inside.fetch_add(1) == 0); // on one CPU at a time
        ++self.fired;
        self.inside.fetch_sub(1);
    }
    IrqSpinLock<lock_class::process_timers> lock;
    std::atomic<u32> inside{0};
    u64 fired = 0; // guarded by lock
};

TEST(timer, armed_under_a_lock_of_its_function) {
    Guarding timer;
    auto body = [&](u32 index) {
        TestRandom random(index);
        for (int step = 0; step < 5000; ++step) {
            LockGuard guard(timer.lock);
            timer.arm(now() + base::microseconds(random.below(30)));
        }
    };
    TestThreads threads;
    threads.start_many(4, body);
    threads.wait();
    EXPECT(becomes_true([&] { return !timer.is_armed(); }));
    timer.cancel();
    EXPECT(timer.fired > 0);
}

TEST(timer, sleeping_takes_its_time) {
    for (u64 micros : {100, 1000, 5000, 20'000}) {
        const Nanos start = now();
        sleep_for(base::microseconds(micros));
        EXPECT(now() - start >= base::microseconds(micros));
        EXPECT(now() - start < base::microseconds(micros) + base::seconds(1));
    }
}

TEST(clock, monotonic) {
    Nanos last = now();
    for (int i = 0; i < 100'000; ++i) {
        const Nanos current = now();
        EXPECT(current >= last);
        last = current;
    }
    EXPECT(nanos_to_cycles(base::seconds(1)) > 1'000'000);
    const Nanos there_and_back = cycles_to_nanos(nanos_to_cycles(base::seconds(1000)));
    EXPECT(there_and_back > base::milliseconds(999'999));
    EXPECT(there_and_back < base::milliseconds(1'000'001));
    const i64 offset = wall_offset();
    EXPECT(wall_now().value - now().value <= static_cast<u64>(offset) + 1);
}

} // namespace
} // namespace core
