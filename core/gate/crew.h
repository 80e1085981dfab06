// SPDX-License-Identifier: BSD-2-Clause
// Where the threads of an instance's homes wait for work. It lasts as long as the instance, so that
// a kick never meets a queue that is gone; the threads come and go with their homes.
#pragma once

#include <atomic>

#include "core/sync/wait_queue.h"

namespace core {

class Crew {
public:
    // Has one of the threads look for work after this call. Any context.
    void kick() {
        // Release: the thread sees what the kicker wrote.
        kicks_.store(1, std::memory_order_release);
        queue_.wake_one();
    }
    // Has all of them look at what they wait for besides.
    void call_all() { queue_.wake_all(); }

    // Waits until it was kicked or `otherwise()`. Process context.
    template <typename Condition>
    void wait(Condition otherwise) {
        (void)queue_.wait_exclusive(
            [&] { return otherwise() || kicks_.load(std::memory_order_acquire) != 0; },
            Sleep::uninterruptible);
    }
    // True for one thread after each kick: it looks for work.
    bool take_kick() { return kicks_.exchange(0, std::memory_order_acq_rel) != 0; }
    // A thread that leaves passes on the wake that may have been meant for others.
    void pass_on() {
        if (kicks_.load(std::memory_order_acquire) != 0)
            queue_.wake_one();
    }

private:
    std::atomic<u32> kicks_{0};
    WaitQueue queue_;
};

} // namespace core
