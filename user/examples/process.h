// SPDX-License-Identifier: BSD-2-Clause
// A second process for the examples.
#pragma once

#include "user/runtime/program.h"

namespace example {

// Runs `body` in a child process, whose status it answers. Errors, here and below: as the calls'.
template <typename Body>
Result<i32> start_child(Body body) {
    const u64 pid = TRY(runtime::checked(runtime::raw_call(runtime::Call::fork)));
    if (pid == 0)
        runtime::exit(body());
    return static_cast<i32>(pid);
}

// The child's exit status, or 128 and the signal it died of.
inline Result<i32> wait_for(i32 pid) {
    i32 status = 0;
    TRY(runtime::checked(runtime::raw_call(runtime::Call::wait4, static_cast<u64>(pid),
                                           runtime::address_of(&status))));
    return (status & 0x7f) != 0 ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

inline void close(int handle) {
    runtime::raw_call(runtime::Call::close, static_cast<u64>(handle));
}

} // namespace example
