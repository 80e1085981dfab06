// SPDX-License-Identifier: BSD-2-Clause
// Looking at the mappings of the current task.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"

namespace linux {

// Errors: nomem (a hole).
Result<> check_mapped(UserVirt address, Bytes length);

} // namespace linux
