// SPDX-License-Identifier: BSD-2-Clause
// Run-time checks of debug boots: lock order, no sleeping under a spinning lock. Free in release
// builds.
#pragma once

#include "core/sync/lock_class.h"

namespace core {

// How a lock is taken.
enum class Taking : u8 {
    alone,  // no lock of its class is held
    nested, // others of its class may be: the caller keeps an order among them
    tried,  // without waiting, so never the cause of a deadlock
};

#ifdef PITH_DEBUG
// Records that the current CPU or thread takes or drops a lock; reports a wrong order and stops.
void order_acquire(const void* lock, const char* name, u16 order, LockKind kind,
                   Taking taking = Taking::alone);
void order_release(const void* lock, LockKind kind);
// Reports a caller that may not sleep here: preemption off, interrupts off or in an interrupt.
void might_sleep();
// A panic takes locks as it finds them.
void stop_order_checks();
#else
inline void order_acquire(const void*, const char*, u16, LockKind, Taking = Taking::alone) {}
inline void order_release(const void*, LockKind) {}
inline void might_sleep() {}
inline void stop_order_checks() {}
#endif

} // namespace core
