// SPDX-License-Identifier: BSD-2-Clause
// What worker.cpp needs of its home: the kernel's is worker_thread.cpp, the test home has its own.
#pragma once

#include <string_view>

#include "base/result.h"
#include "core/sync/wait_queue.h"

namespace core {

// Runs `entry(argument)` on a new thread, which ends when it returns. Errors: nomem.
Result<> start_worker_thread(std::string_view name, void (*entry)(void*), void* argument);

// Where those sleep who wait for a thread's end or a call's: a queue that is never destroyed.
WaitQueue& gone_queue();

} // namespace core
