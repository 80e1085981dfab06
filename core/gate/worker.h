// SPDX-License-Identifier: BSD-2-Clause
// A worker: a kernel thread that runs a function whenever it was kicked.
#pragma once

#include <atomic>
#include <string_view>

#include "base/box.h"
#include "core/sync/wait_queue.h"

namespace core {

class Worker {
public:
    using Function = void (*)(void* argument);

    // Starts the thread. Errors: nomem.
    static Result<Box<Worker>> create(std::string_view name, Function function, void* argument);
    // Ends the thread and waits until it is gone. Process context, not from the worker itself.
    ~Worker();

    // Has `function` run at least once after this call. Any context.
    void kick() {
        // Release: the worker sees what the kicker wrote.
        if (kicks_.exchange(1, std::memory_order_acq_rel) == 0)
            wake_.wake_one();
    }

private:
    friend class Box<Worker>;
    Worker(Function function, void* argument) : function_(function), argument_(argument) {}

    static void main(void* worker);
    void run();

    const Function function_;
    void* const argument_;
    std::atomic<u32> kicks_{0};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> gone_{false};
    WaitQueue wake_;
};

} // namespace core
