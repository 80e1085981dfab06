// SPDX-License-Identifier: BSD-2-Clause
#include "core/gate/worker.h"

#include "core/gate/worker_thread.h"

namespace core {

Result<Box<Worker>> Worker::create(std::string_view name, Function function, void* argument) {
    Worker* worker = new (base::fallible) Worker(function, argument);
    if (!worker)
        return Failure(Errno::nomem);
    auto started = start_worker_thread(name, &Worker::main, worker);
    if (!started) {
        worker->gone_ = true;
        delete worker;
        return Failure(started.error());
    }
    return Box<Worker>::adopt(worker);
}

Worker::~Worker() {
    if (gone_)
        return;
    stopping_.store(true, std::memory_order_release);
    kick();
    wake_.wake_all();
    (void)gone_queue().wait([this] { return gone_.load(std::memory_order_acquire); },
                            Sleep::uninterruptible);
}

void Worker::main(void* worker) { static_cast<Worker*>(worker)->run(); }

void Worker::run() {
    while (true) {
        (void)wake_.wait_exclusive(
            [this] { return kicks_.load(std::memory_order_acquire) != 0; },
            Sleep::uninterruptible);
        if (stopping_.load(std::memory_order_acquire))
            break;
        // An exchange, so that what came before a kick that still found 1 is seen by the function.
        kicks_.exchange(0, std::memory_order_acq_rel);
        function_(argument_);
    }
    WaitQueue& queue = gone_queue(); // outlives this worker
    gone_.store(true, std::memory_order_release);
    queue.wake_all();
}

} // namespace core
