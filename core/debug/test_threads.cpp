// SPDX-License-Identifier: BSD-2-Clause
#include "core/debug/test_threads.h"

#ifdef PITH_DEBUG

#include "base/box.h"
#include "base/format.h"
#include "core/debug/kernel_test.h"
#include "core/observe/panic.h"
#include "core/sched/scheduler.h"
#include "core/time/clock.h"

namespace core {
namespace {

struct Start {
    void (*call)(void* body, u32 index);
    void* body;
    u32 index;
    std::atomic<u32>* running;
};

} // namespace

void TestThreads::run(void* argument) {
    const Start start = *static_cast<Start*>(argument);
    delete static_cast<Start*>(argument);
    start.call(start.body, start.index);
    start.running->fetch_sub(1, std::memory_order_release); // the test may be gone after this
    Thread::exit();
}

RefOrNull<Thread> TestThreads::start_erased(Erased call, void* body, u32 index, u64 mask) {
    auto start = Box<Start>::create(call, body, index, &running_);
    if (!start) {
        test_failed(__FILE__, __LINE__, "memory for a test's thread");
        return {};
    }
    auto thread =
        Thread::create_kernel(base::Text<16>("test/{}", index).view(), &run, start->get());
    if (!thread) {
        test_failed(__FILE__, __LINE__, "memory for a test's thread");
        return {};
    }
    (void)start->release();
    (*thread)->scheduling.affinity = mask;
    running_.fetch_add(1, std::memory_order_relaxed);
    (*thread)->start();
    return RefOrNull<Thread>(std::move(*thread));
}

void TestThreads::wait() {
    const Nanos deadline = now() + base::seconds(90);
    while (running() != 0) {
        if (now() > deadline)
            panic("a test's threads do not end");
        sleep_for(base::microseconds(200));
    }
}

void sleep_for(Nanos duration) { (void)sleep_until(now() + duration, Sleep::uninterruptible); }

Nanos test_deadline() { return now() + base::seconds(20); }
bool is_over(Nanos deadline) { return now() > deadline; }

} // namespace core

#endif
