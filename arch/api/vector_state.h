// SPDX-License-Identifier: BSD-2-Clause
// The vector registers of the current thread straight to and from its program's memory, in the
// layout that signal frames have. Faults as in user_copy.h. Only where vector_state_size() says
// that the CPU has more than the oldest layout.
#pragma once

#include "base/types.h"

namespace arch {

extern "C" {
// Writes the components and notes the two oldest as written, whatever they hold; the address is a
// multiple of 64, and what the CPU leaves alone (the header but its first word) was cleared.
// 0, or 1 after a fault.
u32 arch_save_vectors_to_user(u64 address, u64 components);
// Loads the components. 0; 1 after a fault or if the CPU does not take what is there, and then the
// registers hold anything.
u32 arch_load_vectors_from_user(u64 address, u64 components);
}

} // namespace arch
