// SPDX-License-Identifier: BSD-2-Clause
// Quantities as types: bytes, pages and nanoseconds do not mix by accident.
#pragma once

#include <compare>

#include "base/types.h"

namespace base {

inline constexpr u64 page_shift = 12;
inline constexpr u64 page_size = u64{1} << page_shift;

template <typename Tag>
struct Quantity {
    u64 value = 0;

    constexpr Quantity() = default;
    constexpr explicit Quantity(u64 v) : value(v) {}
    constexpr auto operator<=>(const Quantity&) const = default;
    constexpr Quantity operator+(Quantity other) const { return Quantity(value + other.value); }
    constexpr Quantity operator-(Quantity other) const { return Quantity(value - other.value); }
    constexpr Quantity& operator+=(Quantity other) {
        value += other.value;
        return *this;
    }
    constexpr Quantity& operator-=(Quantity other) {
        value -= other.value;
        return *this;
    }
};

using Bytes = Quantity<struct BytesTag>;
using Pages = Quantity<struct PagesTag>;
// A duration, or a moment on the monotonic clock.
using Nanos = Quantity<struct NanosTag>;

constexpr Pages pages_covering(Bytes bytes) {
    return Pages((bytes.value + page_size - 1) >> page_shift);
}
constexpr Bytes bytes_of(Pages pages) { return Bytes(pages.value << page_shift); }

inline constexpr Nanos nanos_per_second{1'000'000'000};
constexpr Nanos microseconds(u64 n) { return Nanos(n * 1000); }
constexpr Nanos milliseconds(u64 n) { return Nanos(n * 1'000'000); }
constexpr Nanos seconds(u64 n) { return Nanos(n * 1'000'000'000); }

} // namespace base

using base::Bytes;
using base::Nanos;
using base::page_shift;
using base::page_size;
using base::Pages;
