// SPDX-License-Identifier: BSD-2-Clause
// Starting the other CPUs (Intel SDM volume 3A, 9.4): all at once; those that have come are
// numbered in the order of the firmware's table.
#include "arch/x86_64/smp.h"

#include <algorithm>
#include <span>

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
    u64 arrivals;
    u32 taken; // places in the table of arrivals
    u32 limit;
};

// A CPU in the trampoline, which waits to be told.
struct Arrival {
    std::atomic<u32> id_plus_one{0}; // of its APIC; 0: it has not said so yet
    std::atomic<u32> number{0};
};

constinit std::atomic<u32> g_started{1};
constinit u64 g_stacks[maximum_cpus]{}; // by number
constinit Arrival g_arrivals[maximum_cpus]{};

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

// Wakes up to `count` others and waits until they have come, or for so long that none comes any
// more. How many there are.
u32 gather(u32 count, std::atomic_ref<u32> taken) {
    constexpr u32 closed = 1u << 30; // places in all: whoever comes later stays out
    const u32 self = local_apic_id();
    const auto for_each_other = [&](auto function) {
        for (u32 i = 0, found = 0; i < platform().cpu_count && found < count; ++i) {
            if (platform().apic_ids[i] == self)
                continue;
            function(platform().apic_ids[i]);
            ++found;
        }
    };
    for_each_other(send_init);
    wait(base::milliseconds(1)); // the SDM asks for 10 ms, which was for discrete APICs
    // A CPU that has not come to its INIT yet misses the request; one that runs ignores it.
    for (int round = 0; round < 100 && taken.load() < count; ++round) {
        for_each_other([](u32 id) { send_startup(id, trampoline_address >> 12); });
        const Nanos deadline = core::now() + base::milliseconds(round == 0 ? 10 : 20);
        while (taken.load() < count && core::now() < deadline)
            spin_pause();
    }
    const u32 come = std::min(taken.exchange(closed), count);
    for (u32 i = 0; i < come; ++i) {
        while (g_arrivals[i].id_plus_one.load() == 0)
            spin_pause();
    }
    return come;
}

// Numbers those that have come: 1 and on, in the order of the table; what it does not name, last.
void tell_numbers(u32 come) {
    u32 number = 1;
    const auto tell = [&](auto is_meant) {
        for (Arrival& arrival : std::span(g_arrivals, come)) {
            if (arrival.number.load() == 0 && is_meant(arrival.id_plus_one.load() - 1))
                arrival.number.store(number++);
        }
    };
    for (u32 i = 0; i < platform().cpu_count; ++i)
        tell([i](u32 id) { return id == platform().apic_ids[i]; });
    tell([](u32) { return true; });
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
    fields->arrivals = reinterpret_cast<u64>(g_arrivals);
    fields->taken = 0;
    fields->limit = count - 1;

    const u32 come = gather(count - 1, std::atomic_ref<u32>(fields->taken));
    tell_numbers(come);
    while (g_started.load() < come + 1)
        spin_pause();
    if (come + 1 < count)
        LOG_WARNING("smp: {} of {} CPUs started", come + 1, count);
    return come + 1;
}

} // namespace arch
