// SPDX-License-Identifier: BSD-2-Clause
// The tables of Linux's system calls: x86-64's, and i386's for int 0x80.
#pragma once

#include "core/task/thread.h"

namespace linux {

extern const core::CallTable call_table;
extern const core::CallTable compat_call_table;

// The native calls, which a program may make beside Linux's (docs/native-api.md): all go to
// `unknown`, whatever the number. Defined by native/.
extern const core::CallTable native_call_table;

} // namespace linux
