// SPDX-License-Identifier: BSD-2-Clause
// Spinning locks. SpinLock keeps preemption off while held, IrqSpinLock interrupts as well. Never
// sleep while holding one. Use through Lock<class>, LockGuard and Guarded.
#pragma once

#include <atomic>

#include "arch/api/cpu.h"
#include "core/sync/annotations.h"
#include "core/sync/order.h"

namespace core {

// One byte, test and set. Not fair: sections are short, and under a hypervisor fairness convoys.
class SpinWord {
public:
    void acquire() {
        // Acquire: what the previous holder wrote is seen.
        while (locked_.exchange(true, std::memory_order_acquire)) [[unlikely]]
            wait();
    }
    bool try_acquire() { return !locked_.exchange(true, std::memory_order_acquire); }
    void release() { locked_.store(false, std::memory_order_release); }
    bool is_locked() const { return locked_.load(std::memory_order_relaxed); }

private:
    void wait() {
        while (locked_.load(std::memory_order_relaxed))
            arch::spin_pause();
    }

    std::atomic<bool> locked_{false};
};

template <typename Class>
class PITH_CAPABILITY("spin lock") SpinLock {
public:
    void acquire(Taking taking = Taking::alone) PITH_ACQUIRE() {
        arch::disable_preemption(); // first: what is held is noted by CPU
        order_acquire(this, Class::name, Class::order, LockKind::spin, taking);
        word_.acquire();
    }
    void release() PITH_RELEASE() {
        word_.release();
        order_release(this, LockKind::spin);
        arch::enable_preemption();
    }
    bool is_locked() const { return word_.is_locked(); }

private:
    SpinWord word_;
};

template <typename Class>
class PITH_CAPABILITY("spin lock, interrupts off") IrqSpinLock {
public:
    void acquire(Taking taking = Taking::alone) PITH_ACQUIRE() {
        const u64 saved = arch::save_and_disable_interrupts();
        order_acquire(this, Class::name, Class::order, LockKind::spin_irq, taking);
        arch::disable_preemption();
        word_.acquire();
        saved_interrupts_ = saved;
    }
    void release() PITH_RELEASE() {
        const u64 saved = saved_interrupts_;
        word_.release();
        order_release(this, LockKind::spin_irq);
        // Interrupts first: a wanted switch then happens in enable_preemption, with them on.
        arch::restore_interrupts(saved);
        arch::enable_preemption();
    }
    // For the scheduler: the lock was taken by the thread that ran before. Interrupts stay off; the
    // preemption count is the CPU's, so it is dropped here as well.
    void release_after_switch() PITH_NO_ANALYSIS {
        word_.release();
        order_release(this, LockKind::spin_irq);
        arch::enable_preemption_without_switch();
    }
    bool is_locked() const { return word_.is_locked(); }

private:
    SpinWord word_;
    u64 saved_interrupts_ = 0; // guarded by word_
};

} // namespace core
