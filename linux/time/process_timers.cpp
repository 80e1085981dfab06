// SPDX-License-Identifier: BSD-2-Clause
// Interval timers, alarm, and the limit of CPU time. Timers on CPU time are core timers that look
// at what was consumed when that much time could have passed.
#include "linux/time/process_timers.h"

#include <algorithm>

#include "core/time/clock.h"
#include "linux/process/usage.h"
#include "linux/signal/internal.h"
#include "linux/syscall/syscall.h"
#include "linux/time/clocks.h"

namespace linux {

namespace {

namespace sig = signal_number;

constexpr Nanos shortest_look{100'000}; // between two looks at CPU time

void send(Process& process, i32 number) {
    (void)send_signal(process, SigInfo::from_kernel(number));
}

// Advances an expired timer past `now`; false if it was for once.
bool advance(AlarmTimer& timer, Nanos now) {
    if (timer.interval.value == 0) {
        timer.armed = false;
        return false;
    }
    const u64 missed = (now.value - timer.expires.value) / timer.interval.value;
    timer.expires += Nanos((missed + 1) * timer.interval.value);
    return true;
}

void real_expired(core::Timer& core_timer) {
    auto& timer = static_cast<AlarmTimer&>(core_timer);
    core::LockGuard guard(timer.owner.lock);
    const Nanos now = core::now();
    if (!timer.armed)
        return;
    if (now >= timer.expires) {
        send(timer.owner.process, sig::alrm);
        if (!advance(timer, now))
            return;
    }
    timer.arm(timer.expires);
}

} // namespace

Nanos consumed(const Process& process, CpuClock clock) {
    const Usage usage = process.usage();
    return clock == CpuClock::process_user ? usage.user : usage.user + usage.system;
}

void look_again(AlarmTimer& timer, Nanos reading) {
    const u64 tasks = std::max<u64>(timer.owner.process.task_count, 1);
    const Nanos wait((timer.expires - reading).value / tasks);
    timer.arm(core::now() + std::max(wait, shortest_look));
}

namespace {

void cpu_expired(core::Timer& core_timer, i32 number) {
    auto& timer = static_cast<AlarmTimer&>(core_timer);
    core::LockGuard guard(timer.owner.lock);
    if (!timer.armed)
        return;
    const Nanos reading = consumed(timer.owner.process, timer.cpu_clock);
    if (reading >= timer.expires) {
        send(timer.owner.process, number);
        if (!advance(timer, reading))
            return;
    }
    look_again(timer, reading);
}

void virtual_expired(core::Timer& timer) { cpu_expired(timer, sig::vtalrm); }
void profile_expired(core::Timer& timer) { cpu_expired(timer, sig::prof); }

void limit_expired(core::Timer& core_timer) {
    auto& timer = static_cast<AlarmTimer&>(core_timer);
    Process& process = timer.owner.process;
    core::LockGuard guard(timer.owner.lock);
    if (!timer.armed)
        return;
    const Nanos reading = consumed(process, timer.cpu_clock);
    if (reading >= timer.expires) {
        const u64 hard = process.limits(Resource::cpu).maximum;
        if (hard != unlimited && reading.value / 1'000'000'000 >= hard) {
            send(process, sig::kill);
            return;
        }
        send(process, sig::xcpu); // and again each second
        timer.expires += base::seconds(1);
    }
    if (timer.expires > reading)
        look_again(timer, reading);
    else
        timer.arm(core::now() + shortest_look);
}

} // namespace

ProcessTimers::ProcessTimers(Process& of_process)
    : process(of_process), real(*this, real_expired),
      virtual_(*this, virtual_expired, CpuClock::process_user),
      profile(*this, profile_expired, CpuClock::process_total),
      cpu_limit(*this, limit_expired, CpuClock::process_total) {}

ProcessTimers::~ProcessTimers() { cancel_all(); }

Result<ProcessTimers*> ProcessTimers::of(Process& process) {
    ProcessTimers* timers = process.timers.load(std::memory_order_acquire);
    if (timers)
        return timers;
    auto* fresh = new (base::fallible) ProcessTimers(process);
    if (!fresh)
        return Failure(Errno::nomem);
    if (process.timers.compare_exchange_strong(timers, fresh, std::memory_order_acq_rel))
        return fresh;
    delete fresh;
    return timers;
}

void ProcessTimers::cancel_all() {
    AlarmTimer* const fixed[] = {&real, &virtual_, &profile, &cpu_limit};
    {
        core::LockGuard guard(lock);
        for (AlarmTimer* timer : fixed)
            timer->armed = false;
    }
    for (AlarmTimer* timer : fixed)
        timer->cancel();
    delete_posix_timers();
}

Result<> watch_cpu_limit(Process& process) {
    const u64 seconds = process.limit(Resource::cpu);
    if (seconds == unlimited && !process.timers.load(std::memory_order_acquire))
        return {};
    ProcessTimers& timers = *TRY(ProcessTimers::of(process));
    core::LockGuard guard(timers.lock);
    AlarmTimer& timer = timers.cpu_limit;
    timer.armed = seconds != unlimited && seconds < unlimited / 1'000'000'000;
    if (!timer.armed)
        return {};
    timer.expires = base::seconds(std::max<u64>(seconds, 1));
    const Nanos reading = consumed(process, timer.cpu_clock);
    if (timer.expires > reading)
        look_again(timer, reading);
    else
        timer.arm(core::now());
    return {};
}

namespace {

struct TimerReading {
    Nanos value, interval;
};

AlarmTimer* chosen(ProcessTimers& timers, i32 which) {
    switch (which) {
    case interval_timer::real: return &timers.real;
    case interval_timer::virtual_: return &timers.virtual_;
    default: return &timers.profile;
    }
}

TimerReading read_locked(const AlarmTimer& timer) {
    TimerReading reading = {Nanos(), timer.interval};
    if (!timer.armed)
        return reading;
    const Nanos now = timer.cpu_clock == CpuClock::none
                          ? core::now()
                          : consumed(timer.owner.process, timer.cpu_clock);
    // An armed timer that is due reads as the shortest time, not as "off".
    reading.value = timer.expires > now ? timer.expires - now : Nanos(1000);
    return reading;
}

TimerReading set_timer(ProcessTimers& timers, i32 which, Nanos value, Nanos interval) {
    AlarmTimer& timer = *chosen(timers, which);
    TimerReading before;
    {
        core::LockGuard guard(timers.lock);
        before = read_locked(timer);
        timer.interval = interval;
        timer.armed = value.value != 0;
        if (timer.armed && timer.cpu_clock == CpuClock::none) {
            timer.expires = core::now() + value;
            timer.arm(timer.expires);
        } else if (timer.armed) {
            const Nanos reading = consumed(timers.process, timer.cpu_clock);
            timer.expires = reading + value;
            look_again(timer, reading);
        }
    }
    if (value.value == 0)
        timer.cancel();
    return before;
}

Result<Nanos> to_nanos_checked(TimeVal time) {
    if (time.seconds < 0 || time.microseconds < 0 || time.microseconds >= 1'000'000)
        return Failure(Errno::inval);
    return to_nanos({time.seconds, time.microseconds * 1000});
}

IntervalTimerValue to_user(const TimerReading& reading) {
    return {to_time_val(reading.interval), to_time_val(reading.value)};
}

Result<> check_which(i32 which) {
    return which >= 0 && which <= interval_timer::profile ? Result<>() : Failure(Errno::inval);
}

} // namespace

Result<u64> sys_getitimer(i32 which, UserOut<IntervalTimerValue> target) {
    TRY(check_which(which));
    TimerReading reading;
    if (ProcessTimers* timers = Process::current().timers.load(std::memory_order_acquire)) {
        core::LockGuard guard(timers->lock);
        reading = read_locked(*chosen(*timers, which));
    }
    TRY(target.write(to_user(reading)));
    return 0;
}

Result<u64> sys_setitimer(i32 which, UserIn<IntervalTimerValue> fresh,
                          UserOut<IntervalTimerValue> old) {
    IntervalTimerValue wanted = {};
    if (fresh)
        wanted = TRY(fresh.read());
    TRY(check_which(which));
    const Nanos value = TRY(to_nanos_checked(wanted.value));
    const Nanos interval = TRY(to_nanos_checked(wanted.interval));
    ProcessTimers& timers = *TRY(ProcessTimers::of(Process::current()));
    const TimerReading before = set_timer(timers, which, value, interval);
    if (old)
        TRY(old.write(to_user(before)));
    return 0;
}

Result<u64> sys_alarm(u32 seconds) {
    ProcessTimers& timers = *TRY(ProcessTimers::of(Process::current()));
    const TimerReading before =
        set_timer(timers, interval_timer::real, base::seconds(seconds), Nanos());
    // Rounded, but never to 0 while it runs.
    const u64 left = before.value.value;
    const u64 rounded = (left + 500'000'000) / 1'000'000'000;
    return left != 0 && rounded == 0 ? 1 : rounded;
}

} // namespace linux
