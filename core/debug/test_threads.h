// SPDX-License-Identifier: BSD-2-Clause
// Kernel threads for tests: start some, wait until all have ended.
#pragma once

#include "base/split_mix.h"
#include "core/task/thread.h"

namespace core {

class TestThreads {
public:
    TestThreads() = default;
    ~TestThreads() { wait(); }

    // Starts a thread that calls body(index); `body` outlives it. `mask`: CPUs it may run on.
    // Returns the thread; a failure to make it counts as one of the test and gives null.
    template <typename Body>
    RefOrNull<Thread> start(Body& body, u32 index, u64 mask = ~u64{0}) {
        return start_erased([](void* erased, u32 i) { (*static_cast<Body*>(erased))(i); }, &body,
                            index, mask);
    }
    template <typename Body>
    void start_many(u32 count, Body& body) {
        for (u32 i = 0; i < count; ++i)
            (void)start(body, i);
    }
    // Until every thread's body has returned; a test that takes longer than 90 seconds has failed
    // and panics, since its threads cannot be ended.
    void wait();
    u32 running() const { return running_.load(std::memory_order_acquire); }

private:
    using Erased = void (*)(void* body, u32 index);
    RefOrNull<Thread> start_erased(Erased call, void* body, u32 index, u64 mask);
    static void run(void* argument);

    std::atomic<u32> running_{0};
};

// Sleeps in small steps until `condition()` holds; false if it never does (test_deadline).
template <typename Condition>
bool becomes_true(Condition condition);

void sleep_for(Nanos duration);

// Numbers that are the same in every run.
class TestRandom {
public:
    explicit TestRandom(u64 seed) : state_(seed) {}
    u64 next() {
        state_ += base::split_mix_step;
        return base::split_mix(state_);
    }
    // 0..limit-1.
    u64 below(u64 limit) { return next() % limit; }

private:
    u64 state_;
};

// A moment far enough in the future that reaching it means "never".
Nanos test_deadline();
bool is_over(Nanos deadline);

template <typename Condition>
bool becomes_true(Condition condition) {
    const Nanos deadline = test_deadline();
    while (!condition()) {
        if (is_over(deadline))
            return condition();
        sleep_for(base::microseconds(200));
    }
    return true;
}

} // namespace core
