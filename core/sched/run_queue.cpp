// SPDX-License-Identifier: BSD-2-Clause
#include "core/sched/run_queue.h"

#include <utility>

#include "core/sched/scheduler.h"

namespace core {
namespace {

constinit PerCpu<RunQueue> g_run_queues;

// How far behind the others a sleeper may wake up, and by how much it must be behind to push the
// current thread aside: cycles, about 3 ms and 0.5 ms at 1 GHz.
constexpr u64 sleeper_credit = 3'000'000;
constexpr u64 wake_granularity = 500'000;

unsigned level(const Thread& thread) {
    constexpr unsigned lowest = 1;
    const unsigned asked = thread.scheduling.parameters.real_time_priority;
    return asked < lowest ? lowest : asked;
}

} // namespace

bool is_real_time(const Thread& thread) {
    return thread.scheduling.parameters.scheduling_class == SchedulingClass::real_time ||
           Scheduler::is_boosted(thread);
}

RunQueue& run_queue(u32 cpu) { return g_run_queues.of(cpu); }

void RunQueue::enqueue(Thread& thread, Arrival arrival) {
    SchedulingEntity& entity = thread.scheduling;
    entity.queued = true;
    const bool gives_way = std::exchange(entity.gives_way, false);
    waiting_.store(waiting() + 1, std::memory_order_relaxed);
    if (is_real_time(thread)) {
        const unsigned n = level(thread);
        // A preempted real-time thread keeps its turn unless its slice is over.
        if (arrival == Arrival::preempted && !gives_way)
            real_time_[n].push_front(thread);
        else
            real_time_[n].push_back(thread);
        real_time_bits_[n / 64] |= u64{1} << n % 64;
        return;
    }
    if (arrival == Arrival::woken)
        catch_up(entity);
    fair_.push(thread);
}

void RunQueue::catch_up(SchedulingEntity& entity) const {
    if (entity.virtual_runtime + sleeper_credit < least_runtime_)
        entity.virtual_runtime = least_runtime_ - sleeper_credit;
}

bool RunQueue::may_pass_queue(const Thread& thread) const {
    return waiting() == 0 || (!is_real_time(thread) && !is_real_time(*current));
}

void RunQueue::pass_queue(Thread& thread) {
    SchedulingEntity& entity = thread.scheduling;
    if (is_real_time(thread))
        return;
    catch_up(entity);
    const Thread* first = fair_.top();
    const u64 least = first && first->scheduling.virtual_runtime < entity.virtual_runtime
                          ? first->scheduling.virtual_runtime
                          : entity.virtual_runtime;
    if (least > least_runtime_)
        least_runtime_ = least;
}

void RunQueue::dequeue(Thread& thread) {
    thread.scheduling.queued = false;
    waiting_.store(waiting() - 1, std::memory_order_relaxed);
    if (thread.fair_node.queued) {
        fair_.remove(thread);
        return;
    }
    const unsigned n = level(thread);
    thread.run_link.unlink();
    if (real_time_[n].empty())
        real_time_bits_[n / 64] &= ~(u64{1} << n % 64);
}

Thread& RunQueue::pick() {
    for (unsigned word = 2; word-- > 0;) {
        if (real_time_bits_[word] == 0)
            continue;
        const unsigned n =
            word * 64 + 63 - static_cast<unsigned>(__builtin_clzll(real_time_bits_[word]));
        Thread& thread = real_time_[n].front();
        dequeue(thread);
        return thread;
    }
    Thread* thread = fair_.top();
    if (!thread)
        return *idle;
    if (thread->scheduling.virtual_runtime > least_runtime_)
        least_runtime_ = thread->scheduling.virtual_runtime;
    dequeue(*thread);
    return *thread;
}

bool RunQueue::should_preempt(const Thread& thread) const {
    if (current == idle)
        return true;
    if (is_real_time(thread))
        return !is_real_time(*current) || level(thread) > level(*current);
    if (is_real_time(*current))
        return false;
    return thread.scheduling.virtual_runtime + wake_granularity <
           current->scheduling.virtual_runtime;
}

bool RunQueue::somebody_waits_for(const Thread& thread) const {
    if (!is_real_time(thread))
        return waiting() != 0;
    const unsigned n = level(thread);
    for (unsigned i = n; i < real_time_levels; ++i) {
        if (real_time_bits_[i / 64] >> i % 64 & 1)
            return true;
    }
    return false;
}

Thread* RunQueue::find_movable(u32 cpu) {
    // The one that would run next is cheapest to find; it is also the one whose wait is longest
    // over.
    Thread* thread = fair_.top();
    if (thread && (thread->scheduling.affinity >> cpu & 1))
        return thread;
    return nullptr;
}

void RunQueue::account(u64 cycles_now) {
    SchedulingEntity& entity = current->scheduling;
    const u64 spent = cycles_now - entity.accounted;
    entity.accounted = cycles_now;
    if (current == idle) {
        idle_cycles += spent;
        return;
    }
    entity.consumed.add(spent);
    busy.add(spent);
    entity.slice_used += spent;
    entity.virtual_runtime += entity.weight == 1024 ? spent : spent * 1024 / entity.weight;
}

void RunQueue::sample(bool user) {
    if (current == idle)
        return;
    current->scheduling.consumed.add_sample(user);
    busy.add_sample(user);
}

} // namespace core
