// SPDX-License-Identifier: BSD-2-Clause
// Looking at the mappings of the current task, and rules for new ones.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"

namespace core {
struct MapRequest;
}

namespace linux {

inline constexpr u64 lowest_address = 65536; // vm.mmap_min_addr; below with CAP_SYS_RAWIO only

// Whether a new mapping is locked in memory and made present at once, by the flags of mmap(2) and
// what mlockall(2) said. The request has its length. Errors: perm, again (RLIMIT_MEMLOCK).
Result<> fill_locking(u32 flags, core::MapRequest& request);

// Errors: nomem (a hole).
Result<> check_mapped(UserVirt address, Bytes length);

} // namespace linux
