// SPDX-License-Identifier: BSD-2-Clause
// What tests may do to the pretended kernel.
#pragma once

#include "base/types.h"

namespace host_test {

// The allocation after `count` more fails, once (fail-nth).
void fail_allocation_after(u64 count);

} // namespace host_test
