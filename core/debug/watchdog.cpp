// SPDX-License-Identifier: BSD-2-Clause
// Finds CPUs that are stuck in the kernel (debug builds; pith.watchdog=SECONDS, 10 unless said
// otherwise, 0 for none). A timer on each CPU asks for a look at the run queue; a CPU that has not
// looked for that long keeps preemption off. It also leaves a beat; a neighbour whose beat stands
// still keeps interrupts off.
#ifdef PITH_DEBUG

#include "base/format.h"
#include "core/init/command_line.h"
#include "core/init/task.h"
#include "core/memory/per_cpu.h"
#include "core/observe/panic.h"
#include "core/sched/scheduler.h"
#include "core/time/clock.h"
#include "core/time/timer.h"

namespace core {
namespace {

void look(Timer& timer);

struct Watch {
    Timer timer{&look};
    u64 looks = 0;                 // seen last
    Nanos moved;                   // when it had changed
    std::atomic<u64> last_beat{0}; // nanoseconds; 0: not watched yet
};
constinit PerCpu<Watch> g_watches;
constinit Nanos g_limit{};

[[noreturn]] void report(u32 cpu, std::string_view what, Nanos since) {
    panic(base::Text<96>("lockup: CPU {} has kept {} off for {} s", cpu, what,
                         (now() - since).value / 1'000'000'000)
              .view());
}

u32 neighbour(u32 cpu) {
    const u64 online = Scheduler::online_cpus();
    const u64 above = online & ~((u64{2} << cpu) - 1);
    return static_cast<u32>(__builtin_ctzll(above ? above : online));
}

void look(Timer& timer) {
    const u32 cpu = arch::cpu_index();
    Watch& own = g_watches.here();
    const Nanos current = now();
    const u64 looks = Scheduler::looks(cpu);
    if (looks != own.looks) {
        own.looks = looks;
        own.moved = current;
    } else if (current - own.moved > g_limit) {
        report(cpu, "preemption", own.moved);
    }
    arch::want_reschedule();
    own.last_beat.store(current.value, std::memory_order_relaxed);
    const u32 other = neighbour(cpu);
    const Nanos beat(g_watches.of(other).last_beat.load(std::memory_order_relaxed));
    if (other != cpu && beat.value != 0 && current > beat && current - beat > g_limit)
        report(other, "interrupts", beat);
    timer.arm(current + Nanos(g_limit.value / 8));
}

void start_watchdog() {
    g_limit = base::seconds(boot_option_number("pith.watchdog", 10));
    if (g_limit.value == 0)
        return;
    Thread& self = Thread::current();
    const u64 affinity = self.scheduling.affinity;
    for (u64 cpus = Scheduler::online_cpus(); cpus != 0; cpus &= cpus - 1) {
        if (!Scheduler::set_affinity(self, cpus & -cpus))
            continue;
        Scheduler::yield();
        Watch& watch = g_watches.here();
        watch.moved = now();
        watch.last_beat.store(watch.moved.value, std::memory_order_relaxed);
        watch.timer.arm(watch.moved + Nanos(g_limit.value / 8)); // on this CPU
    }
    (void)Scheduler::set_affinity(self, affinity);
}

INIT_TASK(watchdog, "watchdog", "", &start_watchdog);

} // namespace
} // namespace core

#endif
