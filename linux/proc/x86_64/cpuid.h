// SPDX-License-Identifier: BSD-2-Clause
// CPUID, as programs would ask it.
#pragma once

#include <cpuid.h>

#include "base/types.h"

namespace linux {

struct CpuidLeaf {
    u32 a = 0, b = 0, c = 0, d = 0;
};

inline CpuidLeaf cpuid(u32 leaf, u32 part = 0) {
    CpuidLeaf r;
    __cpuid_count(leaf, part, r.a, r.b, r.c, r.d);
    return r;
}

} // namespace linux
