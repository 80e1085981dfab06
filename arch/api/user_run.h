// SPDX-License-Identifier: BSD-2-Clause
// Running user code from inside a kernel function, as if it were called: the kernel's frames stay
// where they are, and entries from user mode (calls, traps, interrupts) push below them.
#pragma once

#include "arch/api/user_frame.h"
#include "base/types.h"

namespace arch {

// Goes to user mode with the registers of `start`, on the calling thread and in the address space
// it has. `entry_stack` is the thread's ThreadContext::entry_stack and belongs to this call from
// now on. Returns, with interrupts on, when that thread calls arch_leave_user inside an entry.
// Process context, interrupts on.
extern "C" void arch_run_user(const UserFrame& start, u64& entry_stack);
// Nothing on the stack of the entry is destroyed.
extern "C" [[noreturn]] void arch_leave_user(const u64& entry_stack);

} // namespace arch
