// SPDX-License-Identifier: BSD-2-Clause
#include "core/sync/epoch.h"

#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/sched/scheduler.h"

namespace core {
namespace {

struct Record : Retired {
    static constexpr u64 whole = 0x5ee'd0fa'1111;
    std::atomic<u64> content{whole};
    static constinit std::atomic<i32> alive;

    Record() { alive.fetch_add(1); }
    ~Record() {
        content.store(0);
        alive.fetch_sub(1);
    }
    static void destroy(Retired& retired) { delete static_cast<Record*>(&retired); }
};
constinit std::atomic<i32> Record::alive{0};

Record* make() {
    auto* record = new (base::fallible) Record();
    VERIFY(record != nullptr);
    return record;
}

// Readers find only records that are whole while others replace and retire them.
TEST(epoch, readers_see_live_records) {
    constexpr u32 readers = 3;
    std::atomic<Record*> current{make()};
    std::atomic<u64> seen{0};
    std::atomic<bool> over{false};
    auto body = [&](u32 index) {
        if (index < readers) {
            while (!over.load()) {
                const EpochGuard guard;
                const Record* record = current.load(std::memory_order_acquire);
                for (int look = 0; look < 20; ++look)
                    EXPECT(record->content.load() == Record::whole);
                seen.fetch_add(1, std::memory_order_relaxed);
            }
            return;
        }
        for (int step = 0; step < 4000; ++step)
            retire(*current.exchange(make()), Record::destroy);
        over.store(true);
    };
    TestThreads threads;
    threads.start_many(readers + 1, body);
    threads.wait();
    EXPECT(seen.load() != 0);
    retire(*current.exchange(nullptr), Record::destroy);
    // The last wait for others to be retired after them.
    for (int i = 0; i < 4; ++i)
        retire(*make(), Record::destroy);
    EXPECT(Record::alive.load() < 8);
}

// What a guard saw stays as long as the guard, and goes after it.
TEST(epoch, a_guard_keeps_what_it_saw) {
    Record* kept = make();
    std::atomic<u32> stage{0};
    bool kept_while_inside = false;
    auto body = [&](u32 index) {
        if (index == 0) {
            const EpochGuard guard;
            stage.store(1);
            while (stage.load() != 2)
                arch::spin_pause();
            kept_while_inside = kept->content.load() == Record::whole;
            stage.store(3);
            return;
        }
        while (stage.load() != 1)
            arch::spin_pause();
        retire(*kept, Record::destroy);
        for (int i = 0; i < 10; ++i)
            retire(*make(), Record::destroy);
        stage.store(2);
        while (stage.load() != 3)
            arch::spin_pause();
    };
    if (Scheduler::cpu_count() < 2)
        return; // each spins until the other goes on
    TestThreads threads;
    (void)threads.start(body, 0, 1);
    (void)threads.start(body, 1, 2);
    threads.wait();
    EXPECT(kept_while_inside);
    for (int i = 0; i < 4; ++i)
        retire(*make(), Record::destroy);
    EXPECT(Record::alive.load() < 8);
}

} // namespace
} // namespace core
