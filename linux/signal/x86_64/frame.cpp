// SPDX-License-Identifier: BSD-2-Clause
// The signal frame of x86-64: what a handler finds on its stack and rt_sigreturn takes back (Linux
// arch/x86/include/uapi/asm/{ucontext,sigcontext}.h). From the frame up: return address, ucontext,
// siginfo; the vector registers lie above, 64-byte aligned.
#include "base/bits.h"
#include "base/memory_functions.h"
#include "linux/signal/deliver.h"
#include "linux/signal/internal.h"
#include "linux/signal/x86_64/vector_frame.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

struct MachineContext {
    u64 r8, r9, r10, r11, r12, r13, r14, r15;
    u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    u16 cs, gs, fs, ss;
    u64 error_code, trap_number, old_mask, fault_address;
    u64 vectors; // user address
    u64 reserved[8];
};
static_assert(sizeof(MachineContext) == 256);

struct UserContext {
    u64 flags, link;
    SignalStack stack;
    MachineContext machine;
    u64 mask;
};
struct Frame {
    u64 return_address;
    UserContext context;
    u8 info[siginfo_size];
};
static_assert(sizeof(Frame) == 440);

// uc_flags: vector state present, SS saved, SS restored strictly.
constexpr u64 context_flags = 1 | 2 | 4;
constexpr u64 red_zone = 128;
// Flags a handler may change: AC OF DF TF SF ZF AF PF CF RF.
constexpr u64 program_flags = 0x40000 | 0x800 | 0x400 | 0x100 | 0x80 | 0x40 | 0x10 | 0x4 | 0x1 |
                              0x10000;
constexpr u64 flags_cleared_for_handler = 0x400 | 0x100 | 0x10000; // DF TF RF

bool is_on(const SignalStack& stack, u64 pointer) {
    return stack.size != 0 && pointer > stack.address && pointer - stack.address <= stack.size;
}

struct Placement {
    u64 frame, vectors;
};

// Where the frame goes. Errors: fault (it would run off the alternate stack).
Result<Placement> place_frame(u64 pointer, const SignalAction& action, const SignalStack& stack) {
    const bool auto_disarm = (stack.flags & stack_flag::auto_disarm) != 0;
    const bool nested = !auto_disarm && is_on(stack, pointer);
    u64 at = pointer - red_zone;
    bool on_alternate = nested;
    if ((action.flags & action_flag::on_stack) != 0 && stack.size != 0 && !nested) {
        at = stack.address + stack.size;
        on_alternate = true;
    }
    const u64 vectors = base::align_down<u64>(at - vector_frame_size(), 64);
    const u64 frame = base::align_down<u64>(vectors - sizeof(Frame), 16) - 8;
    if (on_alternate && !is_on(stack, frame))
        return Failure(Errno::fault);
    return Placement{frame, vectors};
}

void save_registers(MachineContext& machine, const arch::UserFrame& frame, const TrapRecord& trap) {
    machine.r8 = frame.r8;
    machine.r9 = frame.r9;
    machine.r10 = frame.r10;
    machine.r11 = frame.r11;
    machine.r12 = frame.r12;
    machine.r13 = frame.r13;
    machine.r14 = frame.r14;
    machine.r15 = frame.r15;
    machine.rdi = frame.rdi;
    machine.rsi = frame.rsi;
    machine.rbp = frame.rbp;
    machine.rbx = frame.rbx;
    machine.rdx = frame.rdx;
    machine.rax = frame.rax;
    machine.rcx = frame.rcx;
    machine.rsp = frame.rsp;
    machine.rip = frame.rip;
    machine.rflags = frame.rflags;
    machine.cs = static_cast<u16>(frame.cs);
    machine.gs = machine.fs = 0;
    machine.ss = static_cast<u16>(frame.ss);
    machine.error_code = trap.error_code;
    machine.trap_number = trap.number;
    machine.fault_address = trap.address;
}

void load_registers(arch::UserFrame& frame, const MachineContext& machine, bool strict_ss) {
    frame.r8 = machine.r8;
    frame.r9 = machine.r9;
    frame.r10 = machine.r10;
    frame.r11 = machine.r11;
    frame.r12 = machine.r12;
    frame.r13 = machine.r13;
    frame.r14 = machine.r14;
    frame.r15 = machine.r15;
    frame.rdi = machine.rdi;
    frame.rsi = machine.rsi;
    frame.rbp = machine.rbp;
    frame.rbx = machine.rbx;
    frame.rdx = machine.rdx;
    frame.rax = machine.rax;
    frame.rcx = machine.rcx;
    frame.rsp = machine.rsp;
    frame.rip = machine.rip;
    // Privilege 3 whatever the program wrote; a selector or address the CPU refuses is its own
    // fault on the way out.
    frame.cs = machine.cs | 3;
    frame.ss = strict_ss ? machine.ss | 3 : arch::user_data_selector;
    frame.rflags = (frame.rflags & ~program_flags) | (machine.rflags & program_flags);
}

Result<> copy_out(const Placement& place, const arch::UserFrame& registers,
                  const Delivery& delivery) {
    Task& task = Task::current();
    Frame frame = {};
    frame.return_address = delivery.action.restorer;
    frame.context.flags = context_flags;
    frame.context.stack = task.signals.alternate;
    if (frame.context.stack.size == 0)
        frame.context.stack.flags = stack_flag::disable;
    save_registers(frame.context.machine, registers, task.trap);
    frame.context.machine.old_mask = delivery.restored_mask.bits;
    frame.context.machine.vectors = place.vectors;
    frame.context.mask = delivery.restored_mask.bits;
    memcpy(frame.info, &delivery.info, sizeof(delivery.info));
    TRY(write_vector_frame(place.vectors));
    return core::copy_to_user(UserVirt(place.frame), &frame, sizeof(frame));
}

} // namespace

Result<> push_signal_frame(arch::UserFrame& registers, const Delivery& delivery) {
    Task& task = Task::current();
    const Placement place =
        TRY(place_frame(registers.rsp, delivery.action, task.signals.alternate));
    if ((delivery.action.flags & action_flag::restorer) == 0)
        return Failure(Errno::fault); // the 64-bit ABI has no return address of its own
    TRY(copy_out(place, registers, delivery));
    if ((task.signals.alternate.flags & stack_flag::auto_disarm) != 0)
        task.signals.alternate = {};
    registers.rdi = static_cast<u64>(delivery.info.number);
    registers.rsi = place.frame + offsetof(Frame, info);
    registers.rdx = place.frame + offsetof(Frame, context);
    registers.rax = 0;
    registers.rip = delivery.action.handler;
    registers.rsp = place.frame;
    registers.cs = arch::user_code_selector;
    registers.ss = arch::user_data_selector;
    registers.rflags &= ~flags_cleared_for_handler;
    return {};
}

Result<u64> sys_rt_sigreturn() {
    arch::UserFrame& registers = core::Thread::current().frame();
    UserContext context;
    const UserVirt address(registers.rsp - 8 + offsetof(Frame, context));
    const bool good = core::copy_from_user(&context, address, sizeof(context)) &&
                      read_vector_frame(context.machine.vectors);
    if (!good) {
        force_fatal_segv(signal_number::segv);
        return 0;
    }
    load_registers(registers, context.machine, (context.flags & 4) != 0);
    set_signal_mask({context.mask});
    (void)set_alternate_stack(context.stack, registers.rsp, false);
    Task::current().call_interrupted = false;
    return registers.rax;
}

} // namespace linux
