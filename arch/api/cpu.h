// SPDX-License-Identifier: BSD-2-Clause
// What the kernel asks of the CPU it runs on: interrupts, per-CPU words, time stamps, pauses. Each
// architecture supplies inline/cpu.h, found through the build's include path.
#pragma once

#include <cstddef>

#include "base/types.h"

namespace core {
class Thread;
}

namespace arch {

inline constexpr u32 maximum_cpus = 64;

// The head of the per-CPU block; the architecture's segment or thread register points at it, and
// entry code knows these offsets (checked in arch/<cpu>/offsets.cpp). The owner CPU alone writes
// it, except for `preemption`, whose top bit other CPUs may clear through the reschedule interrupt
// only.
struct CpuBlock {
    CpuBlock* self;
    core::Thread* current;
    u64 kernel_stack_top; // where an entry from user mode starts to push
    u64 user_stack;       // scratch of the system-call entry
    // Nesting of preemption-off sections in the low bits; the top bit is set while NO reschedule is
    // wanted, so that one decrement to zero says "go and switch".
    u32 preemption;
    u32 index;
    u64 stack_guard; // the compiler's: -mstack-protector-guard-offset=40
    u32 interrupt_depth;
    u32 reserved;
};
static_assert(offsetof(CpuBlock, stack_guard) == 40);

inline constexpr u32 no_reschedule = 0x8000'0000;

// All of these: any context.
CpuBlock& cpu_block();
core::Thread* current_thread();
u32 cpu_index();

bool interrupts_enabled();
void enable_interrupts();
void disable_interrupts();
// Returns the state to hand to restore_interrupts.
u64 save_and_disable_interrupts();
void restore_interrupts(u64 saved);
// Enables interrupts and waits for one, without a window between. Interrupts off on entry.
void enable_and_halt();
// Tells the CPU that this is a spin loop.
void spin_pause();

// The free-running cycle counter. Monotonic per CPU, synchronised between CPUs by the architecture.
u64 timestamp();

// Preemption-off sections nest. Leaving the outermost one switches if a reschedule is wanted.
void disable_preemption();
void enable_preemption();
void enable_preemption_without_switch();
bool preemption_enabled();
bool reschedule_wanted();
// Marks that this CPU should switch as soon as it may. Interrupts off or preemption off.
void want_reschedule();
void clear_reschedule();

// Asks another CPU to switch; asks every CPU in `mask` (bit n is CPU n) to run its pending calls.
void send_reschedule(u32 cpu);
void send_call_interrupt(u64 mask);

// What the hardware calls a CPU that runs: on x86 its APIC id, whose bits say where it sits.
u32 cpu_hardware_id(u32 cpu);

// Entropy from the CPU, 0 if it has none.
u64 hardware_random();

} // namespace arch

#include "inline/cpu.h"
