// SPDX-License-Identifier: BSD-2-Clause
#include "core/observe/panic.h"

#include "arch/api/backtrace.h"
#include "arch/api/interrupts.h"
#include "arch/api/power.h"
#include "core/observe/log.h"
#include "core/sync/order.h"
#include "core/task/thread.h"
#include "core/time/clock.h"

namespace core {
namespace {

constinit std::atomic<bool> g_panicking{false};
constinit i64 g_timeout = 0;

// The first CPU here goes on; others, and a panic inside the panic, stop.
void enter() {
    arch::disable_interrupts();
    stop_order_checks();
    if (g_panicking.exchange(true))
        arch::stop_this_cpu();
    arch::stop_other_cpus();
    arch::retake_early_console();
    set_console_level(8);
}

[[noreturn]] void finish() {
    arch::report_panic_to_machine();
    if (g_timeout > 0) {
        const Nanos end = now() + base::seconds(static_cast<u64>(g_timeout));
        while (now() < end)
            arch::spin_pause();
    }
    if (g_timeout != 0)
        arch::restart();
    arch::stop_this_cpu();
}

void describe_thread() {
    const Thread* thread = arch::current_thread();
    if (thread)
        LOG_ERROR("  cpu {} thread \"{}\"", arch::cpu_index(), thread->name());
}

void print_backtrace(u64 instruction, u64 frame_pointer, u64 stack) {
    u64 addresses[24];
    const u32 count = arch::backtrace(instruction, frame_pointer, stack, addresses);
    LOG_ERROR("kernel base {:#x}", arch::kernel_slide());
    for (u32 i = 0; i < count; ++i)
        LOG_ERROR("  #{} {:#018x}", i, addresses[i]);
}

} // namespace

void set_panic_timeout(i64 seconds) { g_timeout = seconds; }

void panic(std::string_view message) {
    enter();
    LOG_ERROR("panic: {}", message);
    describe_thread();
    print_backtrace(0, reinterpret_cast<u64>(__builtin_frame_address(0)),
                    reinterpret_cast<u64>(__builtin_frame_address(0)));
    finish();
}

void panic_with_frame(std::string_view what, const arch::UserFrame& frame, u32 vector, u64 error,
                      u64 address) {
    enter();
    LOG_ERROR("panic: {} (vector {}, error {:#x}, address {:#x})", what, vector, error, address);
    describe_thread();
    arch::log_registers(frame);
    print_backtrace(arch::instruction_pointer(frame), arch::frame_pointer(frame),
                    arch::stack_pointer(frame));
    finish();
}

void nmi_received(const arch::UserFrame& frame) {
    if (g_panicking.load())
        arch::stop_this_cpu();
    LOG_WARNING("non-maskable interrupt at {:#x}", arch::instruction_pointer(frame));
}

} // namespace core

namespace base {

void panic_at(const char* file, int line, const char* message) {
    core::panic(Text<200>("{} at {}:{}", message, file, line).view());
}

#ifdef PITH_TRACE_ERRORS
void trace_error(Errno, const char*, int) {}
#endif

} // namespace base

extern "C" [[noreturn]] void __stack_chk_fail() {
    core::panic("stack overrun: guard word damaged");
}
extern "C" [[noreturn]] void __cxa_pure_virtual() { core::panic("pure virtual call"); }
extern "C" int __cxa_atexit(void (*)(void*), void*, void*) { return 0; } // the kernel never exits
extern "C" void* __dso_handle;
void* __dso_handle = nullptr;
