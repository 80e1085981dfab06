// SPDX-License-Identifier: BSD-2-Clause
#include "linux/process/oom.h"

#include "core/memory/frames.h"
#include "core/observe/log.h"
#include "linux/process/process_table.h"
#include "linux/signal/send.h"

namespace linux {

namespace {

constexpr i16 never = -1000; // oom_score_adj that exempts a process

constinit std::atomic<Process*> g_victim{nullptr}; // owns a reference

// Pages in use plus the adjustment in thousandths of memory; negative: not to be chosen.
i64 badness(Process& process, u64 total_pages) {
    const i16 adjust = process.oom_score_adjust.load(std::memory_order_relaxed);
    if (&process == &ProcessTable::init() || adjust == never)
        return -1;
    const RefOrNull<ProgramImage> image = image_of(process);
    if (!image)
        return -1;
    const core::AddressSpace::Statistics used = image->space->statistics();
    const i64 pages = static_cast<i64>(used.resident.value + used.page_tables.value);
    const i64 points = pages + adjust * static_cast<i64>(total_pages) / 1000;
    return points > 0 ? points : 1;
}

// True while the last victim still holds memory.
bool victim_is_ending() {
    Process* victim = g_victim.load(std::memory_order_acquire);
    if (!victim)
        return false;
    if (image_of(*victim))
        return true;
    if (g_victim.compare_exchange_strong(victim, nullptr, std::memory_order_acq_rel))
        victim->drop_reference();
    return false;
}

RefOrNull<Process> choose() {
    const u64 total = core::frame_counts().total;
    RefOrNull<Process> worst;
    i64 most = 0;
    for (RefOrNull<Process> p = ProcessTable::next(1); p; p = ProcessTable::next(p->pid + 1)) {
        const i64 points = badness(*p, total);
        if (points > most) {
            most = points;
            worst = p;
        }
    }
    return worst;
}

} // namespace

void out_of_memory() {
    if (victim_is_ending())
        return;
    RefOrNull<Process> victim = choose();
    if (!victim)
        PANIC("out of memory and no process can be killed");
    Process* none = nullptr;
    if (!g_victim.compare_exchange_strong(none, victim.get(), std::memory_order_acq_rel))
        return; // another CPU chose
    const TaskRef task = ProcessTable::any_task(*victim);
    const std::string_view name = task ? task->thread->name() : std::string_view("?");
    LOG_ERROR("Out of memory: Killed process {} ({})", victim->pid, name.data());
    (void)send_signal(*victim, SigInfo::from_kernel(signal_number::kill));
    (void)victim.release();
}

u32 oom_score(Process& process) {
    const u64 total = core::frame_counts().total;
    const i64 points = badness(process, total);
    if (points <= 0 || total == 0)
        return 0;
    const i64 scaled = (1000 + points * 1000 / static_cast<i64>(total)) * 2 / 3;
    return static_cast<u32>(scaled);
}

} // namespace linux
