// SPDX-License-Identifier: BSD-2-Clause
// Completions: told at once, or by a worker when the answer came inside someone's submit.
#include "core/gate/waiting.h"

#include "core/gate/services.h"
#include "core/gate/worker.h"
#include "core/gate/worker_thread.h"
#include "core/sync/lock.h"

namespace core {
namespace {

constexpr u32 bucket_bits = 6;

// Created once by start_gate_services, never destroyed: sleepers' queues must outlive every call.
struct Services {
    WaitQueue callers[1 << bucket_bits];
    WaitQueue gone;
    Lock<lock_class::gate> lock;
    CallList deferred; // guarded by lock
    Worker* worker = nullptr;
};
Services* g_services;

// Flags lie at the same place of stacks, so their addresses differ in few bits: all are mixed.
WaitQueue& bucket_of(const void* flag) {
    constexpr u64 golden_ratio = 0x9e37'79b9'7f4a'7c15; // 2^64 over it
    return g_services->callers[reinterpret_cast<u64>(flag) * golden_ratio >> (64 - bucket_bits)];
}

// Is woken when its own flag is zero, and not for others in its bucket.
class CallWaiter final : public ThreadWaiter {
public:
    explicit CallWaiter(const std::atomic<u32>& waiting)
        : ThreadWaiter(false, &wake_if_over), waiting_(waiting) {}
    bool is_over() const { return waiting_.load(std::memory_order_acquire) == 0; }

private:
    static bool wake_if_over(Waiter& waiter, WakeEvents events) {
        return static_cast<CallWaiter&>(waiter).is_over() && wake_thread(waiter, events);
    }
    const std::atomic<u32>& waiting_;
};

void run_deferred(void*) PITH_NO_ANALYSIS {
    CallList calls;
    g_services->lock.acquire();
    calls.splice_back(g_services->deferred);
    g_services->lock.release();
    finish_calls(calls);
}

} // namespace

Result<> start_gate_services() {
    if (g_services)
        return {};
    Services* services = new (base::fallible) Services;
    if (!services)
        return Failure(Errno::nomem);
    g_services = services;
    Box<Worker> worker = TRY(Worker::create("completions", run_deferred, nullptr));
    services->worker = worker.release();
    return {};
}

WaitQueue& gone_queue() { return g_services->gone; }

void finish_calls(CallList& calls) {
    while (GateCall* call = calls.pop_front()) {
        call->mark_completed();
        call->completed(*call);
    }
}

void defer_calls(CallList& calls) PITH_NO_ANALYSIS {
    if (calls.empty())
        return;
    g_services->lock.acquire();
    g_services->deferred.splice_back(calls);
    g_services->lock.release();
    g_services->worker->kick();
}

void wake_caller(GateCall& call) { wake_waiting(call.waiting()); }

void wake_waiting(std::atomic<u32>& waiting) {
    WaitQueue& bucket = bucket_of(&waiting);
    // Release: the sleeper sees the reply. It may return, and the memory be gone, right after.
    waiting.store(0, std::memory_order_release);
    bucket.wake_all();
}

void wait_until(Nanos moment) {
    (void)g_services->gone.wait([] { return false; }, Sleep::uninterruptible, moment);
}

void wait_for_call(std::atomic<u32>& waiting) {
    might_sleep();
    CallWaiter waiter(waiting);
    if (waiter.is_over())
        return;
    WaitQueue& bucket = bucket_of(&waiting);
    bucket.add(waiter);
    while (true) {
        waiter.prepare(Sleep::uninterruptible);
        if (waiter.is_over())
            break;
        (void)waiter.suspend(Sleep::uninterruptible, no_deadline);
    }
    waiter.finish();
    bucket.remove(waiter);
}

} // namespace core
