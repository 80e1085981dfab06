// SPDX-License-Identifier: BSD-2-Clause
// Calls that someone looks at before they happen: filters (seccomp) and tracers (ptrace).
#pragma once

#include "linux/process/task.h"

namespace linux {

// Rows of the tracing tables: filter, then the ordinary handler.
i64 call_traced(arch::UserFrame& frame);
i64 call_traced_compat(arch::UserFrame& frame);
i64 call_traced_native(arch::UserFrame& frame);

} // namespace linux
