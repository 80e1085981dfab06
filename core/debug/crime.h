// SPDX-License-Identifier: BSD-2-Clause
// Bugs planted on purpose, to prove that each is caught (crimes.def). Debug builds only.
#pragma once

#include "base/types.h"

namespace core {

// Each commits its crime; to return is to have got away with it.
namespace crime {
#define CRIME(name, report) void name();
#include "core/debug/crimes.def"
#undef CRIME
} // namespace crime

// Hides a value from the compiler's knowledge of it.
template <typename T>
[[gnu::noinline]] T unknown(T value) {
    asm volatile("" : "+r"(value));
    return value;
}

} // namespace core
