// SPDX-License-Identifier: BSD-2-Clause
// What the kernel half of the page tables says, and which protections a CPU has on: for the audit
// and the crimes of debug builds (core/debug).
#pragma once

#include "base/types.h"

namespace arch {

struct KernelPage {
    u64 address, physical, size;
    bool write, execute, user;
    bool some_user; // one of the tables on the way lets programs through
};
// Calls visit(page, argument) for every page that the kernel's own root maps, user half included.
// Skips what is shared by everybody's shadow.
void for_each_kernel_page(void (*visit)(const KernelPage& page, void* argument), void* argument);

enum class CpuProtection : u8 { smep, smap, umip, write_protect };
// What this CPU could protect and does not, as text, or null.
const char* missing_protection();

// The place of the CPUs' exception stacks: visit(bottom, argument) for each.
void for_each_exception_stack(void (*visit)(u64 bottom, void* argument), void* argument);

// Crimes. The calling CPU loses a protection; divides by nothing; runs what is no instruction.
void drop_protection(CpuProtection protection);
void divide_by_zero();
void execute_undefined();

} // namespace arch
