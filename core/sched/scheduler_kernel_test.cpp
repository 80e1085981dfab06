// SPDX-License-Identifier: BSD-2-Clause
#include "core/sched/scheduler.h"

#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/memory/frames.h"
#include "core/time/clock.h"

namespace core {
namespace {

u64 last_cpu() { return u64{1} << (63 - __builtin_clzll(Scheduler::online_cpus())); }

SchedulingParameters real_time(u8 priority, bool round_robin = false) {
    return {.scheduling_class = SchedulingClass::real_time,
            .round_robin = round_robin,
            .real_time_priority = priority};
}

void spin_for(Nanos duration) {
    const Nanos end = now() + duration;
    while (now() < end)
        arch::spin_pause();
}

TEST(scheduler, affinity) {
    auto body = [&](u32 start) {
        Thread& self = Thread::current();
        for (u32 round = 0; round < 40; ++round) {
            const u32 cpu = (start + round) % Scheduler::cpu_count();
            EXPECT(Scheduler::set_affinity(self, u64{1} << cpu).has_value());
            Scheduler::yield();
            EXPECT(arch::cpu_index() == cpu);
            sleep_for(base::microseconds(10));
            EXPECT(arch::cpu_index() == cpu);
        }
    };
    TestThreads threads;
    threads.start_many(6, body);
    threads.wait();
    EXPECT(Scheduler::set_affinity(Thread::current(), u64{1} << 63).error() == Errno::inval);
}

// A thread that waits for its CPU is moved when its CPU is forbidden to it.
TEST(scheduler, affinity_of_a_waiting_thread) {
    if (Scheduler::cpu_count() < 2)
        return;
    std::atomic<bool> stop{false};
    std::atomic<u32> ran_on{~0u};
    auto hog = [&](u32) {
        Scheduler::set_parameters(Thread::current(), real_time(50));
        while (!stop.load())
            arch::spin_pause();
    };
    auto body = [&](u32) { ran_on.store(arch::cpu_index()); };
    TestThreads threads;
    (void)threads.start(hog, 0, last_cpu());
    sleep_for(base::milliseconds(2));
    RefOrNull<Thread> waiting = threads.start(body, 1, last_cpu());
    REQUIRE(waiting);
    sleep_for(base::milliseconds(5));
    EXPECT(ran_on.load() == ~0u);
    EXPECT(Scheduler::set_affinity(*waiting, 1).has_value());
    EXPECT(becomes_true([&] { return ran_on.load() == 0; }));
    stop.store(true);
}

// A thread that never sleeps and has no time slice is pushed aside by a higher one.
TEST(scheduler, real_time_preempts) {
    std::atomic<bool> stop{false}, ran{false}, open{false};
    auto hog = [&](u32 priority) {
        if (priority != 0)
            Scheduler::set_parameters(Thread::current(), real_time(static_cast<u8>(priority)));
        while (!stop.load())
            arch::spin_pause();
    };
    WaitQueue queue;
    auto urgent = [&](u32) {
        Scheduler::set_parameters(Thread::current(), real_time(10));
        (void)queue.wait([&] { return open.load(); }, Sleep::uninterruptible);
        ran.store(true);
    };
    if (last_cpu() == 1)
        return; // the test itself needs a CPU
    for (u32 priority : {0u, 5u}) {
        stop.store(false);
        ran.store(false);
        open.store(false);
        TestThreads threads;
        (void)threads.start(urgent, 0, last_cpu());
        // Still fair, it would starve behind the second hog.
        REQUIRE(becomes_true([&] { return queue.has_waiters(); }));
        (void)threads.start(hog, priority, last_cpu());
        sleep_for(base::milliseconds(5));
        open.store(true);
        queue.wake_all();
        EXPECT(becomes_true([&] { return ran.load(); }));
        stop.store(true);
    }
}

// First in, first out: equals wait for each other, and a higher one returns to whom it interrupted.
TEST(scheduler, first_in_first_out) {
    static constinit std::atomic<u32> order{0};
    static constinit u32 places[3]{};
    order.store(0);
    std::atomic<bool> first_runs{false};
    std::atomic<bool> go{false};
    auto worker = [&](u32 index) {
        Scheduler::set_parameters(Thread::current(), real_time(20));
        if (index == 0) {
            first_runs.store(true);
            while (!go.load())
                arch::spin_pause();
            spin_for(base::milliseconds(20)); // interrupted by index 2 meanwhile
        }
        places[index] = order.fetch_add(1);
    };
    auto higher = [&](u32) {
        Scheduler::set_parameters(Thread::current(), real_time(30));
        sleep_for(base::milliseconds(5));
        places[2] = order.fetch_add(1);
    };
    TestThreads threads;
    const u64 mask = last_cpu();
    if (mask == 1)
        return; // the test itself needs a CPU
    (void)threads.start(worker, 0, mask);
    EXPECT(becomes_true([&] { return first_runs.load(); }));
    RefOrNull<Thread> second = threads.start(worker, 1, mask);
    REQUIRE(second);
    Scheduler::set_parameters(*second, real_time(20));
    RefOrNull<Thread> third = threads.start(higher, 2, mask);
    REQUIRE(third);
    Scheduler::set_parameters(*third, real_time(30));
    sleep_for(base::milliseconds(1));
    go.store(true);
    threads.wait();
    EXPECT(places[2] == 0);
    EXPECT(places[0] == 1);
    EXPECT(places[1] == 2);
}

// A boosted fair thread pushes another aside, and its parameters stay what a program set.
TEST(scheduler, boost) {
    if (last_cpu() == 1)
        return; // the test itself needs a CPU
    std::atomic<bool> stop{false}, ran{false};
    auto hog = [&](u32) {
        Scheduler::boost(Thread::current());
        while (!stop.load())
            arch::spin_pause();
        Scheduler::take_boost_back(Thread::current());
    };
    auto waiting = [&](u32) { ran.store(true); };
    TestThreads threads;
    RefOrNull<Thread> boosted = threads.start(hog, 0, last_cpu());
    REQUIRE(boosted);
    REQUIRE(becomes_true([&] { return Scheduler::is_boosted(*boosted); }));
    RefOrNull<Thread> other = threads.start(waiting, 1, last_cpu());
    REQUIRE(other);
    sleep_for(base::milliseconds(30)); // more than a slice
    EXPECT(!ran.load());
    Scheduler::set_parameters(*boosted, {.nice = 5});
    EXPECT(Scheduler::is_boosted(*boosted) && boosted->scheduling.parameters.nice == 5);
    Scheduler::boost(*other);
    EXPECT(!ran.load()); // an equal waits
    Scheduler::take_boost_back(*boosted);
    EXPECT(becomes_true([&] { return ran.load(); }));
    Scheduler::boost(*boosted); // what it takes back itself
    stop.store(true);
}

TEST(scheduler, yield_takes_turns) {
    constexpr u32 rounds = 2000;
    std::atomic<u32> progress[2]{};
    std::atomic<u32> largest_lead{0};
    auto body = [&](u32 index) {
        for (u32 i = 0; i < rounds; ++i) {
            const u32 mine = progress[index].fetch_add(1) + 1;
            const u32 other = progress[1 - index].load();
            if (mine > other && mine - other > largest_lead.load() && other != 0 && other < rounds)
                largest_lead.store(mine - other);
            Scheduler::yield();
        }
    };
    TestThreads threads;
    (void)threads.start(body, 0, last_cpu());
    (void)threads.start(body, 1, last_cpu());
    threads.wait();
    EXPECT(progress[0].load() == rounds && progress[1].load() == rounds);
}

// CPU time of spinning threads on one CPU follows their weights.
TEST(scheduler, fair_shares) {
    std::atomic<bool> stop{false};
    auto spinner = [&](u32) {
        while (!stop.load())
            arch::spin_pause();
    };
    TestThreads threads;
    RefOrNull<Thread> spinners[3];
    for (u32 i = 0; i < 3; ++i) {
        spinners[i] = threads.start(spinner, i, last_cpu());
        REQUIRE(spinners[i]);
    }
    // nice 5 weighs 335 against 1024.
    Scheduler::set_parameters(*spinners[2], {.nice = 5});
    // Long enough that one long absence of the machine's CPU does not matter.
    u64 first = 0, second = 0, third = 0;
    EXPECT(becomes_true([&] {
        first = spinners[0]->cpu_time().system.value;
        second = spinners[1]->cpu_time().system.value;
        third = spinners[2]->cpu_time().system.value;
        return first + second + third > 1'000'000'000;
    }));
    stop.store(true);
    threads.wait();
    EXPECT(first < second * 2 && second < first * 2);
    EXPECT(third * 3 < first * 2 && third * 9 > first);
}

// Threads started on one CPU spread over all.
TEST(scheduler, balances) {
    const u32 cpus = Scheduler::cpu_count();
    std::atomic<u64> seen{0};
    std::atomic<bool> stop{false};
    auto spinner = [&](u32) {
        while (!stop.load())
            seen.fetch_or(u64{1} << arch::cpu_index());
    };
    TestThreads threads;
    threads.start_many(2 * cpus, spinner);
    EXPECT(becomes_true([&] { return seen.load() == Scheduler::online_cpus(); }));
    stop.store(true);
}

TEST(scheduler, thousands_of_threads) {
    // Stacks are kept for ever: no more than a fourth of the memory.
    const u64 possible = frame_counts().free / 4 / (KernelStack::size / page_size);
    const u32 count = possible < 3000 ? static_cast<u32>(possible) : 3000;
    WaitQueue queue;
    std::atomic<bool> open{false};
    std::atomic<u32> arrived{0}, left{0};
    auto body = [&](u32) {
        arrived.fetch_add(1);
        EXPECT(queue.wait([&] { return open.load(); }, Sleep::uninterruptible).has_value());
        left.fetch_add(1);
    };
    TestThreads threads;
    threads.start_many(count, body);
    EXPECT(becomes_true([&] { return arrived.load() == count; }));
    EXPECT(left.load() == 0);
    open.store(true);
    queue.wake_all();
    threads.wait();
    EXPECT(left.load() == count);
}

// Threads that come and go leave no memory behind.
TEST(scheduler, threads_give_memory_back) {
    auto body = [](u32) {};
    auto round = [&] {
        TestThreads threads;
        for (u32 i = 0; i < 200; ++i) {
            (void)threads.start(body, i);
            if (i % 16 == 0)
                threads.wait();
        }
        threads.wait();
        sleep_for(base::milliseconds(5));
    };
    round();
    const u64 free = frame_counts().free;
    for (int i = 0; i < 5; ++i)
        round();
    // Caches of the heap may move a little between CPUs.
    EXPECT(frame_counts().free + 64 > free);
}

TEST(scheduler, counts_time) {
    Thread& self = Thread::current();
    const u64 before = self.cpu_time().system.value;
    spin_for(base::milliseconds(30));
    Scheduler::yield();
    EXPECT(self.cpu_time().system.value - before >= 15'000'000);
    EXPECT(self.cpu_time().user.value == 0);
    EXPECT(Scheduler::context_switches() > 0);
    EXPECT(Scheduler::runnable_count() >= 1);
}

} // namespace
} // namespace core
