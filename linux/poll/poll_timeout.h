// SPDX-License-Identifier: BSD-2-Clause
// Timeouts of the readiness calls: from what programs hand in to a moment on the monotonic clock,
// and back to what is left of it.
#pragma once

#include "abi/linux/types.h"
#include "base/result.h"
#include "base/units.h"

namespace linux {

struct PollTimeout {
    Nanos deadline{~u64{0}}; // on the monotonic clock; core::no_deadline for ever
    bool immediate = false;  // zero: look, but do not sleep

    static PollTimeout never() { return {}; }
    // Milliseconds, negative for ever.
    static PollTimeout after_milliseconds(i32 milliseconds);
    static PollTimeout after(Nanos duration);
    // Errors: inval (negative, or nanoseconds out of range).
    static Result<PollTimeout> after(TimeSpec duration);
    // select(2)'s: microseconds may exceed a second. Errors: inval (a negative part).
    static Result<PollTimeout> after(TimeVal duration);

    // What is left, zero when it has passed.
    Nanos left() const;
};

} // namespace linux
