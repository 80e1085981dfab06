// SPDX-License-Identifier: BSD-2-Clause
#include "core/sync/wait_queue.h"

#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/sched/scheduler.h"
#include "core/time/clock.h"

namespace core {
namespace {

// Threads that wait in one queue until `open` lets them through, one each or all.
struct Door {
    WaitQueue queue;
    std::atomic<i32> tickets{0};
    std::atomic<u32> waiting{0}, through{0};

    bool take_ticket() {
        i32 have = tickets.load();
        while (have > 0) {
            if (tickets.compare_exchange_weak(have, have - 1))
                return true;
        }
        return false;
    }
    void pass(bool exclusive) {
        waiting.fetch_add(1);
        auto condition = [&] { return take_ticket(); };
        const auto outcome = exclusive ? queue.wait_exclusive(condition, Sleep::uninterruptible)
                                       : queue.wait(condition, Sleep::uninterruptible);
        EXPECT(outcome.has_value());
        through.fetch_add(1);
    }
    // Whether exactly `wanted` have come through, and stay that many.
    bool settles_at(u32 wanted) {
        const bool reached = becomes_true([&] { return through.load() == wanted; });
        sleep_for(base::milliseconds(3));
        return reached && through.load() == wanted;
    }
};

TEST(wait_queue, wake_one_wakes_one) {
    constexpr u32 count = 6;
    Door door;
    auto body = [&](u32) { door.pass(true); };
    TestThreads threads;
    threads.start_many(count, body);
    EXPECT(becomes_true([&] { return door.waiting.load() == count; }));
    sleep_for(base::milliseconds(5));
    EXPECT(door.through.load() == 0);
    for (u32 i = 1; i <= count; ++i) {
        door.tickets.fetch_add(1);
        door.queue.wake_one();
        EXPECT(door.settles_at(i));
    }
    threads.wait();
    EXPECT(!door.queue.has_waiters());
}

TEST(wait_queue, wake_all_wakes_all) {
    constexpr u32 count = 8;
    Door door;
    auto body = [&](u32 index) { door.pass(index % 2 == 0); };
    TestThreads threads;
    threads.start_many(count, body);
    EXPECT(becomes_true([&] { return door.waiting.load() == count; }));
    sleep_for(base::milliseconds(5));
    door.tickets.store(count);
    door.queue.wake_all();
    EXPECT(door.settles_at(count));
}

// A waiter that only counts, as poll's do.
struct Counter : Waiter {
    Counter(bool is_exclusive) : Waiter(&note, is_exclusive) {}
    static bool note(Waiter& waiter, WakeEvents events) {
        auto& self = static_cast<Counter&>(waiter);
        ++self.count;
        self.events |= events;
        return true;
    }
    u32 count = 0;
    WakeEvents events = 0;
};

TEST(wait_queue, exclusive_waiters) {
    WaitQueue queue;
    Counter shared_first(false), exclusive_first(true), exclusive_second(true),
        shared_second(false);
    EXPECT(!queue.has_waiters());
    queue.add(exclusive_first);
    queue.add(shared_first);
    queue.add(exclusive_second);
    queue.add(shared_second);
    EXPECT(queue.has_waiters());
    queue.wake_one(4);
    EXPECT(shared_first.count == 1 && shared_second.count == 1);
    EXPECT(exclusive_first.count == 1 && exclusive_second.count == 0);
    EXPECT(shared_first.events == 4 && exclusive_second.events == 0);
    queue.wake_all(2);
    EXPECT(exclusive_first.count == 2 && exclusive_second.count == 1);
    EXPECT(shared_second.events == 6);
    queue.remove(exclusive_first);
    queue.remove(exclusive_first); // twice does no harm
    queue.wake_one();
    EXPECT(exclusive_first.count == 2 && exclusive_second.count == 2);
    queue.remove(shared_first);
    queue.remove(shared_second);
    queue.remove(exclusive_second);
    EXPECT(!queue.has_waiters());
}

TEST(wait_queue, timeout) {
    WaitQueue queue;
    const Nanos start = now();
    const auto outcome =
        queue.wait([] { return false; }, Sleep::interruptible, start + base::milliseconds(5));
    EXPECT(!outcome.has_value() && outcome.error() == Errno::timedout);
    EXPECT(now() - start >= base::milliseconds(5));
    const auto exclusive =
        queue.wait_exclusive([] { return false; }, Sleep::killable, now() + base::milliseconds(1));
    EXPECT(!exclusive.has_value() && exclusive.error() == Errno::timedout);
    EXPECT(queue.wait([] { return true; }, Sleep::killable, Nanos(0)).has_value());
    EXPECT(!queue.has_waiters());
}

struct Outcomes {
    WaitQueue queue;
    std::atomic<bool> open{false};
    std::atomic<u32> ended{0};
    Errno error[3]{};
};

TEST(wait_queue, interrupts_and_kills) {
    Outcomes shared;
    static constexpr Sleep kinds[3] = {Sleep::interruptible, Sleep::killable,
                                       Sleep::uninterruptible};
    auto body = [&](u32 index) {
        const auto outcome = shared.queue.wait([&] { return shared.open.load(); }, kinds[index]);
        shared.error[index] = outcome ? Errno{} : outcome.error();
        shared.ended.fetch_or(1u << index);
    };
    TestThreads threads;
    RefOrNull<Thread> sleepers[3];
    for (u32 i = 0; i < 3; ++i) {
        sleepers[i] = threads.start(body, i);
        REQUIRE(sleepers[i]);
    }
    sleep_for(base::milliseconds(5));
    for (auto& sleeper : sleepers)
        sleeper->add_work(thread_work::interrupt);
    EXPECT(becomes_true([&] { return shared.ended.load() == 1; }));
    sleep_for(base::milliseconds(3));
    EXPECT(shared.ended.load() == 1);
    for (auto& sleeper : sleepers)
        sleeper->add_work(thread_work::kill);
    EXPECT(becomes_true([&] { return shared.ended.load() == 3; }));
    sleep_for(base::milliseconds(3));
    EXPECT(shared.ended.load() == 3);
    shared.open.store(true);
    shared.queue.wake_all();
    threads.wait();
    EXPECT(shared.ended.load() == 7);
    EXPECT(shared.error[0] == Errno::intr && shared.error[1] == Errno::intr);
    EXPECT(shared.error[2] == Errno{});
}

// Two threads pass a ball on all pairs of CPUs; a lost wake-up would stop it.
TEST(wait_queue, ping_pong) {
    constexpr u32 rounds = 300;
    WaitQueue queue;
    std::atomic<u32> turn{0};
    auto body = [&](u32 index) {
        for (u32 i = 0; i < rounds; ++i) {
            const auto outcome = queue.wait([&] { return turn.load() % 2 == index; },
                                            Sleep::uninterruptible, test_deadline());
            if (!outcome) {
                EXPECT(outcome.has_value());
                return;
            }
            turn.fetch_add(1);
            queue.wake_all();
        }
    };
    for (u64 mask : {u64{1}, Scheduler::online_cpus() & 2 ? u64{2} : u64{1}}) {
        turn.store(0);
        TestThreads threads;
        (void)threads.start(body, 0, 1);
        (void)threads.start(body, 1, mask);
        threads.wait();
        EXPECT(turn.load() == 2 * rounds);
    }
}

// Timeouts and wakes that race never lose a ticket.
TEST(wait_queue, timeouts_race_with_wakes) {
    constexpr u32 rounds = 400;
    Door door;
    std::atomic<u32> timeouts{0}, got{0};
    auto waiter = [&](u32) {
        while (got.load() + timeouts.load() < rounds) {
            const auto outcome =
                door.queue.wait_exclusive([&] { return door.take_ticket(); },
                                          Sleep::uninterruptible, now() + base::microseconds(300));
            (outcome ? got : timeouts).fetch_add(1);
        }
    };
    u32 given = 0;
    {
        TestThreads threads;
        threads.start_many(4, waiter);
        TestRandom random(11);
        while (threads.running() != 0) {
            door.tickets.fetch_add(1);
            ++given;
            door.queue.wake_one();
            sleep_for(base::microseconds(random.below(600)));
        }
    }
    EXPECT(given == got.load() + static_cast<u32>(door.tickets.load()));
}

} // namespace
} // namespace core
