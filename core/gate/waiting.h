// SPDX-License-Identifier: BSD-2-Clause
// How a thread waits for the reply to a call that lies on its own stack. The completer's last touch
// of the call is the store to its flag; the wake goes to a queue that outlives it.
#pragma once

#include <atomic>

#include "base/units.h"
#include "core/gate/call.h"

namespace core {

// GateCall::completed of blocking calls. Any context.
void wake_caller(GateCall& call);
// Sleeps until `waiting` is zero. Process context.
void wait_for_call(std::atomic<u32>& waiting);
// Sets `waiting` to zero, as the last touch of the memory around it, and wakes who sleeps on it.
void wake_waiting(std::atomic<u32>& waiting);

// Sleeps until `moment` on the monotonic clock, whatever comes. Process context.
void wait_until(Nanos moment);

} // namespace core
