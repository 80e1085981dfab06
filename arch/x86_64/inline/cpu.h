// SPDX-License-Identifier: BSD-2-Clause
// x86-64 bodies of arch/api/cpu.h. The GS base of the kernel points at the CPU's CpuBlock.
#pragma once

namespace arch {

inline CpuBlock& cpu_block() {
    CpuBlock* block;
    asm volatile("movq %%gs:%c1, %0" : "=r"(block) : "i"(offsetof(CpuBlock, self)));
    return *block;
}
inline core::Thread* current_thread() {
    core::Thread* thread;
    // Not volatile: the value never changes under a thread's feet, so the compiler may keep it.
    asm("movq %%gs:%c1, %0" : "=r"(thread) : "i"(offsetof(CpuBlock, current)));
    return thread;
}
inline u32 cpu_index() {
    u32 index;
    asm volatile("movl %%gs:%c1, %0" : "=r"(index) : "i"(offsetof(CpuBlock, index)));
    return index;
}

inline constexpr u64 interrupt_flag = 1 << 9;

inline u64 flags_register() {
    u64 flags;
    asm volatile("pushfq; popq %0" : "=r"(flags)::"memory");
    return flags;
}
inline bool interrupts_enabled() { return (flags_register() & interrupt_flag) != 0; }
inline void enable_interrupts() { asm volatile("sti" ::: "memory"); }
inline void disable_interrupts() { asm volatile("cli" ::: "memory"); }
inline u64 save_and_disable_interrupts() {
    const u64 flags = flags_register();
    disable_interrupts();
    return flags;
}
inline void restore_interrupts(u64 saved) {
    if (saved & interrupt_flag)
        enable_interrupts();
}
inline void enable_and_halt() { asm volatile("sti; hlt" ::: "memory"); }
inline void spin_pause() { asm volatile("pause" ::: "memory"); }

inline u64 timestamp() {
    u32 low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (u64{high} << 32) | low;
}

// core/sched/preempt.cpp: switches if interrupts are on and a switch is wanted.
extern "C" void preempt_slow_path();

inline void disable_preemption() {
    asm volatile("incl %%gs:%c0" ::"i"(offsetof(CpuBlock, preemption)) : "memory", "cc");
}
inline void enable_preemption_without_switch() {
    asm volatile("decl %%gs:%c0" ::"i"(offsetof(CpuBlock, preemption)) : "memory", "cc");
}
inline u32 preemption_word() {
    u32 word;
    asm volatile("movl %%gs:%c1, %0" : "=r"(word) : "i"(offsetof(CpuBlock, preemption)));
    return word;
}
inline void enable_preemption() {
    bool zero;
    asm volatile("decl %%gs:%c1" : "=@ccz"(zero) : "i"(offsetof(CpuBlock, preemption)) : "memory");
    if (zero) [[unlikely]]
        preempt_slow_path();
}
inline bool preemption_enabled() { return (preemption_word() & ~no_reschedule) == 0; }
inline bool reschedule_wanted() { return (preemption_word() & no_reschedule) == 0; }
inline void want_reschedule() {
    asm volatile("andl %1, %%gs:%c0" ::"i"(offsetof(CpuBlock, preemption)), "i"(~no_reschedule)
                 : "memory", "cc");
}
inline void clear_reschedule() {
    asm volatile("orl %1, %%gs:%c0" ::"i"(offsetof(CpuBlock, preemption)), "i"(no_reschedule)
                 : "memory", "cc");
}

} // namespace arch
