// SPDX-License-Identifier: BSD-2-Clause
// The shadow of a checked debug kernel: one byte for each eight of the kernel half, which says how
// many of them may be touched (core/debug/shadow.h).
#pragma once

#include "base/result.h"
#include "base/types.h"

namespace arch {

// The compiler computes shadow addresses too: tools/pith/ninja.py gives it the same number. The
// shadow of the kernel half lies at 0xffffd00000000000, between the map of all memory and the
// kernel area.
inline constexpr u64 kernel_half = 0xffff'8000'0000'0000;
inline constexpr u64 shadow_offset = 0xdfff'e000'0000'0000;

inline u8* shadow_of(u64 address) { return reinterpret_cast<u8*>((address >> 3) + shadow_offset); }

// Gives the whole kernel half a shadow: one read-only page of zeros for all, which permits
// everything. First CPU, once, before the first copy of the root table. Errors: nomem.
Result<> start_shadow();

enum class ShadowPages : u8 { small, large };

// Gives start..start+size-1 a shadow that can be written, in pages of 4 KiB or 2 MiB; the latter
// for multiples of the 16 MiB they cover, at start only. One caller at a time, since neighbours
// share pages and tables. Interrupts on, or a single CPU.
// Errors: nomem.
Result<> map_shadow(u64 start, u64 size, ShadowPages pages);

} // namespace arch
