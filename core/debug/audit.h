// SPDX-License-Identifier: BSD-2-Clause
// Looks whether the kernel's own memory is protected as it should be. Debug builds.
#pragma once

#include "base/types.h"

namespace core {

// Walks the kernel half of the page tables and logs what is wrong: pages that are writable and
// executable, open to programs, text and constants that can be written, stacks without a guard.
// Returns how much there was. Process context.
u32 audit_page_tables();
// Stops the kernel if this CPU lacks a protection it has. Any context.
void audit_cpu();

} // namespace core
