// SPDX-License-Identifier: BSD-2-Clause
// CPU exceptions as signals, with the codes Linux gives (arch/x86/kernel/traps.c's results).
#include "core/observe/log.h"
#include "linux/process/process.h"
#include "linux/process/task.h"
#include "linux/signal/deliver.h"
#include "linux/signal/send.h"
#include "linux/signal/x86_64/vector_frame.h"

namespace linux {

namespace {

namespace sig = signal_number;
namespace code = signal_code;

constexpr u8 simd_vector = 19;

SigInfo with_address(i32 number, i32 signal_code, u64 address) {
    SigInfo info = SigInfo::from_kernel(number, signal_code);
    info.details.fault.address = address;
    return info;
}

SigInfo info_of(const arch::UserFrame& frame, const core::Trap& trap) {
    const u64 instruction = arch::instruction_pointer(frame);
    switch (trap.kind) {
    case core::TrapKind::page_fault:
        return with_address(sig::segv, trap.mapped ? code::segv_access_error : code::segv_map_error,
                            trap.address);
    case core::TrapKind::bus_error: return with_address(sig::bus, code::bus_address, trap.address);
    case core::TrapKind::illegal_instruction:
        return with_address(sig::ill, code::ill_operand, instruction);
    case core::TrapKind::divide_error:
        return with_address(sig::fpe, code::fpe_integer_divide, instruction);
    case core::TrapKind::floating_point:
        return with_address(sig::fpe, floating_point_code(trap.vector == simd_vector), instruction);
    case core::TrapKind::breakpoint: return SigInfo::from_kernel(sig::trap);
    case core::TrapKind::single_step: return with_address(sig::trap, code::trap_trace, instruction);
    case core::TrapKind::alignment: return with_address(sig::bus, code::bus_alignment, 0);
    case core::TrapKind::stack_fault: return SigInfo::from_kernel(sig::bus);
    case core::TrapKind::overflow:
    case core::TrapKind::bounds:
    case core::TrapKind::general_protection: break;
    }
    return SigInfo::from_kernel(sig::segv);
}

} // namespace

void signal_for_trap(arch::UserFrame& frame, const core::Trap& trap) {
    Task& task = Task::current();
    task.trap.number = trap.vector;
    task.trap.error_code = trap.error_code;
    if (trap.kind == core::TrapKind::page_fault || trap.kind == core::TrapKind::bus_error)
        task.trap.address = trap.address;
    const SigInfo info = info_of(frame, trap);
    if (trap.kind == core::TrapKind::floating_point && info.code == 0)
        return; // the exception was gone when we looked
    // as print-fatal-signals' one line on x86
    if (!task.process->signals.handlers->caught().has(info.number))
        LOG_INFO("{}[{}]: trap {} at {:x} ip {:x} sp {:x} error {:x}", task.thread->name(),
                 task.tid, trap.vector, trap.address, frame.rip, frame.rsp, trap.error_code);
    force_signal(info);
}

} // namespace linux
