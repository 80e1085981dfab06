// SPDX-License-Identifier: BSD-2-Clause
// Stretches of a bus's addresses, and the search for a free one.
#pragma once

#include <span>

#include "base/types.h"

namespace core {

struct AddressRange {
    u64 start = 0;
    u64 end = 0; // exclusive; not above start: empty

    constexpr bool empty() const { return end <= start; }
    constexpr bool overlaps(const AddressRange& other) const {
        return !empty() && !other.empty() && start < other.end && other.start < end;
    }
};

// The lowest place in `within` for `length` bytes, aligned to `length` (a power of two), that
// overlaps nothing in `taken`; 0 if there is none.
constexpr u64 find_free_addresses(const AddressRange& within, u64 length,
                                  std::span<const AddressRange> taken) {
    if (length == 0 || within.empty() || within.start > ~u64{0} - length)
        return 0;
    u64 place = (within.start + length - 1) & ~(length - 1);
    while (place >= within.start && place < within.end && length <= within.end - place) {
        const AddressRange here{place, place + length};
        u64 next = 0;
        for (const AddressRange& range : taken) {
            if (range.overlaps(here) && range.end > next)
                next = range.end;
        }
        if (next == 0)
            return place;
        if (next > ~u64{0} - length)
            return 0;
        place = (next + length - 1) & ~(length - 1);
    }
    return 0;
}

} // namespace core
