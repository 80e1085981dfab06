// SPDX-License-Identifier: BSD-2-Clause
// The interrupts of one device on their way to its instance: connected messages or one shared line.
#pragma once

#include "core/device/device.h"
#include "core/irq/interrupt.h"

namespace core {

class InterruptLines {
public:
    static constexpr u32 capacity = 16;

    InterruptLines() = default;
    InterruptLines(const InterruptLines&) = delete;
    InterruptLines& operator=(const InterruptLines&) = delete;

    // Errors: nospc, busy (connected already), inval (number).
    Result<arch::InterruptMessage> connect_message(u32 number, Device::InterruptHandler handler,
                                                   void* argument);
    // A level-triggered line stays masked from its interrupt until every device on it that was told
    // has acknowledged. Errors: nodev, nospc, busy.
    Result<> connect_line(u32 number, arch::IsaRoute route, Device::InterruptHandler handler,
                          void* argument);
    void acknowledge(u32 number);
    void disconnect(u32 number);

private:
    struct Entry {
        Interrupt interrupt;
        Device::InterruptHandler handler = nullptr;
        void* argument = nullptr;
        u32 number = 0;
        u32 line = 0;
        bool level = false;
        bool keeps_masked = false; // guarded by the lock of the lines
    };
    static void keep_masked(Entry& entry);
    static void let_go(Entry& entry);
    static InterruptAnswer arrived(void* entry);
    Result<Entry*> prepare(u32 number, Device::InterruptHandler handler, void* argument);

    Entry entries_[capacity];
};

} // namespace core
