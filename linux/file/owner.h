// SPDX-License-Identifier: BSD-2-Clause
// F_SETOWN and its kin: who gets SIGIO (or F_SETSIG's signal) when an open file with O_ASYNC is
// ready.
#pragma once

#include "linux/vfs/open_file.h"

namespace linux {

// The commands F_SETOWN, F_GETOWN, F_SETOWN_EX, F_GETOWN_EX, F_SETSIG, F_GETSIG.
Result<u64> control_owner(OpenFile& file, u32 command, u64 argument);

} // namespace linux
