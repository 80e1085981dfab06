// SPDX-License-Identifier: BSD-2-Clause
#include "linux/poll/poll_timeout.h"

#include "core/time/clock.h"

namespace linux {

namespace {
constexpr u64 nanos_in_second = 1'000'000'000;
// Longer than this is for ever: the sum with the clock stays representable.
constexpr u64 forever_seconds = u64{1} << 33;
} // namespace

PollTimeout PollTimeout::after(Nanos duration) {
    if (duration.value == 0)
        return {.deadline = Nanos(0), .immediate = true};
    return {.deadline = core::now() + duration};
}

PollTimeout PollTimeout::after_milliseconds(i32 milliseconds) {
    if (milliseconds < 0)
        return never();
    return after(base::milliseconds(static_cast<u64>(milliseconds)));
}

Result<PollTimeout> PollTimeout::after(TimeSpec duration) {
    if (duration.seconds < 0 || duration.nanoseconds < 0 ||
        static_cast<u64>(duration.nanoseconds) >= nanos_in_second)
        return Failure(Errno::inval);
    if (static_cast<u64>(duration.seconds) >= forever_seconds)
        return never();
    return after(Nanos(static_cast<u64>(duration.seconds) * nanos_in_second +
                       static_cast<u64>(duration.nanoseconds)));
}

Result<PollTimeout> PollTimeout::after(TimeVal duration) {
    const i64 microseconds = duration.microseconds % 1'000'000;
    i64 seconds;
    if (__builtin_add_overflow(duration.seconds, duration.microseconds / 1'000'000, &seconds))
        return Failure(Errno::inval);
    return after(TimeSpec{seconds, microseconds * 1000});
}

Nanos PollTimeout::left() const {
    if (immediate)
        return Nanos(0);
    const Nanos now = core::now();
    return now < deadline ? deadline - now : Nanos(0);
}

} // namespace linux
