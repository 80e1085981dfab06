// SPDX-License-Identifier: BSD-2-Clause
// timer_create(2) and its kin. A periodic timer is armed again when its signal is taken; how often
// it would have expired meanwhile is the overrun.
#include <algorithm>

#include "core/time/clock.h"
#include "linux/process/process_table.h"
#include "linux/process/usage.h"
#include "linux/signal/internal.h"
#include "linux/syscall/syscall.h"
#include "linux/time/clocks.h"
#include "linux/time/process_timers.h"

namespace linux {

Nanos consumed(const Process& process, CpuClock clock);
void look_again(AlarmTimer& timer, Nanos reading);

namespace {

Nanos reading_of(const PosixTimer& timer) {
    switch (timer.cpu_clock) {
    case CpuClock::none: return core::now();
    case CpuClock::thread_total: {
        const Usage usage = usage_of_task(Task::of(*timer.counted));
        return usage.user + usage.system;
    }
    default: return consumed(timer.owner.process, timer.cpu_clock);
    }
}

void arm_locked(PosixTimer& timer) {
    if (timer.cpu_clock == CpuClock::none) {
        timer.arm(timer.expires);
        return;
    }
    const Nanos reading = reading_of(timer);
    if (timer.expires > reading)
        look_again(timer, reading);
    else
        timer.arm(core::now());
}

// Moves past `now`; gives the number of periods that went by beyond the first.
i32 advance(PosixTimer& timer, Nanos now) {
    if (now < timer.expires)
        return 0;
    const u64 missed = (now.value - timer.expires.value) / timer.interval.value;
    timer.expires += Nanos((missed + 1) * timer.interval.value);
    return static_cast<i32>(std::min<u64>(missed, INT32_MAX));
}

void notify_locked(PosixTimer& timer, Nanos now) {
    const bool periodic = timer.interval.value != 0;
    bool sent = false;
    if (timer.notify != notify_kind::none) {
        Task* task = timer.to_thread ? &Task::of(*timer.target) : nullptr;
        sent = send_timer_signal(timer.owner.process, task, timer.entry);
    }
    if (!periodic) {
        timer.armed = false;
        return;
    }
    if (sent) {
        timer.waits_for_delivery = true;
        return;
    }
    (void)advance(timer, now);
    arm_locked(timer);
}

void expired(core::Timer& core_timer) {
    auto& timer = static_cast<PosixTimer&>(core_timer);
    core::LockGuard guard(timer.owner.lock);
    if (!timer.armed || timer.waits_for_delivery)
        return;
    const Nanos now = reading_of(timer);
    if (now < timer.expires)
        arm_locked(timer);
    else
        notify_locked(timer, now);
}

PosixTimer* find_locked(ProcessTimers& timers, i32 id) {
    for (PosixTimer& timer : timers.timers)
        if (timer.id == id)
            return &timer;
    return nullptr;
}

Result<ProcessTimers*> own_timers() {
    ProcessTimers* timers = Process::current().timers.load(std::memory_order_acquire);
    if (!timers)
        return Failure(Errno::inval);
    return timers;
}

Result<CpuClock> clock_kind(i32 clock) {
    if (is_wall_clock(clock) || is_monotonic_clock(clock)) {
        const bool has_timers = clock == clock_id::realtime || clock == clock_id::monotonic ||
                                clock == clock_id::boottime || clock == clock_id::tai ||
                                clock == clock_id::realtime_alarm ||
                                clock == clock_id::boottime_alarm;
        if (!has_timers)
            return Failure(Errno::opnotsupp);
        return CpuClock::none;
    }
    (void)TRY(read_clock(clock));
    if (clock == clock_id::thread_cpu || (clock < 0 && (clock & 4) != 0))
        return CpuClock::thread_total;
    return clock < 0 && (clock & 3) == 1 ? CpuClock::process_user : CpuClock::process_total;
}

Result<RefOrNull<core::Thread>> thread_named(Pid tid) {
    const TaskRef task = ProcessTable::find_task(tid);
    if (!task || task->process != Task::current().process)
        return Failure(Errno::inval);
    return RefOrNull<core::Thread>::share(task->thread);
}

Result<> apply_event(PosixTimer& timer, const SignalEvent& event) {
    const i32 kind = event.notify & ~notify_kind::thread_id;
    timer.notify = kind;
    timer.number = event.number;
    timer.to_thread = (event.notify & notify_kind::thread_id) != 0;
    if (kind < notify_kind::signal || kind > notify_kind::thread ||
        (timer.to_thread && kind != notify_kind::signal))
        return Failure(Errno::inval);
    if (kind != notify_kind::none && (event.number < 1 || event.number > signal_number::last))
        return Failure(Errno::inval);
    if (timer.to_thread)
        timer.target = TRY(thread_named(event.thread_id));
    SigInfo& info = timer.entry.info;
    info = {};
    info.number = event.number;
    info.code = signal_code::timer;
    info.details.timer.timer = timer.id;
    info.details.timer.value = event.value;
    timer.entry.of_timer = true;
    return {};
}

void destroy(PosixTimer* timer) {
    timer->cancel();
    forget_timer_signal(timer->owner.process, timer->entry);
    delete timer;
}

struct Setting {
    Nanos value, interval;
};

Setting read_locked(const PosixTimer& timer) {
    Setting setting = {Nanos(), timer.interval};
    if (!timer.armed)
        return setting;
    const Nanos now = reading_of(timer);
    Nanos expires = timer.expires;
    if (now >= expires && timer.interval.value != 0)
        expires += Nanos(((now - expires).value / timer.interval.value + 1) * timer.interval.value);
    setting.value = expires > now ? expires - now
                    : timer.notify == notify_kind::none ? Nanos()
                                                        : Nanos(1);
    return setting;
}

void set_locked(PosixTimer& timer, const Setting& wanted, bool absolute) {
    timer.waits_for_delivery = false;
    timer.interval = wanted.interval;
    timer.armed = wanted.value.value != 0;
    timer.overrun = 0;
    if (!timer.armed)
        return;
    if (!absolute)
        timer.expires = reading_of(timer) + wanted.value;
    else
        timer.expires = timer.cpu_clock == CpuClock::none ? to_monotonic(timer.clock, wanted.value)
                                                          : wanted.value;
    arm_locked(timer);
}

} // namespace

PosixTimer::PosixTimer(ProcessTimers& timers, i32 number)
    : AlarmTimer(timers, expired), id(number) {}

void ProcessTimers::delete_posix_timers() {
    while (true) {
        PosixTimer* timer;
        {
            core::LockGuard guard(lock);
            timer = timers.pop_front();
            if (timer)
                timer->armed = false;
        }
        if (!timer)
            return;
        destroy(timer);
    }
}

void posix_timer_delivered(Process& process, SigInfo& info) {
    ProcessTimers* timers = process.timers.load(std::memory_order_acquire);
    if (!timers)
        return;
    core::LockGuard guard(timers->lock);
    PosixTimer* timer = find_locked(*timers, info.details.timer.timer);
    if (!timer || !timer->waits_for_delivery)
        return;
    timer->waits_for_delivery = false;
    timer->overrun = advance(*timer, reading_of(*timer));
    info.details.timer.overrun = timer->overrun;
    arm_locked(*timer);
}

Result<u64> sys_timer_create(i32 clock, UserIn<SignalEvent> event_source, UserOut<i32> id_target) {
    const CpuClock kind = TRY(clock_kind(clock));
    ProcessTimers& timers = *TRY(ProcessTimers::of(Process::current()));
    i32 id;
    {
        core::LockGuard guard(timers.lock);
        do {
            id = timers.next_id;
            timers.next_id = (id + 1) & INT32_MAX;
        } while (find_locked(timers, id));
    }
    Box<PosixTimer> timer = TRY(Box<PosixTimer>::create(timers, id));
    timer->clock = clock;
    timer->cpu_clock = kind;
    SignalEvent event = {static_cast<u64>(static_cast<u32>(id)), signal_number::alrm,
                         notify_kind::signal, 0, {}};
    if (event_source)
        event = TRY(event_source.read());
    TRY(apply_event(*timer, event));
    if (kind == CpuClock::thread_total)
        timer->counted = TRY(thread_named(clock < 0 && ~(clock >> 3) != 0 ? ~(clock >> 3)
                                                                           : Task::current().tid));
    TRY(id_target.write(id));
    core::LockGuard guard(timers.lock);
    timers.timers.push_back(*timer.release());
    return 0;
}

Result<u64> sys_timer_settime(i32 id, i32 flags, UserIn<IntervalTimerSpec> fresh,
                              UserOut<IntervalTimerSpec> old) {
    if (!fresh)
        return Failure(Errno::inval);
    const IntervalTimerSpec wanted = TRY(fresh.read());
    TRY(check_time(wanted.value));
    TRY(check_time(wanted.interval));
    ProcessTimers& timers = *TRY(own_timers());
    Setting before;
    {
        core::LockGuard guard(timers.lock);
        PosixTimer* timer = find_locked(timers, id);
        if (!timer)
            return Failure(Errno::inval);
        before = read_locked(*timer);
        set_locked(*timer, {to_nanos(wanted.value), to_nanos(wanted.interval)},
                   (flags & static_cast<i32>(timer_absolute)) != 0);
    }
    if (old)
        TRY(old.write({to_time_spec(before.interval), to_time_spec(before.value)}));
    return 0;
}

Result<u64> sys_timer_gettime(i32 id, UserOut<IntervalTimerSpec> target) {
    ProcessTimers& timers = *TRY(own_timers());
    Setting setting;
    {
        core::LockGuard guard(timers.lock);
        PosixTimer* timer = find_locked(timers, id);
        if (!timer)
            return Failure(Errno::inval);
        setting = read_locked(*timer);
    }
    TRY(target.write({to_time_spec(setting.interval), to_time_spec(setting.value)}));
    return 0;
}

Result<u64> sys_timer_getoverrun(i32 id) {
    ProcessTimers& timers = *TRY(own_timers());
    core::LockGuard guard(timers.lock);
    const PosixTimer* timer = find_locked(timers, id);
    if (!timer)
        return Failure(Errno::inval);
    return static_cast<u64>(timer->overrun);
}

Result<u64> sys_timer_delete(i32 id) {
    ProcessTimers& timers = *TRY(own_timers());
    PosixTimer* timer;
    {
        core::LockGuard guard(timers.lock);
        timer = find_locked(timers, id);
        if (!timer)
            return Failure(Errno::inval);
        timers.timers.remove(*timer);
        timer->armed = false;
    }
    destroy(timer);
    return 0;
}

} // namespace linux
