// SPDX-License-Identifier: BSD-2-Clause
// Saying what is wrong with an access, and stopping.
#pragma once

#include "base/types.h"

namespace core {

struct BadAccess {
    u64 address, size;
    bool is_write;
    u64 caller;    // instruction behind the access
    u64 first_bad; // address of the first byte that may not be touched
};

[[noreturn]] void report_bad_access(const BadAccess& access);
// `memory` was given to free_memory: it is free already, or no object begins there.
[[noreturn]] void report_bad_free(const void* memory, bool is_free_already);

} // namespace core
