// SPDX-License-Identifier: BSD-2-Clause
// The first program, and its end.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "core/task/thread.h"

namespace linux {

// `arguments` and `environment` are lists of C strings that end with null; all of it outlives the
// call.
struct FirstProgram {
    const char* path;
    const char* const* arguments;
    const char* const* environment;
};
// Makes process 1 (once) and lets it run; it executes the first of the programs that can be.
// `ready` is called in process 1 before: it sets up files (/dev/console as 0, 1, 2) and may add
// programs to `first`, which outlives the call. Errors: nomem.
struct FirstProcess {
    const FirstProgram* programs;
    u32 program_count;
    void (*ready)();
    void (*all_failed)(); // none could be executed: says so and panics
};
Result<> start_init(const FirstProcess& first);

[[noreturn]] void panic_because_init_ended(i32 status);

} // namespace linux
