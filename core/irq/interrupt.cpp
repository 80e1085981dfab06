// SPDX-License-Identifier: BSD-2-Clause
#include "core/irq/interrupt.h"

#include <utility>

#include "core/memory/per_cpu.h"
#include "core/observe/log.h"
#include "core/observe/trace.h"
#include "core/sync/lock.h"

namespace core {
namespace {

constexpr u32 maximum_handlers = 256;
constexpr u32 no_line = ~0u;

struct Handler {
    std::atomic<InterruptFunction> function{nullptr};
    void* argument = nullptr;
    u32 vector = 0;
    u32 cpu = 0;
    u32 line = no_line;
    u32 next = 0; // slot of the next handler on the same vector, 0 for none
    std::atomic<u32> running{0};
};

struct Vector {
    std::atomic<u32> first{0}; // slot of the first handler, 0 for none
    u32 line = no_line;
    bool level = false;
    u32 unclaimed = 0; // in a row; a storm nobody claims is masked
};

constinit Handler g_handlers[maximum_handlers + 1]{};
constinit Vector g_vectors[256]{};
constinit Lock<lock_class::interrupt> g_lock;
struct Counts {
    u64 by_vector[256]{};
};
constinit PerCpu<Counts> g_counts;

u32 find_slot() PITH_REQUIRES(g_lock) {
    for (u32 slot = 1; slot <= maximum_handlers; ++slot) {
        if (g_handlers[slot].vector == 0)
            return slot;
    }
    return 0;
}
u32 find_vector() PITH_REQUIRES(g_lock) {
    for (u32 vector = arch::first_interrupt_vector(); vector <= arch::last_interrupt_vector();
         ++vector) {
        if (g_vectors[vector].first.load(std::memory_order_relaxed) == 0)
            return vector;
    }
    return 0;
}
u32 vector_of_line(u32 line) PITH_REQUIRES(g_lock) {
    for (u32 vector = arch::first_interrupt_vector(); vector <= arch::last_interrupt_vector();
         ++vector) {
        if (g_vectors[vector].first.load(std::memory_order_relaxed) != 0 &&
            g_vectors[vector].line == line)
            return vector;
    }
    return 0;
}

// Claims a slot on `vector`, or on a fresh one if 0; returns the slot, 0 if there is none.
u32 claim(u32 vector, InterruptFunction function, void* argument) PITH_REQUIRES(g_lock) {
    const u32 slot = find_slot();
    if (vector == 0)
        vector = find_vector();
    if (slot == 0 || vector == 0)
        return 0;
    Handler& handler = g_handlers[slot];
    handler.vector = vector;
    handler.argument = argument;
    handler.line = no_line;
    handler.next = g_vectors[vector].first.load(std::memory_order_relaxed);
    handler.function.store(function, std::memory_order_relaxed);
    g_vectors[vector].first.store(slot, std::memory_order_release);
    return slot;
}

void unlink(u32 slot) PITH_REQUIRES(g_lock) {
    Handler& handler = g_handlers[slot];
    Vector& vector = g_vectors[handler.vector];
    if (vector.first.load(std::memory_order_relaxed) == slot) {
        vector.first.store(handler.next, std::memory_order_release);
    } else {
        u32 before = vector.first.load(std::memory_order_relaxed);
        while (g_handlers[before].next != slot)
            before = g_handlers[before].next;
        g_handlers[before].next = handler.next;
    }
    if (vector.first.load(std::memory_order_relaxed) == 0)
        vector.line = no_line;
}

} // namespace

Interrupt::Interrupt(Interrupt&& other) noexcept : slot_(std::exchange(other.slot_, 0)) {}
Interrupt& Interrupt::operator=(Interrupt&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
}

Result<Interrupt> Interrupt::connect_message(InterruptFunction function, void* argument, u32 cpu) {
    LockGuard<lock_class::interrupt> guard(g_lock);
    Interrupt connected;
    connected.slot_ = claim(0, function, argument);
    if (connected.slot_ == 0)
        return Failure(Errno::nospc);
    g_handlers[connected.slot_].cpu = cpu;
    g_vectors[g_handlers[connected.slot_].vector].level = false;
    return connected;
}

Result<Interrupt> Interrupt::connect_line(u32 line, arch::LineTrigger trigger,
                                          arch::LinePolarity polarity, InterruptFunction function,
                                          void* argument) {
    Interrupt connected;
    {
        LockGuard<lock_class::interrupt> guard(g_lock);
        connected.slot_ = claim(vector_of_line(line), function, argument);
        if (connected.slot_ == 0)
            return Failure(Errno::nospc);
        Handler& handler = g_handlers[connected.slot_];
        handler.line = line;
        Vector& vector = g_vectors[handler.vector];
        vector.line = line;
        vector.level = trigger == arch::LineTrigger::level;
        vector.unclaimed = 0;
    }
    TRY(arch::route_line(line, g_handlers[connected.slot_].vector, 0, trigger, polarity));
    arch::mask_line(line, false);
    return connected;
}

Interrupt::~Interrupt() {
    if (slot_ == 0)
        return;
    Handler& handler = g_handlers[slot_];
    u32 line = no_line;
    {
        LockGuard<lock_class::interrupt> guard(g_lock);
        handler.function.store(nullptr, std::memory_order_release);
        unlink(slot_);
        if (g_vectors[handler.vector].first.load(std::memory_order_relaxed) == 0)
            line = handler.line;
    }
    if (line != no_line)
        arch::mask_line(line, true);
    while (handler.running.load(std::memory_order_acquire) != 0)
        arch::spin_pause();
    LockGuard<lock_class::interrupt> guard(g_lock);
    handler.vector = 0; // the slot is free
}

arch::InterruptMessage Interrupt::message() const {
    const Handler& handler = g_handlers[slot_];
    return arch::interrupt_message(handler.vector, handler.cpu);
}
u32 Interrupt::vector() const { return slot_ ? g_handlers[slot_].vector : 0; }

void dispatch_interrupt(u32 number) {
    Vector& vector = g_vectors[number];
    trace(TraceEvent::interrupt, number);
    ++g_counts.here().by_vector[number];
    bool claimed = false;
    for (u32 slot = vector.first.load(std::memory_order_acquire); slot != 0;) {
        Handler& handler = g_handlers[slot];
        handler.running.fetch_add(1, std::memory_order_acquire);
        if (const InterruptFunction function = handler.function.load(std::memory_order_acquire))
            claimed |= function(handler.argument) == InterruptAnswer::handled;
        const u32 next = handler.next;
        handler.running.fetch_sub(1, std::memory_order_release);
        slot = next;
    }
    if (claimed) {
        vector.unclaimed = 0;
    } else if (++vector.unclaimed == 10'000 && vector.line != no_line) {
        LOG_ERROR("interrupt: line {} raised 10000 times and nobody claims it: masked",
                  vector.line);
        arch::mask_line(vector.line, true);
    }
}

u64 interrupt_count(u32 vector, u32 cpu) { return g_counts.of(cpu).by_vector[vector]; }

} // namespace core
