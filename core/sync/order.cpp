// SPDX-License-Identifier: BSD-2-Clause
// The checks of debug boots. What a context holds is kept per thread for mutexes (which move with
// it) and per CPU for spinning locks (which cannot).
#include "core/sync/order.h"

#ifdef PITH_DEBUG

#include "base/format.h"
#include "core/memory/per_cpu.h"
#include "core/observe/panic.h"
#include "core/task/thread.h"

namespace core {
namespace {

struct Held {
    const void* lock;
    const char* name;
    u16 order;
};
constexpr u32 depth = 16;
struct HeldList {
    u32 count = 0;
    Held held[depth]{};

    void push(const Held& entry) {
        if (count == depth)
            panic("lock order: more locks held than can be checked");
        held[count++] = entry;
    }
    // Locks are mostly, not always, dropped in reverse order.
    bool remove(const void* lock) {
        for (u32 i = count; i-- > 0;) {
            if (held[i].lock != lock)
                continue;
            for (u32 j = i; j + 1 < count; ++j)
                held[j] = held[j + 1];
            --count;
            return true;
        }
        return false;
    }
};

constinit PerCpu<HeldList> g_spinning;
// Mutexes by thread: a small table hashed by the thread's address would lose entries; the thread
// has room.
static_assert(sizeof(HeldList) <= sizeof(Thread::LockRecord));

HeldList& mutexes_of(Thread& thread) {
    return *reinterpret_cast<HeldList*>(thread.lock_record.bytes);
}

constinit std::atomic<bool> g_reporting{false};

bool is_wrong(const Held& held, u16 order, Taking taking) {
    if (taking == Taking::tried || held.order == lock_class::none::order)
        return false;
    return held.order > order || (held.order == order && taking != Taking::nested);
}

void check(const HeldList& list, const Held& wanted, Taking taking) {
    for (u32 i = 0; i < list.count; ++i) {
        const Held& held = list.held[i];
        if (held.lock == wanted.lock)
            panic(base::Text<160>("lock order: {} is taken twice by one context", wanted.name)
                      .view());
        if (is_wrong(held, wanted.order, taking))
            panic(base::Text<160>("lock order: {} ({}) is taken while {} ({}) is held", wanted.name,
                                  wanted.order, held.name, held.order)
                      .view());
    }
}

} // namespace

void order_acquire(const void* lock, const char* name, u16 order, LockKind kind, Taking taking) {
    Thread* thread = arch::current_thread();
    if (g_reporting.load(std::memory_order_relaxed) || !thread)
        return;
    const u64 saved = arch::save_and_disable_interrupts();
    HeldList& spinning = g_spinning.here();
    if (kind == LockKind::spin && arch::cpu_block().interrupt_depth != 0)
        panic(base::Text<160>("lock order: {} is taken in an interrupt", name).view());
    const Held wanted{lock, name, order};
    check(spinning, wanted, taking);
    if (arch::cpu_block().interrupt_depth == 0)
        check(mutexes_of(*thread), wanted, taking);
    (kind == LockKind::mutex ? mutexes_of(*thread) : spinning).push(wanted);
    arch::restore_interrupts(saved);
}

void order_release(const void* lock, LockKind kind) {
    Thread* thread = arch::current_thread();
    if (!thread)
        return;
    const u64 saved = arch::save_and_disable_interrupts();
    if (!(kind == LockKind::mutex ? mutexes_of(*thread) : g_spinning.here()).remove(lock) &&
        !g_reporting.load(std::memory_order_relaxed))
        panic("lock order: a lock is dropped that is not held");
    arch::restore_interrupts(saved);
}

void might_sleep() {
    if (!arch::current_thread() || g_reporting.load(std::memory_order_relaxed))
        return;
    // With interrupts off: between the look for this CPU's record and into it, the thread may move.
    const u64 saved = arch::save_and_disable_interrupts();
    const bool in_interrupt = arch::cpu_block().interrupt_depth != 0;
    arch::restore_interrupts(saved);
    if (in_interrupt)
        panic("might sleep: called in an interrupt");
    if (!arch::preemption_enabled())
        panic("might sleep: called with preemption off (a spinning lock is held)");
    if (!arch::interrupts_enabled())
        panic("might sleep: called with interrupts off");
}

void stop_order_checks() { g_reporting.store(true); }

} // namespace core

#endif
