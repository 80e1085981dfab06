// SPDX-License-Identifier: BSD-2-Clause
// How much one source may write to the log, so that what goes wrong again and again leaves room for
// others there and on the consoles. Any context; no lock.
#pragma once

#include <atomic>

#include "base/units.h"

namespace core {

// Where one that asks sees another's window begin or end late, a line more or less is written.
class LogLimit {
public:
    static constexpr Nanos window = base::seconds(5);
    static constexpr u32 burst = 32; // lines in a window

    struct Answer {
        bool may_write = false;
        u32 left_out = 0; // in the window before, if this line is the first of one
    };
    Answer ask(Nanos now) {
        Answer answer;
        u64 begin = begin_.load(std::memory_order_relaxed);
        if (now.value - begin >= window.value &&
            begin_.compare_exchange_strong(begin, now.value, std::memory_order_relaxed)) {
            const u32 asked = asked_.exchange(0, std::memory_order_relaxed);
            answer.left_out = asked > burst ? asked - burst : 0;
        }
        answer.may_write = asked_.fetch_add(1, std::memory_order_relaxed) < burst;
        return answer;
    }

private:
    std::atomic<u64> begin_{0};
    std::atomic<u32> asked_{0}; // since `begin_`
};

} // namespace core
