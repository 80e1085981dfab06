// SPDX-License-Identifier: BSD-2-Clause
// The part of a thread that the architecture keeps: saved stack pointer, user segment bases, vector
// state.
#pragma once

#include "base/result.h"
#include "base/types.h"

namespace core {
class Thread;
}

namespace arch {

struct ThreadContext {
    u64 stack_pointer = 0; // kernel stack while not running
    u64 fs_base = 0;       // the program's thread pointer; live in the CPU while it runs
    u64 gs_base = 0;
    void* vector_state = nullptr; // XSAVE area, null for kernel threads

    ThreadContext() = default;
    ThreadContext(const ThreadContext&) = delete;
    ThreadContext& operator=(const ThreadContext&) = delete;
    ~ThreadContext();
};

// Gives a context its vector state in the state a program starts with. Errors: nomem.
Result<> create_vector_state(ThreadContext& context);
// Current thread: bring live registers into its context, and back.
void save_user_state(ThreadContext& context);
void load_user_state(const ThreadContext& context);
// Back to the state a program starts with (exec). Current thread.
void reset_vector_state(ThreadContext& context);
void copy_vector_state(ThreadContext& to, const ThreadContext& from);
// Size in bytes of the vector state, in the CPU's XSAVE layout.
usize vector_state_size();

// The user thread pointer of the current thread (arch_prctl, clone's CLONE_SETTLS).
u64 thread_pointer();
void set_thread_pointer(u64 value);
// x86-64 only in effect: the program's GS base (ARCH_SET_GS), a user address.
void set_user_gs_base(u64 value);
// The vector state's components in the architecture's own numbering (XCR0).
u64 vector_state_components();

// Lays out a kernel stack so that the first switch to it calls entry(argument).
void prepare_kernel_start(ThreadContext& context, u64 stack_top, void (*entry)(void*),
                          void* argument);
// Lays out a kernel stack so that the first switch to it returns to the program through its frame.
void prepare_user_start(ThreadContext& context, u64 stack_top);
// Where a program's registers lie on a kernel stack.
u64 user_frame_address(u64 stack_top);

// Switches from the current thread to another; returns when switched back. Interrupts off.
// The returned thread is the one that ran just before.
core::Thread* switch_context(core::Thread& from, core::Thread& to);

} // namespace arch
