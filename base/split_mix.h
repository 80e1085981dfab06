// SPDX-License-Identifier: BSD-2-Clause
// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014):
// a state that goes on by a constant, and a function that scatters it. No secrets.
#pragma once

#include "base/types.h"

namespace base {

inline constexpr u64 split_mix_step = 0x9e37'79b9'7f4a'7c15;

// Every bit of the result depends on every bit of `state`.
constexpr u64 split_mix(u64 state) {
    state = (state ^ state >> 30) * 0xbf58'476d'1ce4'e5b9;
    state = (state ^ state >> 27) * 0x94d0'49bb'1331'11eb;
    return state ^ state >> 31;
}

} // namespace base
