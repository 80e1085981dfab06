// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/entropy.h"

#include <atomic>

#include "arch/api/cpu.h"

namespace core {

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators") over what
// entropy there is.
u64 random_word() {
    static constinit std::atomic<u64> state{0x9e37'79b9'7f4a'7c15};
    u64 z = state.fetch_add(0x9e37'79b9'7f4a'7c15, std::memory_order_relaxed) ^
            arch::hardware_random() ^ (arch::timestamp() << 17);
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
}

} // namespace core
