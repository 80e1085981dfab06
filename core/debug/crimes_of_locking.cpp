// SPDX-License-Identifier: BSD-2-Clause
#include "core/debug/crime.h"

#ifdef PITH_DEBUG

#include "base/list.h"
#include "base/ref.h"
#include "core/irq/interrupt.h"
#include "core/sched/scheduler.h"
#include "core/sync/lock.h"
#include "core/time/clock.h"
#include "core/time/timer.h"

namespace core::crime {
namespace {

Lock<lock_class::directory> g_directory;
Lock<lock_class::inode> g_inode;
Lock<lock_class::pipe> g_pipe;
Lock<lock_class::futex> g_futex;
Lock<lock_class::gate> g_gate;

void sleep_a_little() { (void)sleep_until(now() + base::milliseconds(1), Sleep::uninterruptible); }

// Runs a function in the timer interrupt of this CPU.
void in_interrupt(Timer::Function function) {
    Timer timer(function);
    timer.arm(now());
    const Nanos end = now() + base::milliseconds(100);
    while (now() < end)
        arch::spin_pause();
}

} // namespace

void lock_order() PITH_NO_ANALYSIS {
    g_inode.acquire();
    g_directory.acquire();
}
void lock_twice() PITH_NO_ANALYSIS {
    g_pipe.acquire();
    g_pipe.acquire();
}
void lock_order_spinning() PITH_NO_ANALYSIS {
    g_gate.acquire();
    g_futex.acquire();
}
void mutex_under_spin_lock() PITH_NO_ANALYSIS {
    g_futex.acquire();
    g_pipe.acquire();
}
void lock_in_interrupt() {
    in_interrupt([](Timer&) PITH_NO_ANALYSIS { g_futex.acquire(); });
}
void unlock_not_held() PITH_NO_ANALYSIS { g_futex.release(); }
void sleep_in_spin_lock() PITH_NO_ANALYSIS {
    g_futex.acquire();
    sleep_a_little();
}
void sleep_in_interrupt() {
    in_interrupt([](Timer&) { sleep_a_little(); });
}
void sleep_interrupts_off() {
    arch::disable_interrupts();
    sleep_a_little();
}
void soft_lockup() {
    arch::disable_preemption();
    const Nanos end = now() + base::seconds(30);
    while (now() < end)
        arch::spin_pause();
}
void hard_lockup() {
    (void)Scheduler::set_affinity(Thread::current(), 1);
    arch::disable_interrupts();
    const Nanos end = now() + base::seconds(30);
    while (now() < end)
        arch::spin_pause();
}
void spin_lock_deadlock() {
    static constinit SpinWord word; // no class: the order check does not see it
    arch::disable_preemption();
    word.acquire();
    word.acquire();
}

namespace {

// Never really freed, so that nothing but the count can notice.
struct Counted : RefCounted<Counted> {
    static void operator delete(void*, usize) {}
};

struct Item {
    ListLink link;
};

} // namespace

void refcount_underflow() {
    static constinit Counted counted;
    counted.drop_reference();
    counted.drop_reference();
}
void list_corruption() {
    static constinit Item items[3]{};
    List<Item, &Item::link> list;
    for (Item& item : items)
        list.push_back(item);
    items[1].link.previous = &items[1].link;
    list.remove(items[1]);
}
void list_double_add() {
    static constinit Item item{};
    List<Item, &Item::link> list;
    list.push_back(item);
    list.push_back(item);
}
void interrupt_storm() {
    // Line 12 (PS/2 mouse) of the machine is silent; its handler is called as a storm would call
    // it.
    const arch::IsaRoute route = arch::isa_route(12);
    auto interrupt = Interrupt::connect_line(
        route.line, route.trigger, route.polarity, [](void*) { return InterruptAnswer::not_mine; },
        nullptr);
    if (!interrupt)
        return;
    arch::disable_interrupts();
    for (u32 i = 0; i < 10'000; ++i)
        dispatch_interrupt(interrupt->vector());
    arch::enable_interrupts();
}

} // namespace core::crime

#endif
