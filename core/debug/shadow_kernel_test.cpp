// SPDX-License-Identifier: BSD-2-Clause
#include "core/debug/shadow.h"

#ifdef PITH_KASAN

#include "arch/api/kernel_table.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/memory/kernel_stack.h"
#include "core/sched/scheduler.h"

namespace core {
namespace {

// Addresses that no mapping reaches, since the kernel area is handed out upwards. Only their shadow
// is looked at, which stays behind.
constexpr u64 table_span = u64{16} << 20;         // what one table of a shadow stands for
constexpr u64 upper_span = u64{512} * table_span; // and one of the next level

u8 poison_of(u64 address) { return poison_at(reinterpret_cast<const void*>(address)); }
void poison_stack(u64 bottom, Poison why) {
    poison_memory(reinterpret_cast<void*>(bottom), KernelStack::size, why);
}
void unpoison_stack(u64 bottom) {
    unpoison_memory(reinterpret_cast<void*>(bottom), KernelStack::size);
}

// What stands for a stack stands for nothing else, also where the empty shadow was read before: a
// CPU marks the tables it goes through.
void expect_own_shadow(u64 stack, u64 other) {
    EXPECT(poison_of(stack) == 0 && poison_of(other) == 0);
    REQUIRE(check_stack(stack, KernelStack::size));
    poison_stack(stack, Poison::stack_left);
    EXPECT(poison_of(stack) == static_cast<u8>(Poison::stack_left));
    EXPECT(poison_of(other) == 0);
    REQUIRE(check_stack(other, KernelStack::size));
    EXPECT(poison_of(other) == 0);
    poison_stack(other, Poison::stack_right);
    EXPECT(poison_of(stack) == static_cast<u8>(Poison::stack_left));
    unpoison_stack(other);
    EXPECT(poison_of(stack) == static_cast<u8>(Poison::stack_left));
    unpoison_stack(stack);
}

TEST(shadow, is_nobody_elses) {
    constexpr u64 place = arch::kernel_area_end - 4 * upper_span;
    expect_own_shadow(place, place + table_span);
    expect_own_shadow(place + upper_span, place + 2 * upper_span);
}

// Stacks side by side, in tables that none had a shadow in, each of another CPU.
TEST(shadow, many_cpus) {
    static constexpr u64 place = arch::kernel_area_end - 8 * upper_span;
    static constexpr u64 stride = KernelStack::size + page_size; // with its guard
    static constexpr u32 rounds = 20;
    static constinit std::atomic<u32> arrived;
    arrived = 0;
    auto body = [](u32 cpu) {
        for (u32 round = 0; round < rounds; ++round) {
            const u64 bottom = place + round * table_span + cpu * stride;
            ++arrived;
            while (arrived.load() < (round + 1) * Scheduler::cpu_count())
                arch::spin_pause();
            REQUIRE(check_stack(bottom, KernelStack::size));
            EXPECT(poison_of(bottom) == 0);
            poison_stack(bottom, Poison::stack_left);
            sleep_for(base::microseconds(100)); // another's table may come late
            for (u64 at = 0; at < KernelStack::size; at += page_size)
                EXPECT(poison_of(bottom + at) == static_cast<u8>(Poison::stack_left));
            unpoison_stack(bottom);
        }
    };
    TestThreads threads;
    for (u32 cpu = 0; cpu < Scheduler::cpu_count(); ++cpu)
        (void)threads.start(body, cpu, u64{1} << cpu);
}

} // namespace
} // namespace core

#endif
