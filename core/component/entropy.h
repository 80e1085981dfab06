// SPDX-License-Identifier: BSD-2-Clause
// Random words for stack guards and Env::random until the kernel has a generator of its own: the
// CPU's source mixed with the cycle counter.
#pragma once

#include "base/types.h"

namespace core {

u64 random_word(); // any context

} // namespace core
