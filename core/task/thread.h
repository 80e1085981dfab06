// SPDX-License-Identifier: BSD-2-Clause
// A thread: a kernel stack, saved registers, a place in the scheduler, and (for one that runs
// programs) an address space and a personality.
#pragma once

#include <atomic>
#include <span>
#include <string_view>

#include "arch/api/thread_context.h"
#include "arch/api/user_frame.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/ref.h"
#include "core/memory/kernel_stack.h"
#include "core/sched/entity.h"
#include "core/sync/wait_queue.h"

namespace core {

class AddressSpace;
class Thread;

// Why the personality is asked about a trap of the program.
enum class TrapKind : u8 {
    page_fault, // no mapping or no right; address and access say which
    bus_error,  // beyond the end of the object, or it could not be read
    illegal_instruction,
    divide_error,
    overflow,
    bounds,
    breakpoint,
    single_step,
    general_protection,
    stack_fault,
    alignment,
    floating_point,
};
struct Trap {
    TrapKind kind;
    u8 vector;      // the CPU's own number
    bool mapped;    // page_fault: there was a mapping, but not with that right
    u64 error_code; // as the CPU gave it
    u64 address;    // what was touched, or the instruction
};

// A row of a system-call table; what it returns goes into the result register (negative: errno).
using CallHandler = i64 (*)(arch::UserFrame& frame);
struct CallTable {
    const CallHandler* handlers;
    u64 count;
    CallHandler unknown; // for numbers outside the table
};

// What a personality (Linux, native) does for the threads that run its programs.
struct Personality {
    const char* name;
    const CallTable* tables[5]; // by arch::EntryWay; null: that way does not exist
    // A trap the core could not resolve: send the signal. Process context, interrupts on.
    void (*trap)(arch::UserFrame& frame, const Trap& trap);
    // Before return to the program while the thread has work other than rescheduling: deliver
    // signals.
    void (*return_work)(arch::UserFrame& frame);
    // The thread was destroyed: drop `Thread::personality_data`.
    void (*release)(Thread& thread);
    // One line for a register dump or a list of threads: "pid 12 bash".
    u32 (*identity)(const Thread& thread);
};

// Bits of Thread::work: reasons to call Personality::return_work.
namespace thread_work {
inline constexpr u32 interrupt = 1 << 0;   // a signal is pending: ends interruptible sleeps
inline constexpr u32 kill = 1 << 1;        // the thread must end: ends killable sleeps too
inline constexpr u32 notify = 1 << 2;      // the personality wants its hook once; ends no sleep
inline constexpr u32 trace_calls = 1 << 3; // call the tracing variant of the dispatcher
} // namespace thread_work

enum class ThreadState : u8 { running, sleeping, dead }; // `running` includes "waits for a CPU"

class Thread final : public RefCounted<Thread> {
public:
    using Entry = void (*)(void* argument);

    // A thread of the kernel's own, not yet runnable: start() it. Errors: nomem.
    static Result<Ref<Thread>> create_kernel(std::string_view name, Entry entry, void* argument);
    // A thread for a program, not yet runnable. Its frame() is to be filled before start(). Errors:
    // nomem.
    static Result<Ref<Thread>> create_user(std::string_view name, Ref<AddressSpace> space,
                                           const Personality& personality, void* data);
    // The thread a CPU falls back to; it runs on the stack that CPU started on. Errors: nomem.
    static Result<Ref<Thread>> create_idle(std::string_view name);
    void adopt_stack(KernelStack stack) { stack_ = std::move(stack); }
    ~Thread();

    static Thread& current() { return *arch::current_thread(); }

    // Makes a new thread runnable; the scheduler keeps a reference until it exits.
    void start();
    // Ends the calling thread. Its personality has already let go of everything it holds.
    [[noreturn]] static void exit();

    // The program's registers, at the top of the kernel stack. For the thread itself, or while
    // stopped.
    arch::UserFrame& frame() const;

    u64 stack_top() const { return stack_.top().value; }
    u64 stack_bottom() const { return stack_.bottom().value; }

    AddressSpace* address_space() const { return space_.get(); }
    // Changes the program's memory (exec): current thread only; switches at once. Returns the old
    // one.
    RefOrNull<AddressSpace> replace_address_space(RefOrNull<AddressSpace> space);

    const Personality* personality = nullptr;
    void* personality_data = nullptr;
    // The personality wants thread_work::notify each time the thread was pushed aside or goes on on
    // another CPU (restartable sequences).
    bool notify_preemption = false;

    // Work bits. Setting interrupt or kill wakes the thread if its sleep allows that, and makes a
    // CPU that runs it in user mode come in. Any context.
    void add_work(u32 bits);
    void clear_work(u32 bits) { work_.fetch_and(~bits, std::memory_order_acq_rel); }
    u32 work() const { return work_.load(std::memory_order_acquire); }
    // True if a sleep of this kind should end now.
    bool sleep_interrupted(Sleep sleep) const {
        const u32 reasons = sleep == Sleep::interruptible
                                ? thread_work::interrupt | thread_work::kill
                            : sleep == Sleep::killable ? thread_work::kill
                                                       : 0u;
        return (work() & reasons) != 0;
    }

    std::string_view name() const { return name_; }
    void set_name(std::string_view name);
    ThreadState state() const { return state_.load(std::memory_order_acquire); }
    bool is_sleeping_interruptibly() const { return sleep_kind_ == Sleep::interruptible; }

    // CPU time consumed, split by where it was spent. Another thread's is as old as its last tick.
    CpuTimeSplit cpu_time() const;
    u64 voluntary_switches() const { return voluntary_switches_; }
    u64 involuntary_switches() const { return involuntary_switches_; }
    u64 minor_faults = 0;
    u64 major_faults = 0;

    arch::ThreadContext context;
    SchedulingEntity scheduling;
    base::HeapNode<Thread> fair_node; // place in a run queue's fair heap
    ListLink run_link;                // place in a run queue's real-time list

private:
    friend class Scheduler;
    friend class ThreadWaiter;
    friend class Ref<Thread>;

    explicit Thread(KernelStack stack);

    KernelStack stack_;
    RefOrNull<AddressSpace> space_;
    std::atomic<u32> work_{0};
    std::atomic<ThreadState> state_{ThreadState::running};
    Sleep sleep_kind_ = Sleep::uninterruptible;
    char name_[16] = {};
    u64 voluntary_switches_ = 0;
    u64 involuntary_switches_ = 0;
    u32 notified_cpu_ = ~0u; // notify_preemption: where it last went on

public:
    // Failure injection and the debug checks keep their per-thread state here.
    u32 fail_nth = 0;
#ifdef PITH_DEBUG
    struct LockRecord {
        alignas(8) u8 bytes[400]{};
    };
    LockRecord lock_record; // core/sync/order.cpp: the mutexes it holds
#endif
};

// Sleeps until `deadline` on the monotonic clock. Errors: intr (as `sleep` says).
Result<> sleep_until(Nanos deadline, Sleep sleep);

} // namespace core
