// SPDX-License-Identifier: BSD-2-Clause
#include "core/time/clock.h"

#include "arch/api/cpu.h"

namespace core {
namespace {

constinit ClockScale g_scale{};
constinit std::atomic<i64> g_wall_offset{0};
constinit std::atomic<u64> g_wall_changes{0};
constinit u64 g_cycles_per_second = 1'000'000'000;

} // namespace

const ClockScale& clock_scale() { return g_scale; }

void set_clock_scale(u64 cycles_per_second) {
    if (cycles_per_second < 1'000'000)
        cycles_per_second = 1'000'000'000; // no way to know: never divide by nothing
    g_cycles_per_second = cycles_per_second;
    g_scale.base_cycles = arch::timestamp();
    g_scale.shift = 32;
    // nanoseconds per cycle in 32.32 fixed point; the product below is 128 bits wide.
    g_scale.multiplier =
        static_cast<u64>((static_cast<unsigned __int128>(1'000'000'000) << 32) / cycles_per_second);
}

Nanos cycles_to_nanos(u64 cycles) {
    return Nanos(static_cast<u64>((static_cast<unsigned __int128>(cycles) * g_scale.multiplier) >>
                                  g_scale.shift));
}
u64 nanos_to_cycles(Nanos nanos) {
    // In two parts, so that nothing is wider than 64 bits: a rate is below 2^33.
    constexpr u64 second = 1'000'000'000;
    return nanos.value / second * g_cycles_per_second +
           nanos.value % second * g_cycles_per_second / second;
}

Nanos now() { return cycles_to_nanos(arch::timestamp() - g_scale.base_cycles); }

i64 wall_offset() { return g_wall_offset.load(std::memory_order_relaxed); }
Nanos wall_now() { return Nanos(now().value + static_cast<u64>(wall_offset())); }
void set_wall_clock(Nanos now_since_epoch) {
    g_wall_offset.store(static_cast<i64>(now_since_epoch.value - now().value));
    g_wall_changes.fetch_add(1);
}
u64 wall_clock_changes() { return g_wall_changes.load(); }

} // namespace core
