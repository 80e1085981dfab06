// SPDX-License-Identifier: BSD-2-Clause
#include "core/observe/trace.h"

#include "arch/api/cpu.h"
#include "core/debug/kernel_test.h"

namespace core {
namespace {

constexpr u32 subject = 0x7e57;

// The component records of this test, which other threads of this CPU may put others between.
u64 next_own(u32 cpu, u64& from) {
    TraceRecord record;
    while (read_trace(cpu, from, record)) {
        from = record.sequence.load(std::memory_order_relaxed) + 1;
        if (record.event == TraceEvent::component && record.subject == subject)
            return record.first;
    }
    return 0;
}

} // namespace

TEST(trace, records_come_back_in_order) {
    EXPECT(start_tracing().has_value());
    arch::disable_preemption();
    const u32 cpu = arch::cpu_index();
    for (u64 i = 1; i <= 3; ++i)
        trace(TraceEvent::component, subject, i, 2 * i);
    arch::enable_preemption();
    u64 from = 1;
    EXPECT(next_own(cpu, from) == 1);
    EXPECT(next_own(cpu, from) == 2);
    EXPECT(next_own(cpu, from) == 3);
    stop_tracing();
}

TEST(trace, keeps_the_latest_when_it_wraps) {
    constexpr u64 many = 10'000;
    EXPECT(start_tracing().has_value());
    arch::disable_preemption();
    const u32 cpu = arch::cpu_index();
    for (u64 i = 1; i <= many; ++i)
        trace(TraceEvent::component, subject, i);
    arch::enable_preemption();
    stop_tracing();
    u64 from = 1;
    u64 last = next_own(cpu, from);
    EXPECT(last > 1); // the first were overwritten
    while (const u64 next = next_own(cpu, from)) {
        EXPECT(next == last + 1);
        last = next;
    }
    EXPECT(last == many);
}

TEST(trace, records_nothing_while_it_is_off) {
    EXPECT(start_tracing().has_value());
    stop_tracing();
    arch::disable_preemption();
    const u32 cpu = arch::cpu_index();
    trace(TraceEvent::component, subject, 77'777);
    arch::enable_preemption();
    u64 from = 1;
    while (const u64 found = next_own(cpu, from))
        EXPECT(found != 77'777);
}

} // namespace core
