// SPDX-License-Identifier: BSD-2-Clause
// The run time of the kernel address sanitizer: what instrumented code calls at each access, and
// the shadow behind it (A. Serebryany et al., "AddressSanitizer", USENIX ATC 2012; LLVM 19,
// AddressSanitizer.cpp). Compiled without instrumentation. A shadow byte of 0 permits all eight
// bytes, 1 to 7 that many of them, one of Poison none.
#include "core/debug/shadow.h"

#ifdef PITH_KASAN

#include "arch/api/shadow.h"
#include "base/fill_unchecked.h"
#include "base/memory_functions.h"
#include "core/debug/memory_report.h"
#include "core/memory/physical.h"
#include "core/observe/log.h"
#include "core/sync/lock.h"
#include "core/task/thread.h"

extern "C" {
extern u8 kernel_image_start[];
extern u8 kernel_image_end[];
extern void (*const init_array_start[])();
extern void (*const init_array_end[])();
}

namespace core {

// Addresses from here on are checked: all of the kernel half, or none before there is a shadow and
// while a report is printed.
constinit u64 g_lowest_checked = ~u64{0};

namespace {

constinit Lock<lock_class::kernel_map> g_tables_lock; // neighbours share tables and pages

constexpr u64 large_span = u64{16} << 20; // what 2 MiB of shadow stand for

bool has_shadow(u64 address) { return address >= g_lowest_checked; }

i8 shadow_at(u64 address) { return *reinterpret_cast<const i8*>(arch::shadow_of(address)); }

// Whether the bytes of one granule up to and with `last` may be touched.
bool permits(u64 last) {
    const i8 shadow = shadow_at(last);
    return shadow == 0 || (shadow > 0 && static_cast<i8>(last & 7) < shadow);
}

[[gnu::noinline, gnu::cold]] void bad_access(u64 address, u64 size, bool is_write, u64 caller) {
    u64 first = address;
    while (first < address + size && permits(first))
        ++first;
    report_bad_access({address, size, is_write, caller, first});
}

// Not whole granules of eight, or two of them.
[[gnu::noinline]] void check_slowly(u64 address, u64 size, bool is_write, u64 caller) {
    const u64 last = address + size - 1;
    if (!permits(last) || (address >> 3 != last >> 3 && shadow_at(address) != 0))
        bad_access(address, size, is_write, caller);
}

inline void check(u64 address, u64 size, bool is_write, u64 caller) {
    if (!has_shadow(address)) [[unlikely]]
        return; // the CPU itself says what is wrong with a program's addresses
    if (shadow_at(address) != 0 || (address & 7) + size > 8) [[unlikely]]
        check_slowly(address, size, is_write, caller);
}

void check_long(u64 address, u64 size, bool is_write, u64 caller) {
    if (size == 0 || !has_shadow(address) || !has_shadow(address + size - 1))
        return;
    const u64 last = address + size - 1;
    bool fine = permits(last);
    for (u64 at = address >> 3; at < last >> 3 && fine; ++at)
        fine = shadow_at(at << 3) == 0;
    if (!fine)
        bad_access(address, size, is_write, caller);
}

void set_shadow(u64 start, u64 size, u8 value) {
    if (has_shadow(start))
        fill_unchecked(arch::shadow_of(start), value, size >> 3);
}

void set_shadow_bytes(u64 shadow_address, usize size, u8 value) {
    if (has_shadow((shadow_address - arch::shadow_offset) << 3))
        fill_unchecked(reinterpret_cast<void*>(shadow_address), value, size);
}

// RAM gets a shadow of its own.
void map_memory(const boot::BootInfo& info) {
    u64 done = 0; // ranges are sorted, and two may share a span
    for (u32 i = 0; i < info.range_count; ++i) {
        const boot::MemoryRange& range = info.ranges[i];
        if (range.kind != boot::MemoryKind::usable || range.size == 0)
            continue;
        const u64 first = range.start & ~(large_span - 1);
        for (u64 at = first < done ? done : first; at < range.start + range.size;
             at += large_span) {
            MUST(arch::map_shadow(info.physical_map_virtual + at, large_span,
                                  arch::ShadowPages::large),
                 "boot has memory for the shadow");
            done = at + large_span;
        }
    }
}

} // namespace

void start_memory_checks(const boot::BootInfo& info) {
    MUST(arch::start_shadow(), "boot has memory for a few tables");
    map_memory(info);
    const u64 image = reinterpret_cast<u64>(kernel_image_start);
    MUST(arch::map_shadow(image, static_cast<u64>(kernel_image_end - kernel_image_start),
                          arch::ShadowPages::small),
         "boot has memory for the image's shadow");
    g_lowest_checked = arch::kernel_half;
    for (auto constructor = init_array_start; constructor != init_array_end; ++constructor)
        (*constructor)(); // the compiler's: they poison what surrounds global variables
    LOG_DEBUG("memory checks: on");
}

void stop_memory_checks() { g_lowest_checked = ~u64{0}; }

void poison_memory(const void* start, usize size, Poison why) {
    set_shadow(reinterpret_cast<u64>(start), size, static_cast<u8>(why));
}
void unpoison_memory(const void* start, usize size) {
    const u64 address = reinterpret_cast<u64>(start);
    set_shadow(address, size, 0);
    if (size % 8 != 0 && has_shadow(address))
        *arch::shadow_of(address + size) = static_cast<u8>(size % 8);
}
u8 poison_at(const void* address) {
    const u64 at = reinterpret_cast<u64>(address);
    return has_shadow(at) && !permits(at) ? *arch::shadow_of(at) : 0;
}

Result<> check_stack(u64 bottom, u64 size) {
    LockGuard guard(g_tables_lock);
    return arch::map_shadow(bottom, size, arch::ShadowPages::small);
}

void check_range(const void* start, usize size, bool is_write) {
    check_long(reinterpret_cast<u64>(start), size, is_write,
               reinterpret_cast<u64>(__builtin_return_address(0)));
}

} // namespace core

