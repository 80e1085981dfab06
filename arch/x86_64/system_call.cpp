// SPDX-License-Identifier: BSD-2-Clause
// The one dispatcher behind all ways of calling the kernel, and the last steps before a program
// goes on.
#include "arch/x86_64/trap.h"

#include "arch/api/user_frame.h"
#include "arch/x86_64/registers.h"
#include "core/sched/scheduler.h"
#include "core/task/thread.h"

namespace arch {
namespace {

constexpr u64 flag_trap = 1 << 8, flag_resume = 1 << 16;

template <EntryWay Way>
void dispatch(UserFrame& frame) {
    const core::Thread& thread = core::Thread::current();
    const core::CallTable& table = *thread.personality->tables[static_cast<unsigned>(Way)];
    const u64 number = frame.original_rax;
    const core::CallHandler handler = number < table.count ? table.handlers[number] : table.unknown;
    frame.rax = static_cast<u64>(handler(frame));
}

// sysret loads RIP from RCX and RFLAGS from R11: right only if the frame says so, too. A RIP that
// is not canonical would fault in kernel mode with the program's stack (SDM volume 2B, SYSRET).
bool fits_sysret(const UserFrame& frame) {
    return frame.rcx == frame.rip && frame.r11 == frame.rflags && frame.cs == user_code_selector &&
           frame.rip < (u64{1} << 47) && (frame.rflags & (flag_trap | flag_resume)) == 0;
}

} // namespace

void leave_to_user(UserFrame& frame) {
    disable_interrupts();
    while (true) {
        if (reschedule_wanted()) [[unlikely]] {
            core::Scheduler::reschedule();
            continue;
        }
        core::Thread& thread = core::Thread::current();
        if (thread.work() == 0) [[likely]]
            return;
        enable_interrupts();
        thread.personality->return_work(frame);
        disable_interrupts();
    }
}

extern "C" {

bool system_call_by_instruction(UserFrame& frame) {
    dispatch<EntryWay::instruction>(frame);
    leave_to_user(frame);
    return fits_sysret(frame);
}

void system_call_by_interrupt(UserFrame& frame) {
    dispatch<EntryWay::interrupt>(frame);
    leave_to_user(frame);
}

void native_call_by_interrupt(UserFrame& frame) {
    dispatch<EntryWay::native>(frame);
    leave_to_user(frame);
}

void system_call_compat_instruction(UserFrame& frame) {
    dispatch<EntryWay::compat_instruction>(frame);
    leave_to_user(frame);
}

void before_first_return(UserFrame& frame) {
    enable_interrupts();
    leave_to_user(frame);
}

} // extern "C"

} // namespace arch
