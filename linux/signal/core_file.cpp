// SPDX-License-Identifier: BSD-2-Clause
// Core files are not written yet (CAVEATS.md): the status says so by lacking its core bit, as with
// a RLIMIT_CORE of 0.
#include "linux/signal/internal.h"

namespace linux {

bool write_core_file(const SigInfo&) { return false; }

} // namespace linux
