// SPDX-License-Identifier: BSD-2-Clause
// Starting the other CPUs: all at once, each taking a number from the trampoline (Intel SDM volume
// 3A, 9.4).
#include "arch/x86_64/smp.h"

#include "arch/api/interrupts.h"
#include "arch/api/kernel_table.h"
#include "arch/x86_64/acpi.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/local_apic.h"
#include "arch/x86_64/registers.h"
#include "base/box.h"
#include "base/memory_functions.h"
#include "core/init/start.h"
#include "core/memory/kernel_map.h"
#include "core/memory/kernel_stack.h"
#include "core/observe/log.h"
#include "core/sched/scheduler.h"
#include "core/time/clock.h"

extern "C" {
extern const u8 trampoline_begin[];
extern const u8 trampoline_end[];
extern const u8 trampoline_fields[];
}

namespace arch {
namespace {

constexpr u64 trampoline_address = 0x8000; // below 1 MiB, page aligned; trampoline.S: BASE

struct Fields {
    u64 root;
    u64 features;
    u64 entry;
    u64 stacks;
    u32 next;
    u32 limit;
};

constinit std::atomic<u32> g_started{1};
constinit u64 g_stacks[maximum_cpus]{};

void wait(Nanos duration) {
    const Nanos end = core::now() + duration;
    while (core::now() < end)
        spin_pause();
}

[[noreturn]] void start_secondary(u32 number) {
    CpuArea& area = cpu_area(number);
    load_descriptors(area);
    enable_features();
    start_local_apic();
    area.apic_id = local_apic_id();
    start_timer();
    cpu_is_online();
    g_started.fetch_add(1);
    core::run_secondary(number);
}

// Areas and first stacks for CPUs 1..count-1; returns how many CPUs there can be.
u32 prepare(u32 count) {
    for (u32 number = 1; number < count; ++number) {
        auto area = Box<CpuArea>::create();
        auto stack = core::KernelStack::create();
        if (!area || !stack || !make_interrupt_stacks(**area) || !core::prepare_cpu(number))
            return number;
        area->get()->block.stack_guard = cpu_block().stack_guard;
        g_stacks[number] = stack->top().value;
        set_cpu_area(number, *area->release());
        core::keep_boot_stack(number, std::move(*stack));
    }
    return count;
}

} // namespace

u32 start_other_cpus(u32 limit) {
    u32 count = platform().cpu_count < maximum_cpus ? platform().cpu_count : maximum_cpus;
    if (count > limit)
        count = limit;
    if (count <= 1)
        return 1;
    count = prepare(count);

    u8* target = core::physical_view(PhysAddr(trampoline_address));
    memcpy(target, trampoline_begin, static_cast<usize>(trampoline_end - trampoline_begin));
    auto* fields = reinterpret_cast<Fields*>(target + (trampoline_fields - trampoline_begin));
    fields->root = kernel_root();
    fields->features = efer::long_mode | (cpu_features().no_execute ? efer::no_execute : 0);
    fields->entry = reinterpret_cast<u64>(&start_secondary);
    fields->stacks = reinterpret_cast<u64>(g_stacks);
    fields->next = 1;
    fields->limit = count;

    const u32 self = local_apic_id();
    u32 asked = 1;
    for (u32 i = 0; i < platform().cpu_count && asked < count; ++i) {
        if (platform().apic_ids[i] != self) {
            send_init(platform().apic_ids[i]);
            ++asked;
        }
    }
    wait(base::milliseconds(1)); // the SDM asks for 10 ms, which was for discrete APICs
    // A CPU that has not come to its INIT yet misses the request; one that runs ignores it.
    for (int round = 0; round < 100 && g_started.load() < asked; ++round) {
        for (u32 i = 0, sent = 1; i < platform().cpu_count && sent < count; ++i) {
            if (platform().apic_ids[i] == self)
                continue;
            send_startup(platform().apic_ids[i], trampoline_address >> 12);
            ++sent;
        }
        const Nanos deadline = core::now() + base::milliseconds(round == 0 ? 10 : 20);
        while (g_started.load() < asked && core::now() < deadline)
            spin_pause();
    }
    if (g_started.load() < asked)
        LOG_WARNING("smp: {} of {} CPUs started", g_started.load(), asked);
    return g_started.load();
}

} // namespace arch
