// SPDX-License-Identifier: BSD-2-Clause
// From arch to the core: the calls that bring the kernel up.
#pragma once

#include "abi/boot/boot_info.h"
#include "core/memory/kernel_stack.h"

namespace core {

// First CPU, on the loader's page tables. Never returns: becomes the idle thread.
[[noreturn]] void start(const boot::BootInfo& info);
// What the loader handed over; its memory is the kernel's for good.
const boot::BootInfo& boot_info();

// Another CPU is about to be started as number `number`; false if memory is short.
bool prepare_cpu(u32 number);
// The stack that CPU starts on, which becomes its idle thread's.
void keep_boot_stack(u32 number, KernelStack stack);
// That CPU is up: becomes its idle thread.
[[noreturn]] void run_secondary(u32 number);

} // namespace core
