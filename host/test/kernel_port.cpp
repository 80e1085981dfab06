// SPDX-License-Identifier: BSD-2-Clause
// The few kernel services that core/gate, core/component and core/device stand on, for tests in a
// Linux process: threads, wait queues, clock, timers, log, panic, allocation.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "base/allocate.h"
#include "core/gate/worker_thread.h"
#include "core/observe/log.h"
#include "core/observe/trace.h"
#include "core/sched/cpu_time.h"
#include "core/sched/urgency.h"
#include "core/sync/mutex.h"
#include "core/sync/wait_queue.h"
#include "core/time/clock.h"
#include "core/time/timer.h"
#include "host/test/kernel_port.h"

namespace {

// Stands for the current core::Thread.
struct HostThread {
    std::mutex mutex;
    std::condition_variable condition;
    bool awake = false;
};
thread_local HostThread t_thread;

std::atomic<u64> g_allocations_left{~u64{0}};

// False for the one allocation that a test wants to fail.
bool may_allocate() {
    if (g_allocations_left.load() == ~u64{0} || g_allocations_left.fetch_sub(1) != 0)
        return true;
    g_allocations_left = ~u64{0};
    return false;
}

} // namespace

void* operator new(usize size, base::Fallible) noexcept {
    return may_allocate() ? ::operator new(size, std::nothrow) : nullptr;
}
void* operator new[](usize size, base::Fallible) noexcept {
    return may_allocate() ? ::operator new[](size, std::nothrow) : nullptr;
}
void* operator new(usize size, std::align_val_t alignment, base::Fallible) noexcept {
    return may_allocate() ? ::operator new(size, alignment, std::nothrow) : nullptr;
}

namespace host_test {

void fail_allocation_after(u64 count) { g_allocations_left = count; }

} // namespace host_test

namespace base {

void panic_at(const char* file, int line, const char* message) {
    std::fprintf(stderr, "panic at %s:%d: %s\n", file, line, message);
    std::abort();
}

} // namespace base

namespace core {

static void wake_host_thread(Thread& of_kernel) {
    auto& thread = reinterpret_cast<HostThread&>(of_kernel);
    std::lock_guard guard(thread.mutex);
    thread.awake = true;
    thread.condition.notify_one();
}

// Timers do not run here; what depends on one is told so by its test.
void Timer::arm(Nanos deadline) {
    deadline_ = deadline;
    armed_ = true;
}
bool Timer::cancel() { return std::exchange(armed_, false); }
void ensure_tick() {}

// Nothing is traced on the host.
constinit std::atomic<bool> g_is_tracing{false};
void record_trace(TraceEvent, u32, u64, u64) {}

Nanos now() { return Nanos(arch::timestamp()); }
Nanos busy_time() { return now(); }

// Threads of the host have no such levels.
Urgency::Urgency() = default;
Urgency::~Urgency() = default;
void Urgency::begin(Thread&) {}
void Urgency::end(Thread&) {}
Thread& Urgency::caller() { return reinterpret_cast<Thread&>(t_thread); }

Nanos wall_now() {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return Nanos(static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec));
}

void log_arguments(LogLevel, std::string_view pattern,
                   std::span<const base::FormatArgument> arguments) {
    char text[256];
    base::BufferSink sink(text);
    base::format_arguments(sink, pattern, arguments);
    if (std::getenv("PITH_TEST_LOG"))
        std::fprintf(stderr, "%.*s\n", static_cast<int>(sink.text().size()), sink.text().data());
}

#ifdef PITH_DEBUG
void order_acquire(const void*, const char*, u16, LockKind, Taking) {}
void order_release(const void*, LockKind) {}
void might_sleep() {}
#endif

void WaitQueue::add(Waiter& waiter) {
    lock_.acquire();
    waiters_.push_back(waiter);
    lock_.release();
}

void WaitQueue::remove(Waiter& waiter) {
    lock_.acquire();
    if (waiter.link.is_linked())
        waiter.link.unlink();
    lock_.release();
}

void WaitQueue::wake(WakeEvents events, u32 exclusive_limit, Taking taking) {
    lock_.acquire(taking);
    for (Waiter& waiter : waiters_) {
        if (waiter.exclusive && exclusive_limit == 0)
            continue;
        const bool woken = waiter.wake(waiter, events);
        if (waiter.exclusive && woken)
            --exclusive_limit;
    }
    lock_.release();
}

ThreadWaiter::ThreadWaiter(bool is_exclusive, WakeFunction function)
    : Waiter(&ThreadWaiter::wake_thread, is_exclusive),
      thread_(reinterpret_cast<Thread&>(t_thread)) {}

void ThreadWaiter::prepare(Sleep) {
    std::lock_guard guard(t_thread.mutex);
    t_thread.awake = false;
}

Result<> ThreadWaiter::suspend(Sleep, Nanos deadline) {
    std::unique_lock lock(t_thread.mutex);
    const auto is_awake = [] { return t_thread.awake; };
    if (deadline == no_deadline) {
        t_thread.condition.wait(lock, is_awake);
        return {};
    }
    const u64 left = deadline > now() ? (deadline - now()).value : 0;
    if (!t_thread.condition.wait_for(lock, std::chrono::nanoseconds(left), is_awake))
        return Failure(Errno::timedout);
    return {};
}

// Threads of the host cannot switch to each other, nor hold one another: a test keeps its threads
// until nobody wakes them any more.
Result<> ThreadWaiter::suspend_and_run(HeldThread& next, Sleep sleep, Nanos deadline) {
    next.wake();
    return suspend(sleep, deadline);
}
HeldThread::HeldThread(const ThreadWaiter& waiter) : thread_(&waiter.thread_) {}
void HeldThread::wake() {
    if (thread_)
        wake_host_thread(*thread_);
    let_go();
}
void HeldThread::let_go() { thread_ = nullptr; }

void ThreadWaiter::finish() {}

bool ThreadWaiter::wake_thread(Waiter& waiter, WakeEvents) {
    wake_host_thread(static_cast<ThreadWaiter&>(waiter).thread_);
    return true;
}

void MutexWord::acquire_slow() {
    (void)waiters_.wait_exclusive(
        [this] { return state_.exchange(contended, std::memory_order_acquire) == 0; },
        Sleep::uninterruptible);
}
void MutexWord::release_slow() {
    state_.store(0, std::memory_order_release);
    waiters_.wake_one();
}

Result<> start_worker_thread(std::string_view, void (*entry)(void*), void* argument) {
    std::thread(entry, argument).detach();
    return {};
}

} // namespace core
