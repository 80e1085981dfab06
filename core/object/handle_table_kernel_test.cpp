// SPDX-License-Identifier: BSD-2-Clause
#include "core/object/handle_table.h"

#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"

namespace core {
namespace {

struct Probe final : Object {
    explicit Probe(Rights meant = Rights::all) : Object(ObjectKind::event), rights(meant) {
        alive.fetch_add(1);
    }
    ~Probe() override { alive.fetch_sub(1); }
    void handle_closed() override { closed.fetch_add(1); }
    const Rights rights; // that its handles should have
    std::atomic<u32> closed{0};
    static constinit std::atomic<i32> alive;
};
constinit std::atomic<i32> Probe::alive{0};

Ref<Object> make(Rights rights = Rights::all) {
    return Ref<Object>(MUST(Ref<Probe>::create(rights), "a test has memory"));
}

TEST(handle_table, lowest_free_slot) {
    {
        auto created = HandleTable::create();
        REQUIRE(created.has_value());
        HandleTable& table = **created;
        for (u32 i = 0; i < 200; ++i)
            EXPECT(table.install(make(), Rights::all, false, 0, 1024).value_or(~0u) == i);
        for (u32 i : {150u, 3u, 70u})
            EXPECT(table.close(i).has_value());
        EXPECT(table.install(make(), Rights::all, false, 0, 1024).value_or(~0u) == 3);
        EXPECT(table.install(make(), Rights::all, false, 100, 1024).value_or(~0u) == 150);
        EXPECT(table.install(make(), Rights::all, false, 0, 1024).value_or(~0u) == 70);
        EXPECT(table.install(make(), Rights::all, false, 300, 1024).value_or(~0u) == 300);
        EXPECT(table.install(make(), Rights::all, false, 0, 200).error() == Errno::mfile);
        EXPECT(table.install(make(), Rights::all, false, 5, 5).error() == Errno::mfile);
        EXPECT(table.close(250).error() == Errno::badf && table.close(~0u).error() == Errno::badf);
        EXPECT(!table.borrow(250) && !table.borrow(~0u));
    }
    EXPECT(Probe::alive.load() == 0);
}

TEST(handle_table, borrowing) {
    auto created = HandleTable::create();
    REQUIRE(created.has_value());
    HandleTable& table = **created;
    REQUIRE(table.install(make(), Rights::read | Rights::map, false, 0, 10).has_value());
    {
        const Borrowed alone = table.borrow(0);
        REQUIRE(static_cast<bool>(alone));
        EXPECT(alone.rights() == (Rights::read | Rights::map));
        EXPECT(alone.get()->reference_count() == 1);
    }
    table.add_sharer();
    {
        const Borrowed shared = table.borrow(0);
        EXPECT(shared.get()->reference_count() == 2);
        EXPECT(table.close(0).has_value()); // stays alive while in use
        EXPECT(Probe::alive.load() == 1);
        EXPECT(static_cast<Probe*>(shared.get())->closed.load() == 1);
    }
    EXPECT(Probe::alive.load() == 0);
}

TEST(handle_table, replace_and_reserve) {
    auto created = HandleTable::create();
    REQUIRE(created.has_value());
    HandleTable& table = **created;
    const u32 reserved = table.reserve(true, 0, 10).value_or(~0u);
    EXPECT(reserved == 0 && !table.borrow(0));
    EXPECT(table.replace(0, make(), Rights::all, false, 10).error() == Errno::busy);
    EXPECT(table.install(make(), Rights::all, false, 0, 10).value_or(~0u) == 1);
    table.fill_reserved(0, make(), Rights::write);
    EXPECT(static_cast<bool>(table.borrow(0)) && table.close_on_exec(0).value_or(false));
    Ref<Object> kept = make();
    EXPECT(table.replace(1, kept, Rights::all, false, 10).has_value());
    EXPECT(Probe::alive.load() == 2);
    EXPECT(table.replace(700, kept, Rights::all, true, 1024).has_value());
    EXPECT(table.replace(1024, kept, Rights::all, true, 1024).error() == Errno::badf);
    EXPECT(kept->reference_count() == 3);
    const u32 other = table.reserve(false, 0, 10).value_or(~0u);
    EXPECT(other == 2);
    table.release_reserved(other);
    EXPECT(table.next_used(2).value_or(0) == 700);
    table.close_all_on_exec();
    EXPECT(!table.borrow(0) && !table.borrow(700) && table.borrow(1));
    EXPECT(table.set_close_on_exec(0, true).error() == Errno::badf);
    auto taken = table.take(1);
    EXPECT(taken.has_value() && taken->get() == kept.get());
    EXPECT(static_cast<Probe*>(kept.get())->closed.load() == 1); // by close_all_on_exec alone
    EXPECT(table.next_used(0).error() == Errno::badf);
}

TEST(handle_table, clone_and_ranges) {
    {
        auto created = HandleTable::create();
        REQUIRE(created.has_value());
        for (u32 i = 0; i < 130; ++i)
            EXPECT((*created)->install(make(), Rights::all, i % 3 == 0, 0, 1024).has_value());
        auto copy = (*created)->clone();
        REQUIRE(copy.has_value());
        (*created)->close_range(10, 119);
        EXPECT((*created)->next_used(10).value_or(0) == 120);
        for (u32 i = 0; i < 130; ++i) {
            EXPECT(static_cast<bool>((*copy)->borrow(i)));
            EXPECT((*copy)->close_on_exec(i).value_or(i % 3 != 0) == (i % 3 == 0));
        }
        auto part = (*created)->clone(5);
        REQUIRE(part.has_value());
        EXPECT((*part)->next_used(5).error() == Errno::badf);
        (*copy)->close_range(0, ~0u);
        EXPECT(Probe::alive.load() == 20);
    }
    EXPECT(Probe::alive.load() == 0);
}

// Threads that share a table open, use and close the same slots.
TEST(handle_table, shared_by_threads) {
    {
        auto created = HandleTable::create();
        REQUIRE(created.has_value());
        HandleTable& table = **created;
        for (u32 i = 0; i < 4; ++i)
            table.add_sharer();
        auto body = [&](u32 index) {
            TestRandom random(index);
            for (u32 step = 0; step < 3000; ++step) {
                const u32 limit = 50 + step / 10; // grows under its readers
                const u32 slot = static_cast<u32>(random.below(limit));
                const Rights rights = step % 2 == 0 ? Rights::read : Rights::write;
                switch (random.below(5)) {
                case 0: (void)table.install(make(rights), rights, false, 0, limit); break;
                case 1: (void)table.close(slot); break;
                case 2: (void)table.replace(slot, make(rights), rights, true, limit); break;
                default:
                    if (const Borrowed borrowed = table.borrow(slot)) {
                        const auto& probe = static_cast<const Probe&>(*borrowed.get());
                        EXPECT(probe.kind() == ObjectKind::event);
                        EXPECT(borrowed.rights() == probe.rights);
                    }
                }
            }
        };
        TestThreads threads;
        threads.start_many(4, body);
        threads.wait();
    }
    EXPECT(Probe::alive.load() == 0);
}

} // namespace
} // namespace core
