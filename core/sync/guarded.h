// SPDX-License-Identifier: BSD-2-Clause
// Guarded<T, lock_class::x>: data that cannot be reached without its lock.
//
//     Guarded<Queue, lock_class::pipe> queue_;
//     auto queue = queue_.lock();   // held until `queue` goes out of scope
//     queue->push(...);
#pragma once

#include <utility>

#include "core/sync/lock.h"

namespace core {

template <typename T, typename Class>
class Guarded;

// Access to the data while the lock is held. Movable, so that functions may return it.
template <typename T, typename Class>
class Locked {
public:
    Locked(Locked&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Locked& operator=(Locked&&) = delete;
    ~Locked() { unlock(); }

    T* operator->() const { return &owner_->value_; }
    T& operator*() const { return owner_->value_; }

    // Drops the lock before the end of the scope; the data is out of reach afterwards.
    void unlock() PITH_NO_ANALYSIS {
        if (owner_)
            std::exchange(owner_, nullptr)->lock_.release();
    }

private:
    friend class Guarded<T, Class>;
    explicit Locked(Guarded<T, Class>& owner) : owner_(&owner) {}

    Guarded<T, Class>* owner_;
};

template <typename T, typename Class>
class Guarded {
public:
    template <typename... Arguments>
    constexpr explicit Guarded(Arguments&&... arguments)
        : value_(std::forward<Arguments>(arguments)...) {}

    [[nodiscard]] Locked<T, Class> lock() PITH_NO_ANALYSIS {
        lock_.acquire();
        return Locked<T, Class>(*this);
    }

    // The data without the lock: for the constructor's and destructor's owner, and for racy
    // statistics.
    T& unguarded() { return value_; }
    const T& unguarded() const { return value_; }

private:
    friend class Locked<T, Class>;

    mutable Lock<Class> lock_;
    T value_;
};

} // namespace core
