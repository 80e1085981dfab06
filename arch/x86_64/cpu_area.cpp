// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/cpu_area.h"

#include "arch/api/user_frame.h"
#include "arch/x86_64/registers.h"
#include "core/debug/shadow.h"
#include "core/memory/kernel_map.h"

extern "C" {
extern const u8 interrupt_stubs[];
void entry_int80();
void entry_int81();
}

namespace arch {
namespace {

// Interrupt gate (SDM volume 3A, 6.14.1).
struct Gate {
    u16 offset_low;
    u16 selector;
    u8 stack;
    u8 type; // present, privilege, 0xe: interrupt gate
    u16 offset_middle;
    u32 offset_high;
    u32 reserved;
};

struct [[gnu::packed]] TablePointer {
    u16 limit;
    u64 base;
};

constinit Gate g_interrupt_table[256]{};
constinit CpuArea g_boot_area{};
// One for all vectors: before there is memory for three, the first fault is also the last.
alignas(16) constinit u8 g_boot_interrupt_stack[interrupt_stack_size]{};
constinit CpuArea* g_areas[maximum_cpus]{};

void set_gate(unsigned vector, u64 target, unsigned stack, unsigned privilege) {
    g_interrupt_table[vector] = {static_cast<u16>(target),
                                 kernel_code_selector,
                                 static_cast<u8>(stack),
                                 static_cast<u8>(0x8e | privilege << 5),
                                 static_cast<u16>(target >> 16),
                                 static_cast<u32>(target >> 32),
                                 0};
}

void fill_descriptors(CpuArea& area) {
    area.descriptors[2] = 0x00af'9b00'0000'ffff; // kernel code, 64-bit
    area.descriptors[3] = 0x00cf'9300'0000'ffff; // kernel data
    area.descriptors[4] = 0x00cf'fb00'0000'ffff; // user code, 32-bit
    area.descriptors[5] = 0x00cf'f300'0000'ffff; // user data
    area.descriptors[6] = 0x00af'fb00'0000'ffff; // user code, 64-bit
    const u64 base = reinterpret_cast<u64>(&area.task_state);
    area.task_descriptor[0] = (sizeof(TaskState) - 1) | (base & 0xff'ffff) << 16 | u64{0x89} << 40 |
                              (base >> 24 & 0xff) << 56;
    area.task_descriptor[1] = base >> 32;
}

} // namespace

CpuArea& boot_cpu_area() {
    for (unsigned i = 0; i < 3 && g_boot_area.task_state.interrupt_stacks[i] == 0; ++i)
        g_boot_area.task_state.interrupt_stacks[i] =
            reinterpret_cast<u64>(g_boot_interrupt_stack + interrupt_stack_size);
    return g_boot_area;
}
Result<> make_interrupt_stacks(CpuArea& area) {
    for (unsigned i = 0; i < 3; ++i) {
        auto stack = TRY(core::KernelMapping::allocate(Bytes(interrupt_stack_size),
                                                       core::KernelProtection::read_write));
        TRY(core::check_stack(stack.address().value, interrupt_stack_size));
        area.task_state.interrupt_stacks[i] = stack.address().value + interrupt_stack_size;
        stack.forget(); // CPUs stay
    }
    return {};
}
CpuArea& cpu_area(u32 index) { return *g_areas[index]; }
u32 cpu_hardware_id(u32 cpu) { return cpu_area(cpu).apic_id; }
void set_cpu_area(u32 index, CpuArea& area) {
    g_areas[index] = &area;
    area.block.self = &area.block;
    area.block.index = index;
    area.block.preemption = no_reschedule;
}

void build_interrupt_table() {
    for (unsigned vector = 0; vector < 256; ++vector)
        set_gate(vector, reinterpret_cast<u64>(interrupt_stubs) + vector * 16, 0, 0);
    const u64 stubs = reinterpret_cast<u64>(interrupt_stubs);
    set_gate(2, stubs + 2 * 16, interrupt_stack_nmi, 0);
    set_gate(3, stubs + 3 * 16, 0, 3); // int3
    set_gate(4, stubs + 4 * 16, 0, 3); // into
    set_gate(8, stubs + 8 * 16, interrupt_stack_double_fault, 0);
    set_gate(18, stubs + 18 * 16, interrupt_stack_machine_check, 0);
    set_gate(0x80, reinterpret_cast<u64>(&entry_int80), 0, 3);
    set_gate(0x81, reinterpret_cast<u64>(&entry_int81), 0, 3);
}

// It changes what GS points at, and with it the guard word that a protected function compares.
[[gnu::no_stack_protector]] void load_descriptors(CpuArea& area) {
    fill_descriptors(area);
    const TablePointer descriptors{sizeof area.descriptors + sizeof area.task_descriptor - 1,
                                   reinterpret_cast<u64>(area.descriptors)};
    asm volatile(
        "lgdt %0\n\t"
        "pushq %1\n\t"
        "leaq 1f(%%rip), %%rax\n\t"
        "pushq %%rax\n\t"
        "lretq\n"
        "1:\n\t"
        "movl %2, %%ds\n\t"
        "movl %2, %%es\n\t"
        "movl %2, %%ss\n\t"
        "movl %3, %%fs\n\t"
        "movl %3, %%gs\n\t"
        "ltr %w4" ::"m"(descriptors),
        "i"(kernel_code_selector), "r"(static_cast<u32>(kernel_data_selector)), "r"(0),
        "r"(static_cast<u32>(offsetof(CpuArea, task_descriptor) - offsetof(CpuArea, descriptors)))
        : "rax", "memory");
    const TablePointer interrupts{sizeof g_interrupt_table - 1,
                                  reinterpret_cast<u64>(g_interrupt_table)};
    asm volatile("lidt %0" ::"m"(interrupts));
    write_msr(msr::gs_base, reinterpret_cast<u64>(&area.block));
    write_msr(msr::kernel_gs_base, 0);
    write_msr(msr::fs_base, 0);
}

void set_kernel_stack(u64 top) {
    CpuBlock& block = cpu_block();
    block.kernel_stack_top = top;
    cpu_area(block.index).task_state.stacks[0] = top;
}

} // namespace arch