#define PITH_CALLER reinterpret_cast<u64>(__builtin_return_address(0))
#define PITH_ASAN_ACCESS(size)                                                                     \
    void __asan_load##size##_noabort(u64 address) {                                                \
        core::check(address, size, false, PITH_CALLER);                                            \
    }                                                                                              \
    void __asan_store##size##_noabort(u64 address) {                                               \
        core::check(address, size, true, PITH_CALLER);                                             \
    }
#define PITH_ASAN_SHADOW(value)                                                                    \
    void __asan_set_shadow_##value(u64 shadow, usize size) {                                       \
        core::set_shadow_bytes(shadow, size, 0x##value);                                           \
    }

extern "C" {

PITH_ASAN_ACCESS(1)
PITH_ASAN_ACCESS(2)
PITH_ASAN_ACCESS(4)
PITH_ASAN_ACCESS(8)
void __asan_load16_noabort(u64 address) { core::check_long(address, 16, false, PITH_CALLER); }
void __asan_store16_noabort(u64 address) { core::check_long(address, 16, true, PITH_CALLER); }
void __asan_loadN_noabort(u64 address, usize size) {
    core::check_long(address, size, false, PITH_CALLER);
}
void __asan_storeN_noabort(u64 address, usize size) {
    core::check_long(address, size, true, PITH_CALLER);
}

PITH_ASAN_SHADOW(00)
PITH_ASAN_SHADOW(01)
PITH_ASAN_SHADOW(02)
PITH_ASAN_SHADOW(03)
PITH_ASAN_SHADOW(04)
PITH_ASAN_SHADOW(05)
PITH_ASAN_SHADOW(06)
PITH_ASAN_SHADOW(07)
PITH_ASAN_SHADOW(f1)
PITH_ASAN_SHADOW(f2)
PITH_ASAN_SHADOW(f3)
PITH_ASAN_SHADOW(f5)
PITH_ASAN_SHADOW(f8)

// memory_functions.cpp checks its arguments itself.
void* __asan_memcpy(void* target, const void* source, usize size) {
    return memcpy(target, source, size);
}
void* __asan_memmove(void* target, const void* source, usize size) {
    return memmove(target, source, size);
}
void* __asan_memset(void* target, int value, usize size) { return memset(target, value, size); }

// A function that never returns is about to be called: what its callers poisoned stays behind.
void __asan_handle_no_return() {
    const u64 here = reinterpret_cast<u64>(__builtin_frame_address(0)) & ~u64{7};
    core::Thread* thread = arch::current_thread();
    if (thread && here >= thread->stack_bottom() && here < thread->stack_top())
        core::set_shadow(here, thread->stack_top() - here, 0);
}

// What LLVM emits for one global variable (AddressSanitizer.cpp, InstrumentGlobals).
struct AsanGlobal {
    u64 start, size, size_with_margin;
    const char* name;
    const char* module;
    u64 has_constructor;
    const void* place;
    const void* indicator;
};
void __asan_register_globals(const AsanGlobal* globals, usize count) {
    for (usize i = 0; i < count; ++i) {
        const u64 whole = globals[i].size & ~u64{7};
        core::set_shadow(globals[i].start, globals[i].size_with_margin,
                         static_cast<u8>(core::Poison::global));
        core::set_shadow(globals[i].start, whole, 0);
        if (globals[i].size % 8 != 0)
            *arch::shadow_of(globals[i].start + whole) = static_cast<u8>(globals[i].size % 8);
    }
}
void __asan_unregister_globals(const AsanGlobal*, usize) {}

} // extern "C"

#endif
