// SPDX-License-Identifier: BSD-2-Clause
// Ref<T>: shared ownership through a count inside the object. Never null except after a move; a
// pointer that may be absent is RefOrNull<T>. Counts saturate: an object leaked by overflow is
// safe, one freed early is not.
#pragma once

#include <atomic>
#include <concepts>
#include <utility>

#include "base/allocate.h"
#include "base/result.h"

namespace base {

// Base of shared objects. `Derived` is deleted through its own type; make its destructor virtual if
// it has heirs. A new object has one reference, owned by its creator.
template <typename Derived>
class RefCounted {
public:
    RefCounted(const RefCounted&) = delete;
    RefCounted& operator=(const RefCounted&) = delete;

    void add_reference() const {
        // Relaxed: whoever adds one already holds one.
        u32 before = references_.fetch_add(1, std::memory_order_relaxed);
        if (before >= saturation) [[unlikely]]
            references_.store(saturation, std::memory_order_relaxed);
    }

    // Adds a reference unless the last one is already gone (look-ups in tables that hold none).
    [[nodiscard]] bool try_add_reference() const {
        u32 count = references_.load(std::memory_order_relaxed);
        while (count != 0) {
            if (references_.compare_exchange_weak(count, count + 1, std::memory_order_acquire,
                                                  std::memory_order_relaxed))
                return true;
        }
        return false;
    }

    void drop_reference() const {
        // Release then acquire: what other owners wrote is seen by the destructor.
        u32 before = references_.fetch_sub(1, std::memory_order_acq_rel);
        VERIFY(before != 0);
        if (before == 1)
            delete const_cast<Derived*>(static_cast<const Derived*>(this));
        else if (before >= saturation) [[unlikely]]
            references_.store(saturation, std::memory_order_relaxed);
    }

    u32 reference_count() const { return references_.load(std::memory_order_relaxed); }

protected:
    RefCounted() = default;
    ~RefCounted() = default;

private:
    static constexpr u32 saturation = 0xc000'0000;
    mutable std::atomic<u32> references_{1};
};

template <typename T>
class RefOrNull;

template <typename T>
class Ref {
public:
    // A new object and its first reference. Errors: nomem.
    template <typename... Arguments>
    static Result<Ref> create(Arguments&&... arguments) {
        T* object = new (fallible) T(std::forward<Arguments>(arguments)...);
        if (!object) [[unlikely]]
            return Failure(Errno::nomem);
        return adopt(object);
    }

    // Takes over a reference the caller owns.
    static Ref adopt(T* object) { return Ref(object); }
    // Adds a reference to an object the caller borrows.
    static Ref share(T& object) {
        object.add_reference();
        return Ref(&object);
    }

    Ref(const Ref& other) : object_(other.object_) { object_->add_reference(); }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}

    template <typename U>
        requires std::derived_from<U, T>
    Ref(const Ref<U>& other) : object_(other.get()) {
        object_->add_reference();
    }
    template <typename U>
        requires std::derived_from<U, T>
    Ref(Ref<U>&& other) noexcept : object_(other.release()) {}

    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }

    ~Ref() {
        if (object_)
            object_->drop_reference();
    }

    T* operator->() const { return object_; }
    T& operator*() const { return *object_; }
    T* get() const { return object_; }
    // Gives the reference to the caller, who must drop it.
    [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }

    bool operator==(const Ref& other) const { return object_ == other.object_; }

private:
    explicit Ref(T* object) : object_(object) {}

    T* object_;
};

// A Ref that may be absent; test it before use.
template <typename T>
class RefOrNull {
public:
    RefOrNull() = default;
    RefOrNull(std::nullptr_t) {}
    RefOrNull(const RefOrNull& other) : object_(other.object_) {
        if (object_)
            object_->add_reference();
    }
    RefOrNull(RefOrNull&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}

    template <typename U>
        requires std::derived_from<U, T>
    RefOrNull(Ref<U> other) : object_(other.release()) {}
    template <typename U>
        requires(std::derived_from<U, T> && !std::same_as<U, T>)
    RefOrNull(RefOrNull<U> other) : object_(other.release()) {}

    // Takes over a reference the caller owns, or none for nullptr.
    static RefOrNull adopt(T* object) {
        RefOrNull result;
        result.object_ = object;
        return result;
    }
    static RefOrNull share(T* object) {
        if (object)
            object->add_reference();
        return adopt(object);
    }

    RefOrNull& operator=(RefOrNull other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }

    ~RefOrNull() {
        if (object_)
            object_->drop_reference();
    }

    explicit operator bool() const { return object_ != nullptr; }
    bool operator==(const RefOrNull& other) const { return object_ == other.object_; }

    T* operator->() const {
        ASSERT(object_);
        return object_;
    }
    T& operator*() const {
        ASSERT(object_);
        return *object_;
    }
    T* get() const { return object_; }
    [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }
    // The Ref inside; the caller has tested that there is one.
    Ref<T> to_ref() const {
        VERIFY(object_);
        return Ref<T>::share(*object_);
    }

private:
    T* object_ = nullptr;
};

} // namespace base

using base::Ref;
using base::RefCounted;
using base::RefOrNull;
