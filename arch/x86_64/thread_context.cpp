// SPDX-License-Identifier: BSD-2-Clause
// Switching between threads, and the vector registers (XSAVE, Intel SDM volume 1, chapter 13).
#include "arch/api/thread_context.h"

#include "arch/api/user_frame.h"
#include "arch/x86_64/cpu_area.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/registers.h"
#include "base/allocate.h"
#include "base/memory_functions.h"
#include "core/task/thread.h"

extern "C" {
core::Thread* switch_context_asm(u64* save_stack, u64 next_stack, core::Thread* previous);
void start_user_thread();
void start_kernel_thread();
}

namespace arch {
namespace {

constexpr usize legacy_fcw = 0, legacy_mxcsr = 24;

void save_vectors(void* area) {
    const CpuFeatures& features = cpu_features();
    const u32 low = static_cast<u32>(features.vector_components);
    if (features.xsave)
        asm volatile("xsave64 (%0)" ::"r"(area), "a"(low), "d"(0) : "memory");
    else
        asm volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}
void load_vectors(const void* area) {
    const CpuFeatures& features = cpu_features();
    const u32 low = static_cast<u32>(features.vector_components);
    if (features.xsave)
        asm volatile("xrstor64 (%0)" ::"r"(area), "a"(low), "d"(0) : "memory");
    else
        asm volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

void set_initial_state(void* area) {
    memset(area, 0, cpu_features().vector_size);
    auto* bytes = static_cast<u8*>(area);
    const u16 control = 0x037f; // all x87 exceptions masked, extended precision
    const u32 mxcsr = 0x1f80;   // all SSE exceptions masked
    memcpy(bytes + legacy_fcw, &control, sizeof control);
    memcpy(bytes + legacy_mxcsr, &mxcsr, sizeof mxcsr);
}

} // namespace

ThreadContext::~ThreadContext() {
    if (vector_state)
        ::operator delete(vector_state, std::align_val_t{64});
}

Result<> create_vector_state(ThreadContext& context) {
    void* area = ::operator new(cpu_features().vector_size, std::align_val_t{64}, base::fallible);
    if (!area)
        return Failure(Errno::nomem);
    set_initial_state(area);
    context.vector_state = area;
    return {};
}

usize vector_state_size() { return cpu_features().vector_size; }
u64 vector_state_components() { return cpu_features().vector_components; }

void save_user_state(ThreadContext& context) {
    if (context.vector_state)
        save_vectors(context.vector_state);
}
void load_user_state(const ThreadContext& context) {
    if (context.vector_state)
        load_vectors(context.vector_state);
    write_msr(msr::fs_base, context.fs_base);
}
void reset_vector_state(ThreadContext& context) {
    const u64 saved = save_and_disable_interrupts();
    set_initial_state(context.vector_state);
    load_vectors(context.vector_state);
    restore_interrupts(saved);
}
void copy_vector_state(ThreadContext& to, const ThreadContext& from) {
    memcpy(to.vector_state, from.vector_state, cpu_features().vector_size);
}

u64 thread_pointer() { return core::Thread::current().context.fs_base; }
void set_thread_pointer(u64 value) {
    core::Thread::current().context.fs_base = value;
    write_msr(msr::fs_base, value);
}
void set_user_gs_base(u64 value) {
    core::Thread::current().context.gs_base = value;
    write_msr(msr::kernel_gs_base, value); // swapgs brings it in on the way out
}

u64 user_frame_address(u64 stack_top) { return stack_top - sizeof(UserFrame); }

void prepare_kernel_start(ThreadContext& context, u64 stack_top, void (*entry)(void*),
                          void* argument) {
    // As switch_context_asm pops it: r15 r14 r13 r12 rbx rbp, then the return address. The
    // alignment is that of a function entered by call.
    u64* stack = reinterpret_cast<u64*>(stack_top) - 8;
    stack[0] = stack[1] = stack[2] = 0;
    stack[3] = reinterpret_cast<u64>(argument);
    stack[4] = reinterpret_cast<u64>(entry);
    stack[5] = 0;
    stack[6] = reinterpret_cast<u64>(&start_kernel_thread);
    stack[7] = 0;
    context.stack_pointer = reinterpret_cast<u64>(stack);
}

void prepare_user_start(ThreadContext& context, u64 stack_top) {
    u64* stack = reinterpret_cast<u64*>(user_frame_address(stack_top)) - 7;
    for (unsigned i = 0; i < 6; ++i)
        stack[i] = 0;
    stack[6] = reinterpret_cast<u64>(&start_user_thread);
    context.stack_pointer = reinterpret_cast<u64>(stack);
}

core::Thread* switch_context(core::Thread& from, core::Thread& to) {
    if (from.context.vector_state)
        save_vectors(from.context.vector_state);
    CpuBlock& block = cpu_block();
    block.current = &to;
    if (to.context.vector_state) {
        load_vectors(to.context.vector_state);
        if (from.context.fs_base != to.context.fs_base || !from.context.vector_state)
            write_msr(msr::fs_base, to.context.fs_base);
        if (from.context.gs_base != to.context.gs_base || !from.context.vector_state)
            write_msr(msr::kernel_gs_base, to.context.gs_base);
    }
    set_kernel_stack(to.stack_top());
    return switch_context_asm(&from.context.stack_pointer, to.context.stack_pointer, &from);
}

} // namespace arch
