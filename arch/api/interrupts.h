// SPDX-License-Identifier: BSD-2-Clause
// The interrupt controller as the core sees it: vectors of this CPU, lines of the machine, one
// timer per CPU.
#pragma once

#include "base/result.h"
#include "base/units.h"

namespace arch {

// Vectors devices may have: first..last.
u32 first_interrupt_vector();
u32 last_interrupt_vector();

// What a device must write where to raise `vector` on `cpu` (message-signalled interrupts).
struct InterruptMessage {
    u64 address;
    u32 data;
};
InterruptMessage interrupt_message(u32 vector, u32 cpu);

enum class LineTrigger : u8 { edge, level };
enum class LinePolarity : u8 { high, low };

// Routes a line (ACPI global system interrupt) to `vector` on `cpu`, masked. Errors: nodev (no such
// line).
Result<> route_line(u32 line, u32 vector, u32 cpu, LineTrigger trigger, LinePolarity polarity);
void mask_line(u32 line, bool masked);
// The global system interrupt behind an ISA interrupt, with its trigger and polarity as firmware
// says.
struct IsaRoute {
    u32 line;
    LineTrigger trigger;
    LinePolarity polarity;
};
IsaRoute isa_route(u32 isa_interrupt);

// Interrupts this CPU after `delay` (at most a second; the core arms again). Interrupts off.
void arm_timer(Nanos delay);
void start_timer();

// Stops every other CPU for good (panic), or this one.
void stop_other_cpus();
[[noreturn]] void stop_this_cpu();

} // namespace arch
