// SPDX-License-Identifier: BSD-2-Clause
// Sorting without the standard library's out-of-line instantiations.
#pragma once

#include <span>
#include <utility>

#include "base/types.h"

namespace base {

// Heap sort: in place, n log n at worst, not stable. Elements are ordered by operator<.
template <typename T>
constexpr void sort(std::span<T> items) {
    auto sift_down = [&](usize root, usize end) {
        while (2 * root + 1 < end) {
            usize child = 2 * root + 1;
            if (child + 1 < end && items[child] < items[child + 1])
                ++child;
            if (!(items[root] < items[child]))
                return;
            std::swap(items[root], items[child]);
            root = child;
        }
    };
    for (usize start = items.size() / 2; start-- > 0;)
        sift_down(start, items.size());
    for (usize end = items.size(); end-- > 1;) {
        std::swap(items[0], items[end]);
        sift_down(0, end);
    }
}

} // namespace base
