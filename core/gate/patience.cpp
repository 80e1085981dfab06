// SPDX-License-Identifier: BSD-2-Clause
#include "core/gate/patience.h"

#include <atomic>

#include "core/time/clock.h"

namespace core {
namespace {

constexpr u64 patience_instructions = 80'000'000;
constexpr u64 sample_instructions = 10'000;
// The sample runs faster than most code; and nobody wants to wait for ever. Debug kernels check
// each access of a component's, which the sample has none of.
#ifdef PITH_DEBUG
constexpr Nanos shortest = base::milliseconds(500);
#else
constexpr Nanos shortest = base::milliseconds(80);
#endif
constexpr Nanos longest = base::milliseconds(500);

// The best of a few tries, for anything may come in between.
Nanos time_of_sample() {
    constexpr u32 tries = 5, turns = sample_instructions / 2; // of two instructions
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

Nanos measure() {
    const Nanos patience(time_of_sample().value * (patience_instructions / sample_instructions));
    return patience < shortest ? shortest : patience > longest ? longest : patience;
}

} // namespace

Nanos hang_limit() {
    static constinit std::atomic<u64> g_limit{0};
    u64 limit = g_limit.load(std::memory_order_relaxed);
    if (limit == 0) {
        limit = measure().value;
        g_limit.store(limit, std::memory_order_relaxed); // whoever comes first
    }
    return Nanos(limit);
}

} // namespace core
