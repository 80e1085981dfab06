// SPDX-License-Identifier: BSD-2-Clause
#include "base/box.h"
#include "core/gate/worker_thread.h"

#include "base/box.h"
#include "core/task/thread.h"

namespace core {
namespace {

struct Start {
    void (*entry)(void*);
    void* argument;
};

void run_thread(void* argument) {
    const Start start = *static_cast<Start*>(argument);
    delete static_cast<Start*>(argument);
    start.entry(start.argument);
    Thread::exit();
}

} // namespace

Result<> start_worker_thread(std::string_view name, void (*entry)(void*), void* argument) {
    Box<Start> start = TRY(Box<Start>::create(Start{entry, argument}));
    Ref<Thread> thread = TRY(Thread::create_kernel(name, run_thread, start.get()));
    (void)start.release();
    thread->start();
    return {};
}

} // namespace core
