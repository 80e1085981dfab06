// SPDX-License-Identifier: BSD-2-Clause
#include "core/server/patience.h"

#include <atomic>

#include "core/time/clock.h"

namespace core::server {
namespace {

constexpr u64 patience_instructions = 80'000'000;
// Fast machines are shared, and a virtual processor's time passes while others run; on slow ones,
// such as emulators, nobody wants to wait for ever.
constexpr Nanos shortest = base::milliseconds(80), longest = base::milliseconds(500);

// The time of some ten thousand instructions: the best of a few tries, for anything may come in
// between.
Nanos time_of_sample() {
    constexpr u32 tries = 5, turns = 5'000; // of two instructions
    Nanos best = longest;
    for (u32 i = 0; i < tries; ++i) {
        const Nanos begin = now();
        for (u32 turn = 0; turn < turns; ++turn)
            std::atomic_signal_fence(std::memory_order_seq_cst); // or there would be no loop
        const Nanos taken = now() - begin;
        if (taken < best)
            best = taken;
    }
    return best;
}

u32 measure() {
    constexpr u64 samples = patience_instructions / 10'000;
    Nanos patience(time_of_sample().value * samples);
    if (patience < shortest)
        patience = shortest;
    if (patience > longest)
        patience = longest;
    return static_cast<u32>(patience.value / watch_interval.value);
}

} // namespace

u32 look_limit() {
    static constinit std::atomic<u32> g_limit{0};
    u32 limit = g_limit.load(std::memory_order_relaxed);
    if (limit == 0) {
        limit = measure(); // whoever comes first: all find about the same
        g_limit.store(limit, std::memory_order_relaxed);
    }
    return limit;
}

} // namespace core::server
