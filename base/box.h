// SPDX-License-Identifier: BSD-2-Clause
// Box<T>: sole ownership of a heap object. Never null except after a move.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "base/allocate.h"
#include "base/result.h"

namespace base {

template <typename T>
class Box {
public:
    // Errors: nomem. May sleep only where the home's allocator may.
    template <typename... Arguments>
    static Result<Box> create(Arguments&&... arguments) {
        T* object = new (fallible) T(std::forward<Arguments>(arguments)...);
        if (!object) [[unlikely]]
            return Failure(Errno::nomem);
        return Box(object);
    }

    // Takes ownership of an object made by `new (fallible)`.
    static Box adopt(T* object) { return Box(object); }

    Box(Box&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}

    template <typename U>
        requires std::derived_from<U, T>
    Box(Box<U>&& other) noexcept : object_(other.release()) {}

    Box& operator=(Box&& other) noexcept {
        if (this != &other) {
            delete object_;
            object_ = std::exchange(other.object_, nullptr);
        }
        return *this;
    }

    ~Box() { delete object_; }

    T* operator->() const { return object_; }
    T& operator*() const { return *object_; }
    T* get() const { return object_; }

    // Gives ownership to the caller.
    [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }

private:
    explicit Box(T* object) : object_(object) {}

    T* object_;
};

} // namespace base

using base::Box;
