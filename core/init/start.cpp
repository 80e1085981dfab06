// SPDX-License-Identifier: BSD-2-Clause
// The kernel's start, told in order.
#include "core/init/start.h"

#include "arch/api/interrupts.h"
#include "arch/api/kernel_table.h"
#include "arch/api/machine.h"
#include "core/debug/shadow.h"
#include "core/init/command_line.h"
#include "core/init/task.h"
#include "core/memory/kernel_map.h"
#include "core/memory/physical.h"
#include "core/observe/log.h"
#include "core/observe/panic.h"
#include "core/sched/load_average.h"
#include "core/sched/scheduler.h"
#include "core/time/clock.h"

namespace core {
namespace {

constinit const boot::BootInfo* g_boot_info = nullptr;
constinit Thread* g_idle_threads[arch::maximum_cpus]{};

void apply_log_options() {
    if (has_boot_option("quiet"))
        set_console_level(5);
    if (has_boot_option("debug"))
        set_console_level(8);
    set_console_level(static_cast<u8>(boot_option_number("loglevel", console_level())));
    if (has_boot_option("ignore_loglevel"))
        set_console_level(8);
    if (const auto text = boot_option("panic"); text && text->starts_with("-"))
        set_panic_timeout(-1);
    else
        set_panic_timeout(static_cast<i64>(boot_option_number("panic", 0)));
}

Thread& make_idle(std::string_view name) {
    Ref<Thread> idle = MUST(Thread::create_idle(name), "boot has memory");
    return *idle.release(); // lives as long as its CPU
}

u32 cpu_limit() {
    if (has_boot_option("nosmp"))
        return 1;
    const u64 limit = boot_option_number("maxcpus", arch::maximum_cpus);
    return limit == 0 ? 1 : static_cast<u32>(limit);
}

// The first kernel thread: everything that may sleep, then the first program.
void run_init(void*) {
    const u32 started = arch::start_cpus(cpu_limit());
    while (Scheduler::cpu_count() < started) // they are on the way to their idle loops
        arch::spin_pause();
    arch::drop_identity_map();
    LOG_INFO("smp: {} CPUs", Scheduler::cpu_count());
    start_load_average();
    run_init_tasks();
    Thread::exit(); // the programs go on
}

} // namespace

const boot::BootInfo& boot_info() { return *g_boot_info; }

void start(const boot::BootInfo& info) {
    g_boot_info = &info;
    VERIFY(info.magic == boot::magic);
    apply_log_options();
    LOG_INFO("Pith 6.1.0-pith, loaded at {:#x}", info.image_start);
    start_physical_memory(info);
    start_kernel_map();
    arch::adopt_kernel_table();
    start_memory_checks(info);
    arch::prepare_machine(info);
    if (const i64 seconds = arch::battery_clock(); seconds > 0)
        set_wall_clock(base::seconds(static_cast<u64>(seconds)));

    Scheduler::adopt_idle(make_idle("idle/0"));
    arch::start_timer();
    arch::enable_interrupts();
    Ref<Thread> init = MUST(Thread::create_kernel("init", &run_init, nullptr), "boot has memory");
    init->start();
    Scheduler::idle_loop();
}

bool prepare_cpu(u32 number) {
    auto idle = Thread::create_idle(base::Text<16>("idle/{}", number).view());
    if (!idle)
        return false;
    g_idle_threads[number] = idle->release();
    return true;
}

void keep_boot_stack(u32 number, KernelStack stack) {
    g_idle_threads[number]->adopt_stack(std::move(stack));
}

void run_secondary(u32 number) {
    Scheduler::adopt_idle(*g_idle_threads[number]);
    arch::enable_interrupts();
    Scheduler::idle_loop();
}

} // namespace core
