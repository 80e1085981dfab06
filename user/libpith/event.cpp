// SPDX-License-Identifier: BSD-2-Clause
#include "user/libpith/system_call.h"

using namespace libpith;

namespace {

constexpr uint64_t nanoseconds = 1'000'000'000, clock_monotonic = 1;
constexpr uint64_t non_block = 04000, close_on_exec = 02000000;
constexpr int16_t readable = 1; // POLLIN

struct TimeSpec {
    int64_t seconds, nanoseconds;
};
struct PollEntry {
    int32_t descriptor;
    int16_t wanted, found;
};

// What is left until `deadline`; nothing once it has passed.
TimeSpec left_until(uint64_t deadline) {
    TimeSpec now = {};
    linux_call(LinuxCall::clock_gettime, clock_monotonic, address(&now));
    const uint64_t passed = static_cast<uint64_t>(now.seconds) * nanoseconds +
                            static_cast<uint64_t>(now.nanoseconds);
    const uint64_t left = deadline > passed ? deadline - passed : 0;
    return {static_cast<int64_t>(left / nanoseconds), static_cast<int64_t>(left % nanoseconds)};
}

} // namespace

int pith_event_create(void) {
    return static_cast<int>(linux_call(LinuxCall::eventfd2, 0, non_block | close_on_exec));
}

int pith_event_signal(int event) {
    const uint64_t one = 1;
    const int64_t result = linux_call(LinuxCall::write, word(event), address(&one), sizeof one);
    // Full: it is signalled already.
    return result < 0 && result != -error_again ? static_cast<int>(result) : 0;
}

int pith_event_wait(int event, uint64_t deadline) {
    while (true) {
        uint64_t count;
        int64_t result = linux_call(LinuxCall::read, word(event), address(&count), sizeof count);
        if (result != -error_again)
            return result < 0 ? static_cast<int>(result) : 0;
        PollEntry entry = {event, readable, 0};
        const TimeSpec left = deadline != 0 ? left_until(deadline) : TimeSpec{};
        result = linux_call(LinuxCall::ppoll, address(&entry), 1,
                            deadline != 0 ? address(&left) : 0);
        if (result < 0)
            return static_cast<int>(result);
        if (result == 0)
            return -error_timed_out;
    }
}
