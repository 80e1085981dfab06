// SPDX-License-Identifier: BSD-2-Clause
#include "core/debug/audit.h"

#include "arch/api/audit.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/memory/kernel_map.h"
#include "core/sched/scheduler.h"

namespace core {
namespace {

TEST(audit, page_tables) {
    EXPECT(audit_page_tables() == 0);
    auto read_only = KernelMapping::allocate(Bytes(page_size), KernelProtection::read_only);
    auto code = KernelMapping::allocate(Bytes(page_size), KernelProtection::read_execute);
    REQUIRE(read_only && code);
    EXPECT(audit_page_tables() == 0);
}

// The walk itself sees what there is.
TEST(audit, sees_pages) {
    auto mapping = KernelMapping::allocate(Bytes(3 * page_size), KernelProtection::read_execute);
    REQUIRE(mapping.has_value());
    struct Seen {
        u64 start;
        u32 pages = 0, executable = 0, writable = 0;
    } seen{mapping->address().value};
    arch::for_each_kernel_page(
        [](const arch::KernelPage& page, void* argument) {
            auto& counts = *static_cast<Seen*>(argument);
            if (page.address - counts.start >= 3 * page_size)
                return;
            ++counts.pages;
            counts.executable += page.execute;
            counts.writable += page.write;
        },
        &seen);
    EXPECT(seen.pages == 3 && seen.executable == 3 && seen.writable == 0);
}

TEST(audit, every_cpu) {
    auto body = [](u32 cpu) {
        EXPECT(arch::cpu_index() == cpu);
        EXPECT(arch::missing_protection() == nullptr);
    };
    TestThreads threads;
    for (u32 cpu = 0; cpu < Scheduler::cpu_count(); ++cpu)
        (void)threads.start(body, cpu, u64{1} << cpu);
}

} // namespace
} // namespace core
