// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/interrupt_lines.h"

#include "core/sched/scheduler.h"
#include "core/sync/guarded.h"

namespace core {
namespace {

// How many devices keep each line masked. A device that answers late must not be asked again for
// every time that another on its line answers: that would be a storm.
struct Lines {
    static constexpr u32 count = 256;
    u16 keepers[count] = {};
};
constinit Guarded<Lines, lock_class::interrupt_line> g_lines;

} // namespace

void InterruptLines::keep_masked(Entry& entry) {
    auto lines = g_lines.lock();
    arch::mask_line(entry.line, true);
    if (entry.line < Lines::count && !entry.keeps_masked) {
        entry.keeps_masked = true;
        ++lines->keepers[entry.line];
    }
}

void InterruptLines::let_go(Entry& entry) {
    auto lines = g_lines.lock();
    if (entry.line >= Lines::count) {
        arch::mask_line(entry.line, false);
    } else if (entry.keeps_masked) {
        entry.keeps_masked = false;
        if (--lines->keepers[entry.line] == 0)
            arch::mask_line(entry.line, false);
    }
}

InterruptAnswer InterruptLines::arrived(void* argument) {
    Entry& entry = *static_cast<Entry*>(argument);
    if (entry.level)
        keep_masked(entry);
    entry.handler(entry.argument, entry.number);
    return InterruptAnswer::handled;
}

Result<InterruptLines::Entry*> InterruptLines::prepare(u32 number, Device::InterruptHandler handler,
                                                       void* argument) {
    if (number >= capacity)
        return Failure(Errno::inval);
    Entry& entry = entries_[number];
    if (entry.handler)
        return Failure(Errno::busy);
    entry.handler = handler;
    entry.argument = argument;
    entry.number = number;
    return &entry;
}

Result<arch::InterruptMessage> InterruptLines::connect_message(u32 number,
                                                               Device::InterruptHandler handler,
                                                               void* argument) {
    Entry* entry = TRY(prepare(number, handler, argument));
    // A device's messages go to all CPUs in turn: usually there is one for each of its queues.
    auto interrupt =
        Interrupt::connect_message(&arrived, entry, number % Scheduler::cpu_count());
    if (!interrupt) {
        entry->handler = nullptr;
        return Failure(interrupt.error());
    }
    entry->interrupt = std::move(*interrupt);
    return entry->interrupt.message();
}

Result<> InterruptLines::connect_line(u32 number, arch::IsaRoute route,
                                      Device::InterruptHandler handler, void* argument) {
    Entry* entry = TRY(prepare(number, handler, argument));
    entry->line = route.line;
    entry->level = route.trigger == arch::LineTrigger::level;
    auto interrupt =
        Interrupt::connect_line(route.line, route.trigger, route.polarity, &arrived, entry);
    if (!interrupt) {
        entry->handler = nullptr;
        return Failure(interrupt.error());
    }
    entry->interrupt = std::move(*interrupt);
    return {};
}

void InterruptLines::acknowledge(u32 number) {
    if (number < capacity && entries_[number].level)
        let_go(entries_[number]);
}

void InterruptLines::disconnect(u32 number) {
    if (number >= capacity)
        return;
    entries_[number].interrupt = Interrupt();
    if (entries_[number].level)
        let_go(entries_[number]); // others on the line go on
    entries_[number].level = false;
    entries_[number].handler = nullptr;
}

} // namespace core
