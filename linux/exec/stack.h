// SPDX-License-Identifier: BSD-2-Clause
// What a program finds on its stack when it starts (System V ABI for x86-64, 3.4.1).
#pragma once

#include "linux/exec/loader.h"

namespace linux {

struct StackRequest {
    u64 top = 0; // page aligned
    bool executable = false;
    u64 program_headers = 0;
    u64 program_header_count = 0;
    u64 entry = 0;            // of the program itself
    u64 interpreter_base = 0;
};

// Maps the stack and fills it; notes the ranges of strings in `image`. Returns the stack pointer to
// start with. Errors: nomem, e2big.
Result<u64> build_stack(ProgramImage& image, const Loading& loading, const StackRequest& request);

} // namespace linux
