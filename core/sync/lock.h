// SPDX-License-Identifier: BSD-2-Clause
// Locks by class. Lock<lock_class::pipe> is a sleeping or a spinning lock as the class says;
// LockGuard takes it for a scope. Data belongs in a Guarded (guarded.h); a bare Lock is for
// protocols that no one object's data describes. Clang's thread-safety analysis checks both at
// compile time, core/sync/order.cpp checks order and sleeping at run time in debug boots.
#pragma once

#include "core/sync/mutex.h"
#include "core/sync/spin_lock.h"

namespace core {

namespace detail {
template <typename Class, LockKind Kind = Class::kind>
struct LockOf;
template <typename Class>
struct LockOf<Class, LockKind::spin> {
    using Type = SpinLock<Class>;
};
template <typename Class>
struct LockOf<Class, LockKind::spin_irq> {
    using Type = IrqSpinLock<Class>;
};
template <typename Class>
struct LockOf<Class, LockKind::mutex> {
    using Type = Mutex<Class>;
};
} // namespace detail

template <typename Class>
using Lock = typename detail::LockOf<Class>::Type;

template <typename Class>
class PITH_SCOPED_CAPABILITY LockGuard {
public:
    explicit LockGuard(Lock<Class>& lock) PITH_ACQUIRE(lock) : lock_(lock) { lock_.acquire(); }
    ~LockGuard() PITH_RELEASE() { lock_.release(); }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

private:
    Lock<Class>& lock_;
};

// LockGuard guard(lock): the class is found from the lock.
template <typename Class>
LockGuard(SpinLock<Class>&) -> LockGuard<Class>;
template <typename Class>
LockGuard(IrqSpinLock<Class>&) -> LockGuard<Class>;
template <typename Class>
LockGuard(Mutex<Class>&) -> LockGuard<Class>;

} // namespace core
