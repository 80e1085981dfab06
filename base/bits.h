// SPDX-License-Identifier: BSD-2-Clause
// Small arithmetic on powers of two and checked sums.
#pragma once

#include <bit>
#include <concepts>

#include "base/result.h"
#include "base/types.h"

namespace base {

// `alignment` is a power of two.
template <std::unsigned_integral T>
constexpr T align_down(T value, T alignment) {
    return value & ~(alignment - 1);
}
template <std::unsigned_integral T>
constexpr T align_up(T value, T alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}
template <std::unsigned_integral T>
constexpr bool is_aligned(T value, T alignment) {
    return (value & (alignment - 1)) == 0;
}
template <std::unsigned_integral T>
constexpr T divide_up(T value, T divisor) {
    return (value + divisor - 1) / divisor;
}
constexpr unsigned log2_down(u64 value) {
    return 63u - static_cast<unsigned>(std::countl_zero(value));
}
constexpr unsigned log2_up(u64 value) { return value <= 1 ? 0 : log2_down(value - 1) + 1; }

template <typename T>
constexpr T minimum(T a, T b) {
    return b < a ? b : a;
}
template <typename T>
constexpr T maximum(T a, T b) {
    return a < b ? b : a;
}

// Errors: overflow.
template <std::integral T>
constexpr Result<T> checked_add(T a, T b) {
    T sum;
    if (__builtin_add_overflow(a, b, &sum))
        return Failure(Errno::overflow);
    return sum;
}
template <std::integral T>
constexpr Result<T> checked_multiply(T a, T b) {
    T product;
    if (__builtin_mul_overflow(a, b, &product))
        return Failure(Errno::overflow);
    return product;
}

} // namespace base
