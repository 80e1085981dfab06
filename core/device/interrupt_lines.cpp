// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/interrupt_lines.h"

namespace core {

InterruptAnswer InterruptLines::arrived(void* argument) {
    Entry& entry = *static_cast<Entry*>(argument);
    if (entry.level)
        arch::mask_line(entry.line, true);
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
    auto interrupt = Interrupt::connect_message(&arrived, entry, 0);
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
        arch::mask_line(entries_[number].line, false);
}

void InterruptLines::disconnect(u32 number) {
    if (number >= capacity)
        return;
    entries_[number].interrupt = Interrupt();
    entries_[number].handler = nullptr;
}

} // namespace core
