// SPDX-License-Identifier: BSD-2-Clause
// Immortal<T>: a global that is constructed at compile time and never destroyed, so that T's
// destructor asks for no run-time registration.
#pragma once

#include <utility>

namespace base {

template <typename T>
class Immortal {
public:
    template <typename... Arguments>
    constexpr explicit Immortal(Arguments&&... arguments)
        : value_(std::forward<Arguments>(arguments)...) {}
    constexpr ~Immortal() {}

    constexpr T* operator->() { return &value_; }
    constexpr T& operator*() { return value_; }

private:
    union {
        T value_;
    };
};

} // namespace base

using base::Immortal;
