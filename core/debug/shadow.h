// SPDX-License-Identifier: BSD-2-Clause
// Which bytes of the kernel's memory may be touched. In debug builds by clang every access is
// checked against a shadow (kernel address sanitizer, outlined); allocators say here what is
// whose. All of it is empty in other builds. Any context, unless said otherwise.
#pragma once

#include "abi/boot/boot_info.h"
#include "base/result.h"
#include "base/types.h"

namespace core {

#ifdef PITH_KASAN
inline constexpr bool memory_is_checked = true;
#else
inline constexpr bool memory_is_checked = false;
#endif

// Why bytes may not be touched. The numbers below 0xfa are the compiler's.
enum class Poison : u8 {
    stack_left = 0xf1,
    stack_middle = 0xf2,
    stack_right = 0xf3,
    out_of_scope = 0xf8,
    global = 0xf9,
    heap_margin = 0xfa,
    heap_freed = 0xfb,
    frame_freed = 0xfc,
};

#ifdef PITH_KASAN
// First CPU, once frames and the kernel's tables work: checks begin.
void start_memory_checks(const boot::BootInfo& info);
// Checks end: a report is being printed.
void stop_memory_checks();

void poison_memory(const void* start, usize size, Poison why); // both multiples of 8
void unpoison_memory(const void* start, usize size);           // `start` a multiple of 8
// What the byte at `address` is poisoned with; 0 if it may be touched.
u8 poison_at(const void* address);

// A stack gets a shadow of its own. Process context. Errors: nomem.
Result<> check_stack(u64 bottom, u64 size);
// Checks a range before code that is not instrumented touches it.
void check_range(const void* start, usize size, bool is_write);
#else
inline void start_memory_checks(const boot::BootInfo&) {}
inline void stop_memory_checks() {}
inline void poison_memory(const void*, usize, Poison) {}
inline void unpoison_memory(const void*, usize) {}
inline u8 poison_at(const void*) { return 0; }
inline Result<> check_stack(u64, u64) { return {}; }
inline void check_range(const void*, usize, bool) {}
#endif

} // namespace core
