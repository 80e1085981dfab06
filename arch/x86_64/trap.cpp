// SPDX-License-Identifier: BSD-2-Clause
// Exceptions and interrupts: what came in, and who handles it.
#include "arch/x86_64/trap.h"

#include "arch/api/component_call.h"
#include "arch/api/interrupts.h"
#include "arch/x86_64/local_apic.h"
#include "arch/x86_64/registers.h"
#include "arch/x86_64/tlb.h"
#include "core/gate/containment.h"
#include "core/irq/interrupt.h"
#include "core/observe/panic.h"
#include "core/sched/scheduler.h"
#include "core/task/thread.h"
#include "core/time/timer_queue.h"
#include "core/vm/address_space.h"
#include "core/vm/user_memory.h"

extern "C" {
struct ExceptionSite {
    i32 instruction; // both relative to their own place
    i32 landing;
};
extern const ExceptionSite exception_table_start[];
extern const ExceptionSite exception_table_end[];
extern const u8 kernel_text_start[], kernel_text_end[];
extern const u8 boot_stack[], boot_stack_top[];
}

namespace arch {
namespace {

constexpr u64 fault_present = 1, fault_write = 2, fault_user = 4,
              fault_fetch = 16; // page-fault error code, SDM 4.7

u64 place(const i32& field) {
    return reinterpret_cast<u64>(&field) + static_cast<u64>(static_cast<i64>(field));
}

// Where an instruction that may touch user memory goes on after a fault; 0 if it is not one.
u64 landing_of(u64 instruction) {
    for (const ExceptionSite* site = exception_table_start; site != exception_table_end; ++site) {
        if (place(site->instruction) == instruction)
            return place(site->landing);
    }
    return 0;
}

bool land(UserFrame& frame) {
    const u64 landing = landing_of(frame.rip);
    if (landing != 0)
        frame.rip = landing;
    return landing != 0;
}

bool is_kernel_text(u64 address) {
    return address - reinterpret_cast<u64>(kernel_text_start) <
           static_cast<u64>(kernel_text_end - kernel_text_start);
}

// Ends a component's handler if `contain` finds that the trap, or the timer's interrupt, is its
// own.
using Contain = const Landing* (*)(const core::ComponentTrap& trap);
bool end_handler(UserFrame& frame, u32 vector, Contain contain) {
    const core::Thread* thread = current_thread();
    if (!thread)
        return false;
    const bool on_boot_stack = thread->stack_bottom() == 0; // the first CPU's idle thread
    const core::ComponentTrap trap{
        .instruction = frame.rip,
        .stack = frame.rsp,
        .stack_start = on_boot_stack ? reinterpret_cast<u64>(boot_stack) : thread->stack_bottom(),
        .stack_end = on_boot_stack ? reinterpret_cast<u64>(boot_stack_top) : thread->stack_top(),
        .address = vector == 14 ? read_cr2() : 0,
        .vector = vector,
        .words = {frame.rdi, frame.rsi, frame.rdx},
    };
    const Landing* landing = contain(trap);
    if (!landing)
        return false;
    land(frame, *landing);
    return true;
}

bool end_component_handler(UserFrame& frame, u32 vector) {
    const Contain contain =
        vector == timer_vector ? core::contain_endless_handler : core::contain_trap;
    return !is_kernel_text(frame.rip) && end_handler(frame, vector, contain);
}

core::Access access_of(u64 error) {
    if (error & fault_fetch)
        return core::Access::execute;
    return error & fault_write ? core::Access::write : core::Access::read;
}

[[noreturn]] void die(const UserFrame& frame, u32 vector, const char* what) {
    core::panic_with_frame(what, frame, vector, frame.original_rax, read_cr2());
}

void send_trap(UserFrame& frame, core::Trap trap) {
    core::Thread::current().personality->trap(frame, trap);
}

void page_fault_from_user(UserFrame& frame, u64 address, u64 error) {
    using core::FaultOutcome;
    core::AddressSpace& space = *core::Thread::current().address_space();
    FaultOutcome outcome = FaultOutcome::no_mapping;
    // Without the user bit the CPU itself reached for memory on the program's behalf (a descriptor
    // table; QEMU's far return, which reads the stack with the kernel's rights): nothing to page in
    // for that.
    if (address < core::user_end && (error & fault_user))
        outcome = space.handle_fault(UserVirt(address), access_of(error));
    if (outcome == FaultOutcome::resolved) [[likely]]
        return;
    const bool bus = outcome == FaultOutcome::bus_error;
    send_trap(frame, {.kind = bus ? core::TrapKind::bus_error : core::TrapKind::page_fault,
                      .vector = 14,
                      .mapped = outcome == FaultOutcome::no_right,
                      .error_code = error,
                      .address = address});
}

void page_fault_from_kernel(UserFrame& frame, u64 address) {
    const u64 error = frame.original_rax;
    const bool may_sleep = (frame.rflags & interrupt_flag) && preemption_enabled();
    core::Thread* thread = current_thread();
    // Only the copies of user_copy.S touch a program's memory: SMAP and SMEP stop everything else,
    // and where they are missing nothing else may have its faults resolved either.
    const bool may_touch = landing_of(frame.rip) != 0;
    if (may_touch && address < core::user_end && thread && thread->address_space()) {
        if (may_sleep) {
            enable_interrupts();
            const auto outcome =
                thread->address_space()->handle_fault(UserVirt(address), access_of(error));
            disable_interrupts();
            if (outcome == core::FaultOutcome::resolved)
                return;
        }
        if (land(frame))
            return;
    }
    if (end_handler(frame, 14, core::contain_trap_in_call))
        return;
    const bool of_program = address < core::user_end && (error & fault_present);
    die(frame, 14,
        !of_program           ? "page fault in the kernel"
        : error & fault_fetch ? "program memory executed"
                              : "program memory touched directly");
}

core::TrapKind kind_of(u32 vector) {
    using enum core::TrapKind;
    switch (vector) {
    case 0: return divide_error;
    case 1: return single_step;
    case 3: return breakpoint;
    case 4: return overflow;
    case 5: return bounds;
    case 6: return illegal_instruction;
    case 11:
    case 12: return stack_fault;
    case 16:
    case 19: return floating_point;
    case 17: return alignment;
    default: return general_protection;
    }
}

void exception_from_user(UserFrame& frame, u32 vector) {
    const u64 error = frame.original_rax;
    const u64 address = read_cr2();
    frame.original_rax = ~u64{0}; // no system call to restart
    enable_interrupts();
    if (vector == 14)
        return page_fault_from_user(frame, address, error);
    send_trap(frame, {.kind = kind_of(vector),
                      .vector = static_cast<u8>(vector),
                      .mapped = false,
                      .error_code = error,
                      .address = frame.rip});
}

void exception_from_kernel(UserFrame& frame, u32 vector) {
    if (vector == 1) { // single step that reached the kernel: drop it
        frame.rflags &= ~u64{1 << 8};
        return;
    }
    if (end_component_handler(frame, vector))
        return;
    if (vector == 14)
        return page_fault_from_kernel(frame, read_cr2());
    if (vector == 13 || vector == 12 || vector == 11) {
        if (land(frame) || end_handler(frame, vector, core::contain_trap_in_call))
            return;
    }
    static constexpr const char* names[] = {"divide error",
                                            "debug exception",
                                            "NMI",
                                            "breakpoint",
                                            "overflow",
                                            "bound range",
                                            "invalid opcode",
                                            "device not available",
                                            "double fault",
                                            "coprocessor segment",
                                            "invalid TSS",
                                            "segment not present",
                                            "stack fault",
                                            "general protection",
                                            "page fault",
                                            "reserved",
                                            "x87 error",
                                            "alignment check",
                                            "machine check",
                                            "SIMD error"};
    die(frame, vector, vector < 20 ? names[vector] : "exception");
}

// A double fault because the thread's stack has reached its guard page, or is about to.
bool is_overflow(const UserFrame& frame) {
    const core::Thread* thread = current_thread();
    if (!thread || thread->stack_bottom() == 0)
        return false;
    const u64 guard = thread->stack_bottom() - base::page_size;
    return frame.rsp - guard < base::page_size + 512;
}

void handle_interrupt(u32 vector, bool from_user) {
    switch (vector) {
    case timer_vector:
        acknowledge_interrupt();
        core::timer_interrupt(from_user);
        return;
    case reschedule_vector:
        acknowledge_interrupt();
        want_reschedule();
        return;
    case call_vector:
        acknowledge_interrupt();
        answer_flush_requests();
        return;
    case stop_vector: stop_this_cpu();
    case spurious_vector: return;
    default: core::dispatch_interrupt(vector); acknowledge_interrupt();
    }
}

void run_interrupt(u32 vector, bool from_user) {
    CpuBlock& block = cpu_block();
    disable_preemption();
    ++block.interrupt_depth;
    handle_interrupt(vector, from_user);
    --block.interrupt_depth;
    enable_preemption_without_switch();
}

} // namespace

void land(UserFrame& frame, const Landing& landing) {
    constexpr u64 direction = 1 << 10, alignment_check = 1 << 18, single_step = 1 << 8;
    frame.rbx = landing.saved[0];
    frame.rbp = landing.saved[1];
    frame.r12 = landing.saved[2];
    frame.r13 = landing.saved[3];
    frame.r14 = landing.saved[4];
    frame.r15 = landing.saved[5];
    frame.rax = handler_ended;
    frame.rip = *reinterpret_cast<const u64*>(landing.stack); // the return address
    frame.rsp = landing.stack + 8;
    frame.rflags &= ~(direction | alignment_check | single_step);
}

extern "C" {

void interrupt_from_user(UserFrame& frame, u32 vector) {
    if (vector < 32) {
        exception_from_user(frame, vector);
    } else {
        frame.original_rax = ~u64{0};
        run_interrupt(vector, true);
    }
    leave_to_user(frame);
}

void interrupt_from_kernel(UserFrame& frame, u32 vector) {
    if (vector < 32)
        return exception_from_kernel(frame, vector);
    run_interrupt(vector, false);
    if (vector == timer_vector)
        end_component_handler(frame, vector);
    // The word is zero: preemption is on and a switch is wanted.
    if (preemption_word() == 0 && (frame.rflags & interrupt_flag))
        core::Scheduler::reschedule();
}

void interrupt_paranoid(UserFrame& frame, u32 vector) {
    if (vector == 2)
        return core::nmi_received(frame);
    // A component that used up the stack: the guard page below it is no place for a frame.
    if (vector == 8 && end_component_handler(frame, vector))
        return;
    die(frame, vector,
        vector == 18         ? "machine check"
        : is_overflow(frame) ? "stack overflow"
                             : "double fault");
}

// iretq could not take the frame (a forged selector, a RIP that is not canonical): the program's
// fault. Our frame holds the general registers it should have got; frame.rsp points at the five
// words iretq read. Rebuilds the thread's frame, which ours may overlap, and returns its place.
UserFrame* recover_bad_return(UserFrame& frame) {
    const u64* words = reinterpret_cast<const u64*>(frame.rsp);
    UserFrame rebuilt = frame;
    rebuilt.original_rax = ~u64{0};
    rebuilt.rip = words[0];
    rebuilt.rflags = (words[2] & 0xdd5) | interrupt_flag | 2; // arithmetic flags, TF, DF
    rebuilt.rsp = words[3];
    rebuilt.cs = user_code_selector;
    rebuilt.ss = user_data_selector;
    UserFrame& target = core::Thread::current().frame();
    target = rebuilt;
    return &target;
}

void report_bad_return(UserFrame& frame) {
    enable_interrupts();
    send_trap(frame, {.kind = core::TrapKind::general_protection,
                      .vector = 13,
                      .mapped = false,
                      .error_code = 0,
                      .address = frame.rip});
    leave_to_user(frame);
}

} // extern "C"

} // namespace arch
