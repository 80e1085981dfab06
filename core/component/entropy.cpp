// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/entropy.h"

#include <atomic>

#include "arch/api/cpu.h"
#include "base/split_mix.h"

namespace core {

// A generator over what entropy there is.
u64 random_word() {
    static constinit std::atomic<u64> state{base::split_mix_step};
    return base::split_mix(state.fetch_add(base::split_mix_step, std::memory_order_relaxed) ^
                           arch::hardware_random() ^ (arch::timestamp() << 17));
}

} // namespace core
