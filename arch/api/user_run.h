// SPDX-License-Identifier: BSD-2-Clause
// Running user code as if it were a function that the kernel calls. The caller runs on a stack of
// its own: entries from user mode (calls, traps, interrupts) push on the thread's.
#pragma once

#include "arch/api/user_frame.h"
#include "base/types.h"

namespace arch {

// Goes on in `function(argument)` on another kernel stack, for good. What lies on the thread's own
// stack is lost.
extern "C" [[noreturn]] void arch_continue_on_stack(u64 top, void (*function)(void*),
                                                    void* argument);
// Goes to user mode with the registers of `start`, on the calling thread, which has continued on
// another stack, and in the address space it has. Returns, with interrupts on, when that thread
// calls arch_leave_user with the same word inside an entry. Process context, interrupts on.
extern "C" void arch_run_user(const UserFrame& start, u64& stack);
// Nothing on the stack of the entry is destroyed.
extern "C" [[noreturn]] void arch_leave_user(const u64& stack);

// Registers in which a function takes its first four arguments, for a frame made by prepare_start.
void set_call_arguments(UserFrame& frame, u64 first, u64 second, u64 third, u64 fourth);
// What a call of the host answers besides its result.
void set_second_result(UserFrame& frame, u64 value);

} // namespace arch
