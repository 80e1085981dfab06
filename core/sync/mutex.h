// SPDX-License-Identifier: BSD-2-Clause
// A sleeping lock. Uncontended it is one compare-and-exchange; a waiter sleeps in order of arrival.
// Process context only; the holder may sleep.
#pragma once

#include <atomic>

#include "arch/api/cpu.h"
#include "core/sync/annotations.h"
#include "core/sync/order.h"
#include "core/sync/wait_queue.h"

namespace core {

// The part that knows no class, so that it is compiled once.
class MutexWord {
public:
    void acquire() {
        u32 expected = 0;
        if (!state_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                            std::memory_order_relaxed)) [[unlikely]]
            acquire_slow();
    }
    bool try_acquire() {
        u32 expected = 0;
        return state_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }
    void release() {
        u32 expected = held;
        if (!state_.compare_exchange_strong(expected, 0, std::memory_order_release,
                                            std::memory_order_relaxed)) [[unlikely]]
            release_slow();
    }
    bool is_locked() const { return state_.load(std::memory_order_relaxed) != 0; }

private:
    static constexpr u32 held = 1;
    static constexpr u32 contended = 2; // held, and someone sleeps

    void acquire_slow();
    void release_slow();

    std::atomic<u32> state_{0};
    WaitQueue waiters_;
};

template <typename Class>
class PITH_CAPABILITY("mutex") Mutex {
public:
    void acquire() PITH_ACQUIRE() {
        might_sleep();
        order_acquire(this, Class::name, Class::order, LockKind::mutex);
        word_.acquire();
    }
    bool try_acquire() PITH_TRY_ACQUIRE(true) {
        if (!word_.try_acquire())
            return false;
        order_acquire(this, Class::name, Class::order, LockKind::mutex, Taking::tried);
        return true;
    }
    void release() PITH_RELEASE() {
        order_release(this, LockKind::mutex);
        word_.release();
    }
    bool is_locked() const { return word_.is_locked(); }

private:
    MutexWord word_;
};

} // namespace core
