// SPDX-License-Identifier: BSD-2-Clause
// Raw copies between kernel and user memory. A page fault is resolved or ends the copy; nothing
// panics. Range checks are the caller's (core/vm/user_memory.h).
#pragma once

#include "base/types.h"

namespace arch {

extern "C" {
// The number of bytes NOT copied; 0 is success. Process context, may sleep.
usize arch_copy_from_user(void* target, u64 source, usize size);
usize arch_copy_to_user(u64 target, const void* source, usize size);
usize arch_clear_user(u64 target, usize size);
// Length up to NUL within size, copied with the NUL; size if there is none; ~0 after a fault.
usize arch_copy_string_from_user(char* target, u64 source, usize size);
// 0 and the old value, or 1 after a fault. Never sleep if preemption is off.
u32 arch_read_user_word(u64 address, u32* value);
u32 arch_exchange_user_word(u64 address, u32 expected, u32 desired, u32* old);
}

inline usize copy_from_user(void* target, u64 source, usize size) {
    return arch_copy_from_user(target, source, size);
}
inline usize copy_to_user(u64 target, const void* source, usize size) {
    return arch_copy_to_user(target, source, size);
}
inline usize clear_user(u64 target, usize size) { return arch_clear_user(target, size); }

} // namespace arch
