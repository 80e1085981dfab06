// SPDX-License-Identifier: BSD-2-Clause
// Core files. Not written yet (CAVEATS): the process ends as one whose RLIMIT_CORE is 0 does.
#include "linux/signal/internal.h"

namespace linux {

bool write_core_file(const SigInfo&) { return false; }

} // namespace linux
