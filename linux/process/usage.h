// SPDX-License-Identifier: BSD-2-Clause
// Times and counts in the forms of system calls.
#pragma once

#include "linux/process/process.h"

namespace linux {

constexpr TimeVal to_time_val(Nanos time) {
    return {static_cast<i64>(time.value / 1'000'000'000),
            static_cast<i64>(time.value % 1'000'000'000 / 1000)};
}
constexpr TimeSpec to_time_spec(Nanos time) {
    return {static_cast<i64>(time.value / 1'000'000'000),
            static_cast<i64>(time.value % 1'000'000'000)};
}
ResourceUsage to_resource_usage(const Usage& usage);

// The moment a relative timeout ends; never for one beyond the clock's range.
Nanos deadline_after(TimeSpec timeout);

} // namespace linux
