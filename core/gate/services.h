// SPDX-License-Identifier: BSD-2-Clause
// The gates' own start: the worker for deferred completions and the queues callers sleep on.
#pragma once

#include "base/result.h"

namespace core {

// Once, when kernel threads may be created and before the first strand. Errors: nomem.
Result<> start_gate_services();

} // namespace core
