// SPDX-License-Identifier: BSD-2-Clause
// Interrupts of devices: who handles which. Handlers run with interrupts off and must not sleep.
#pragma once

#include "arch/api/interrupts.h"
#include "base/result.h"

namespace core {

// What a handler answers: was it its device?
enum class InterruptAnswer : u8 { not_mine, handled };
using InterruptFunction = InterruptAnswer (*)(void* argument);

// A connected interrupt; disconnected by the destructor, which waits until the handler is not
// running.
class Interrupt {
public:
    constexpr Interrupt() = default;
    Interrupt(Interrupt&& other) noexcept;
    Interrupt& operator=(Interrupt&& other) noexcept;
    ~Interrupt();

    // A message-signalled interrupt. Errors: nospc (no vector left).
    static Result<Interrupt> connect_message(InterruptFunction function, void* argument, u32 cpu);
    // A line (global system interrupt), which other devices may share. It starts unmasked. Errors:
    // nodev, nospc.
    static Result<Interrupt> connect_line(u32 line, arch::LineTrigger trigger,
                                          arch::LinePolarity polarity, InterruptFunction function,
                                          void* argument);

    bool connected() const { return slot_ != 0; }
    // For connect_message: what the device is to write where.
    arch::InterruptMessage message() const;
    u32 vector() const;

private:
    u32 slot_ = 0; // index + 1 in the table of handlers
};

// From arch, in the interrupt.
void dispatch_interrupt(u32 vector);
// How often `vector` came in on `cpu` (/proc/interrupts).
u64 interrupt_count(u32 vector, u32 cpu);

} // namespace core
