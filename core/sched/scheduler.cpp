// SPDX-License-Identifier: BSD-2-Clause
// Who runs where. A thread sleeps by setting its state and calling block(); wake() undoes the state
// under the lock of the run queue it last ran on, which is also held over every switch: a thread
// seen on_cpu under that lock really is the queue's current one.
#include "core/sched/scheduler.h"

#include "arch/api/interrupts.h"
#include "core/observe/trace.h"
#include "core/sched/run_queue.h"
#include "core/time/clock.h"
#include "core/time/timer_queue.h"
#include "core/vm/address_space.h"

namespace core {
namespace {

constexpr Nanos fair_slice = base::milliseconds(4);
constexpr Nanos round_robin_slice = base::milliseconds(100);

constinit std::atomic<u64> g_idle_cpus{0};
constinit std::atomic<u64> g_online{0};

u64 mask_of(u32 cpu) { return u64{1} << cpu; }

// Where a waking thread should go.
u32 choose_cpu(const Thread& thread, bool synchronous) {
    const SchedulingEntity& entity = thread.scheduling;
    const u64 allowed = entity.affinity & g_online.load(std::memory_order_relaxed);
    const u32 here = arch::cpu_index();
    const u64 idle = g_idle_cpus.load(std::memory_order_relaxed) & allowed;
    if (synchronous && (allowed & mask_of(here)) && run_queue(here).waiting() == 0)
        return here;
    if ((idle & mask_of(entity.cpu)) || (idle == 0 && (allowed & mask_of(entity.cpu))))
        return entity.cpu;
    if (idle != 0)
        return static_cast<u32>(__builtin_ctzll(idle));
    return static_cast<u32>(__builtin_ctzll(allowed));
}

// Tells CPU `cpu` to look at its queue again.
void kick(u32 cpu) {
    if (cpu == arch::cpu_index())
        arch::want_reschedule();
    else
        arch::send_reschedule(cpu);
}

// Puts a thread that belongs to `cpu`, but is on no CPU and in no queue, into its queue.
void place(Thread& thread, u32 cpu, Arrival arrival) {
    RunQueue& queue = run_queue(cpu);
    LockGuard<lock_class::run_queue> guard(queue.lock);
    thread.scheduling.moving = false;
    queue.enqueue(thread, arrival);
    if (queue.should_preempt(thread))
        kick(cpu);
}

// The thread, in no queue, belongs to `cpu` from now on; place() follows once the lock of the queue
// it belonged to, which is held, is released. In between it is in no queue, on no CPU and yet not
// asleep, whatever its state says: whoever wakes it or changes it sees `moving`.
void give_to(Thread& thread, u32 cpu) {
    thread.scheduling.moving = true;
    __atomic_store_n(&thread.scheduling.cpu, cpu, __ATOMIC_RELEASE);
}

// Takes the lock of the queue the thread belongs to, however it moves meanwhile.
RunQueue& lock_queue_of(Thread& thread) PITH_NO_ANALYSIS {
    while (true) {
        const u32 cpu = __atomic_load_n(&thread.scheduling.cpu, __ATOMIC_ACQUIRE);
        RunQueue& queue = run_queue(cpu);
        queue.lock.acquire();
        if (thread.scheduling.cpu == cpu)
            return queue;
        queue.lock.release();
    }
}

bool wake_thread(Thread& thread, std::atomic<ThreadState>& state,
                 bool synchronous) PITH_NO_ANALYSIS {
    RunQueue& queue = lock_queue_of(thread);
    if (state.load(std::memory_order_relaxed) != ThreadState::sleeping) {
        queue.lock.release();
        return false;
    }
    state.store(ThreadState::running, std::memory_order_relaxed);
    if (thread.scheduling.on_cpu.load(std::memory_order_relaxed) || thread.scheduling.queued ||
        thread.scheduling.moving) {
        queue.lock.release(); // it had not gone to sleep yet
        return true;
    }
    const u32 target = choose_cpu(thread, synchronous);
    if (target == thread.scheduling.cpu) {
        queue.enqueue(thread, Arrival::woken);
        const bool push =
            synchronous && queue.current != queue.idle ? false : queue.should_preempt(thread);
        if (push)
            kick(target);
        queue.lock.release();
        return true;
    }
    give_to(thread, target);
    queue.lock.release();
    place(thread, target, Arrival::woken);
    return true;
}

// An idle CPU takes a waiting thread from another.
void steal(u32 here) PITH_NO_ANALYSIS {
    u64 others = g_online.load(std::memory_order_relaxed) & ~mask_of(here);
    for (; others != 0; others &= others - 1) {
        RunQueue& queue = run_queue(static_cast<u32>(__builtin_ctzll(others)));
        if (queue.waiting() == 0)
            continue;
        queue.lock.acquire();
        Thread* thread = queue.find_movable(here);
        if (thread) {
            queue.dequeue(*thread);
            give_to(*thread, here);
        }
        queue.lock.release();
        if (thread) {
            place(*thread, here, Arrival::woken);
            return;
        }
    }
}

void switch_memory(Thread& next) {
    if (AddressSpace* space = next.address_space())
        arch::load_page_table(&space->page_table());
    // A kernel thread borrows whatever is loaded; space_released() takes it away before it is
    // freed.
}

} // namespace

void Scheduler::reschedule() PITH_NO_ANALYSIS {
    const u64 saved = arch::save_and_disable_interrupts();
    const u32 cpu = arch::cpu_index();
    RunQueue& queue = run_queue(cpu);
    queue.lock.acquire();
    arch::clear_reschedule();
    queue.note_look();
    Thread& previous = *queue.current;
    queue.account(arch::timestamp());
    const bool may_stay = (previous.scheduling.affinity & mask_of(cpu)) != 0;
    if (previous.notify_preemption)
        previous.work_.fetch_or(thread_work::notify, std::memory_order_relaxed);
    // A thread pushed aside between prepare() and block() is still runnable, whatever its state
    // says.
    if (&previous != queue.idle &&
        previous.state_.load(std::memory_order_relaxed) != ThreadState::dead) {
        if (may_stay)
            queue.enqueue(previous, Arrival::preempted);
        else
            queue.leaving = &previous;
    }
    switch_to(queue, previous, queue.pick(), 0);
    arch::restore_interrupts(saved);
}

void Scheduler::block() PITH_NO_ANALYSIS {
    arch::disable_interrupts();
    RunQueue& queue = run_queue(arch::cpu_index());
    queue.lock.acquire();
    Thread& previous = *queue.current;
    if (previous.state_.load(std::memory_order_relaxed) != ThreadState::sleeping ||
        previous.sleep_interrupted(previous.sleep_kind_)) {
        queue.lock.release();
        arch::enable_interrupts();
        return; // woken already
    }
    arch::clear_reschedule();
    queue.note_look();
    queue.account(arch::timestamp());
    ++previous.voluntary_switches_;
    switch_to(queue, previous, queue.pick(), 0);
    arch::enable_interrupts();
}

// The lock of `queue`, this CPU's, is held: a thread that belongs here and sleeps stays so.
bool Scheduler::may_hand_off(const RunQueue& queue, const Thread& previous, const Thread& next) {
    const SchedulingEntity& entity = next.scheduling;
    return previous.state_.load(std::memory_order_relaxed) == ThreadState::sleeping &&
           !previous.sleep_interrupted(previous.sleep_kind_) &&
           next.state_.load(std::memory_order_relaxed) == ThreadState::sleeping &&
           __atomic_load_n(&entity.cpu, __ATOMIC_RELAXED) == arch::cpu_index() && !entity.queued &&
           !entity.moving && !entity.on_cpu.load(std::memory_order_relaxed) &&
           (entity.affinity & mask_of(arch::cpu_index())) != 0 && !arch::reschedule_wanted() &&
           queue.may_pass_queue(next);
}

void Scheduler::block_and_run(Thread& next) PITH_NO_ANALYSIS {
    arch::disable_interrupts();
    RunQueue& queue = run_queue(arch::cpu_index());
    queue.lock.acquire();
    Thread& previous = *queue.current;
    if (!may_hand_off(queue, previous, next)) {
        queue.lock.release();
        arch::enable_interrupts();
        wake_synchronously(next);
        block();
        return;
    }
    next.state_.store(ThreadState::running, std::memory_order_relaxed);
    queue.note_look();
    queue.account(arch::timestamp());
    queue.pass_queue(next);
    ++previous.voluntary_switches_;
    // The slice goes along, so that two who call each other take no more than one's share.
    switch_to(queue, previous, next, previous.scheduling.slice_used);
    arch::enable_interrupts();
}

// The lock of `queue` is held and is dropped by whoever runs next, in finish_switch.
void Scheduler::switch_to(RunQueue& queue, Thread& previous, Thread& next,
                          u64 slice_used) PITH_NO_ANALYSIS {
    if (&next == &previous) {
        queue.lock.release();
        return;
    }
    queue.current = &next;
    if (next.notify_preemption && next.notified_cpu_ != arch::cpu_index()) [[unlikely]] {
        next.notified_cpu_ = arch::cpu_index();
        next.work_.fetch_or(thread_work::notify, std::memory_order_relaxed);
    }
    queue.switches.store(queue.switches.load(std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
    next.scheduling.accounted = previous.scheduling.accounted;
    next.scheduling.slice_used = slice_used;
    next.scheduling.on_cpu.store(true, std::memory_order_relaxed);
    if (&previous == queue.idle) {
        g_idle_cpus.fetch_and(~mask_of(arch::cpu_index()), std::memory_order_relaxed);
        TimerQueue::here().set_tick(now() + TimerQueue::tick_interval);
    }
    switch_memory(next);
    finish_switch(*arch::switch_context(previous, next));
}

void Scheduler::finish_switch(Thread& previous) PITH_NO_ANALYSIS {
    RunQueue& queue = run_queue(arch::cpu_index());
    trace(TraceEvent::thread_switch);
    Thread* leaving = queue.leaving;
    queue.leaving = nullptr;
    if (leaving) [[unlikely]]
        give_to(*leaving, choose_cpu(*leaving, false));
    previous.scheduling.on_cpu.store(false, std::memory_order_release);
    const bool dead = previous.state_.load(std::memory_order_relaxed) == ThreadState::dead;
    // Interrupts stay off: the lock was taken by another thread, whose saved state is not ours.
    queue.lock.release_after_switch();
    if (leaving) [[unlikely]]
        place(*leaving, leaving->scheduling.cpu, Arrival::moved);
    if (dead) [[unlikely]]
        previous.drop_reference();
}

void Scheduler::yield() {
    Thread& self = Thread::current();
    self.scheduling.gives_way = true;
    reschedule();
}

bool Scheduler::wake(Thread& thread) { return wake_thread(thread, thread.state_, false); }
bool Scheduler::wake_synchronously(Thread& thread) {
    return wake_thread(thread, thread.state_, true);
}

void Scheduler::start(Thread& thread) {
    thread.add_reference(); // the scheduler's, until it exits
    thread.scheduling.cpu = arch::cpu_index();
    arch::disable_preemption();
    // A child begins where its parent is in the race, so that forking gains nothing.
    thread.scheduling.virtual_runtime = Thread::current().scheduling.virtual_runtime;
    const u32 cpu = choose_cpu(thread, false);
    give_to(thread, cpu);
    place(thread, cpu, Arrival::moved);
    arch::enable_preemption();
}

void Scheduler::tick(bool from_user) PITH_NO_ANALYSIS {
    const u32 cpu = arch::cpu_index();
    RunQueue& queue = run_queue(cpu);
    if (!queue.current)
        return; // before the scheduler runs on this CPU
    queue.lock.acquire();
    queue.account(arch::timestamp());
    queue.sample(from_user);
    Thread& thread = *queue.current;
    const bool idle = &thread == queue.idle;
    Nanos slice = fair_slice;
    if (is_real_time(thread))
        slice = thread.scheduling.parameters.round_robin ? round_robin_slice : no_deadline;
    const bool over =
        slice != no_deadline && cycles_to_nanos(thread.scheduling.slice_used) >= slice;
    if (!idle && over && queue.somebody_waits_for(thread)) {
        ++thread.involuntary_switches_;
        thread.scheduling.gives_way = true;
        arch::want_reschedule();
    }
    queue.lock.release();
    // What an interrupt runs on top of the idle thread is looked at as well.
    const bool rests = idle && arch::cpu_block().interrupt_depth == 1;
    TimerQueue::here().set_tick(rests ? TimerQueue::no_tick : now() + TimerQueue::tick_interval);
    if (!idle && queue.waiting() > 0) {
        // Somebody waits here while another CPU sleeps: wake it, so that it steals.
        const u64 asleep = g_idle_cpus.load(std::memory_order_relaxed);
        if (asleep != 0)
            arch::send_reschedule(static_cast<u32>(__builtin_ctzll(asleep)));
    }
}

void Scheduler::adopt_idle(Thread& idle) {
    const u32 cpu = arch::cpu_index();
    RunQueue& queue = run_queue(cpu);
    idle.scheduling.parameters.scheduling_class = SchedulingClass::idle_task;
    idle.scheduling.affinity = mask_of(cpu);
    idle.scheduling.cpu = cpu;
    idle.scheduling.on_cpu.store(true);
    idle.scheduling.accounted = arch::timestamp();
    arch::cpu_block().current = &idle;
    queue.idle = &idle;
    queue.current = &idle;
    g_online.fetch_or(mask_of(cpu));
}

void Scheduler::idle_loop() {
    const u32 cpu = arch::cpu_index();
    RunQueue& queue = run_queue(cpu);
    while (true) {
        arch::disable_interrupts();
        g_idle_cpus.fetch_or(mask_of(cpu));
        if (queue.waiting() == 0)
            steal(cpu);
        if (queue.waiting() == 0 && !arch::reschedule_wanted()) {
            TimerQueue::here().set_tick(TimerQueue::no_tick);
            arch::enable_and_halt();
            continue;
        }
        reschedule();
        arch::enable_interrupts();
    }
}

Result<> Scheduler::set_affinity(Thread& thread, u64 mask) PITH_NO_ANALYSIS {
    const u64 online = g_online.load();
    if ((mask & online) == 0)
        return Failure(Errno::inval);
    RunQueue& queue = lock_queue_of(thread);
    thread.scheduling.affinity = mask;
    const u32 cpu = thread.scheduling.cpu;
    const bool must_move = (mask & mask_of(cpu)) == 0;
    u32 target = cpu;
    if (must_move && thread.scheduling.queued) {
        queue.dequeue(thread);
        target = choose_cpu(thread, false);
        give_to(thread, target);
    } else if (must_move && thread.scheduling.on_cpu.load()) {
        kick(cpu);
    }
    queue.lock.release();
    if (target != cpu)
        place(thread, target, Arrival::moved);
    return {};
}

namespace {

// Changes what decides a thread's place in its queue.
template<typename Function>
void change(Thread& thread, Function function) PITH_NO_ANALYSIS {
    RunQueue& queue = lock_queue_of(thread);
    const bool queued = thread.scheduling.queued;
    if (queued)
        queue.dequeue(thread);
    function(thread.scheduling);
    if (queued)
        queue.enqueue(thread, Arrival::moved);
    if (queue.current && (queued || queue.current == &thread))
        kick(thread.scheduling.cpu);
    queue.lock.release();
}

} // namespace

void Scheduler::set_parameters(Thread& thread, const SchedulingParameters& parameters) {
    // Weights by nice value: each step is a factor of 1.25 (sched_setattr(2); 1024 at 0).
    static constexpr u32 weights[40] = {88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705,
                                        14949, 11916, 9548,  7620,  6100,  4904,  3906,  3121,
                                        2501,  1991,  1586,  1277,  1024,  820,   655,   526,
                                        423,   335,   272,   215,   172,   137,   110,   87,
                                        70,    56,    45,    36,    29,    23,    18,    15};
    change(thread, [&](SchedulingEntity& entity) {
        entity.parameters = parameters;
        entity.weight = parameters.idle_policy ? 3 : weights[parameters.nice + 20];
    });
}

void Scheduler::boost(Thread& thread) {
    change(thread, [](SchedulingEntity& entity) {
        entity.boosts.fetch_add(1, std::memory_order_relaxed);
    });
}

void Scheduler::take_boost_back(Thread& thread) {
    change(thread, [](SchedulingEntity& entity) {
        entity.boosts.fetch_sub(1, std::memory_order_relaxed);
    });
}

u64 Scheduler::online_cpus() { return g_online.load(std::memory_order_relaxed); }
u32 Scheduler::cpu_count() { return static_cast<u32>(__builtin_popcountll(online_cpus())); }

u32 Scheduler::runnable_count() {
    u32 count = 0;
    for (u64 cpus = online_cpus(); cpus != 0; cpus &= cpus - 1) {
        const RunQueue& queue = run_queue(static_cast<u32>(__builtin_ctzll(cpus)));
        count += queue.waiting() + (queue.current != queue.idle ? 1 : 0);
    }
    return count;
}

Scheduler::CpuTimes Scheduler::cpu_times(u32 cpu) {
    const RunQueue& queue = run_queue(cpu);
    const CpuTimeSplit busy = queue.busy.split(false);
    return {busy.user, busy.system, cycles_to_nanos(queue.idle_cycles)};
}

Nanos busy_time() {
    Scheduler::account_current();
    u64 cycles = 0;
    for (u64 cpus = Scheduler::online_cpus(); cpus != 0; cpus &= cpus - 1)
        cycles += run_queue(static_cast<u32>(__builtin_ctzll(cpus))).busy.cycles();
    return cycles_to_nanos(cycles);
}

void Scheduler::account_current() PITH_NO_ANALYSIS {
    const u64 saved = arch::save_and_disable_interrupts();
    RunQueue& queue = run_queue(arch::cpu_index());
    queue.lock.acquire();
    queue.account(arch::timestamp());
    queue.lock.release();
    arch::restore_interrupts(saved);
}

u64 Scheduler::context_switches() {
    u64 count = 0;
    for (u64 cpus = online_cpus(); cpus != 0; cpus &= cpus - 1)
        count += run_queue(static_cast<u32>(__builtin_ctzll(cpus)))
                     .switches.load(std::memory_order_relaxed);
    return count;
}

u64 Scheduler::looks(u32 cpu) { return run_queue(cpu).looks.load(std::memory_order_relaxed); }

} // namespace core

namespace arch {

extern "C" void preempt_slow_path() {
    // The count is zero and a switch is wanted; it waits while interrupts are off.
    if (interrupts_enabled())
        core::Scheduler::reschedule();
}

extern "C" void finish_switch(core::Thread* previous) { core::Scheduler::finish_switch(*previous); }

} // namespace arch
