// SPDX-License-Identifier: BSD-2-Clause
// The local APIC (Intel SDM volume 3A, chapter 11), by memory, or by MSR where firmware left x2APIC
// on.
#pragma once

#include "base/types.h"
#include "base/units.h"

namespace arch {

// First CPU: maps the registers and turns the APIC on. Each other CPU: turns it on.
void start_local_apic();
u32 local_apic_id();
void acknowledge_interrupt();
void send_interrupt(u32 apic_id, u32 vector);
void send_init(u32 apic_id);
void send_startup(u32 apic_id, u32 page);
// Everyone but this CPU, non-maskable: for a panic.
void stop_other_cpus();
[[noreturn]] void stop_this_cpu();

// The timer: one shot after `duration`; calibrated by clock.cpp.
void set_apic_timer_rate(u64 ticks_per_second);
void start_apic_timer(u32 ticks);
u32 apic_timer_count();

} // namespace arch
