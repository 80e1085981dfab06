// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "base/types.h"

namespace arch {

// Whether a table entry of `level` leads to the zeros that all of an empty shadow shares.
#ifdef PITH_KASAN
bool is_shared_shadow(u64 entry, unsigned level);
#else
inline bool is_shared_shadow(u64, unsigned) { return false; }
#endif

} // namespace arch
