// SPDX-License-Identifier: BSD-2-Clause
// Everything one CPU owns: the block GS points at, descriptor tables, stacks for the vectors that
// need one.
#pragma once

#include "arch/api/cpu.h"
#include "base/build_kind.h"
#include "base/result.h"

namespace arch {

// Task-state segment (Intel SDM volume 3A, 8.7): only stacks and the I/O map's offset are used.
struct [[gnu::packed]] TaskState {
    u32 reserved0 = 0;
    u64 stacks[3] = {}; // RSP0..2
    u64 reserved1 = 0;
    u64 interrupt_stacks[7] = {}; // IST1..7
    u64 reserved2 = 0;
    u16 reserved3 = 0;
    u16 io_map = sizeof(TaskState);
};

inline constexpr unsigned interrupt_stack_double_fault = 1, interrupt_stack_nmi = 2,
                          interrupt_stack_machine_check = 3;
inline constexpr u64 interrupt_stack_size = base::debug_build ? 16384 : 8192;

struct alignas(64) CpuArea {
    CpuBlock block{};
    u32 apic_id = 0;
    // Linux's order, since programs see the user selectors: null, none, kernel code, kernel data,
    // user code 32, user data, user code, none.
    u64 descriptors[8] = {};
    u64 task_descriptor[2] = {};
    TaskState task_state;
};

// Areas by CPU index; the first CPU's is static, the others are allocated before they start.
CpuArea& cpu_area(u32 index);
void set_cpu_area(u32 index, CpuArea& area);
CpuArea& boot_cpu_area();

// Loads GDT, TSS, IDT and GS base from the area on the calling CPU.
void load_descriptors(CpuArea& area);
// First CPU, once, before load_descriptors.
void build_interrupt_table();
// Stacks with guard pages for the vectors that have their own; before another CPU starts on the
// area, on the first CPU in place of the one it started with. Errors: nomem.
Result<> make_interrupt_stacks(CpuArea& area);
// Where entries from user mode start to push, on this CPU. Interrupts off.
void set_kernel_stack(u64 top);

} // namespace arch
