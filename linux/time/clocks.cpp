// SPDX-License-Identifier: BSD-2-Clause
// Reading and setting clocks, sleeping on them.
#include "linux/time/clocks.h"

#include "core/time/clock.h"
#include "linux/exec/vdso.h"
#include "linux/process/usage.h"
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr u64 nanos_in_second = 1'000'000'000;
constexpr u64 coarse_resolution = 4'000'000; // what Debian's kernel gives (HZ=250)
constexpr i64 latest_settable = 0x7fff'ffff'ffff'ffff / 1'000'000'000 - 30ll * 365 * 24 * 3600;

// A negative number is a CPU-time clock: ~pid in the upper bits, then "per thread", then the kind.
struct CpuClockId {
    Pid pid;
    bool per_thread;
    u32 kind; // 0 user and system, 1 user, 2 scheduled time, 3 a file descriptor's
};
CpuClockId decode(i32 clock) {
    return {~(clock >> 3), (clock & 4) != 0, static_cast<u32>(clock & 3)};
}

Nanos total(const Usage& usage, u32 kind) {
    return kind == 1 ? usage.user : usage.user + usage.system;
}

Result<Nanos> read_cpu_clock(const CpuClockId& id) {
    if (id.kind == 3)
        return Failure(Errno::inval);
    if (id.per_thread) {
        if (id.pid == 0)
            return total(usage_of_task(Task::current()), id.kind);
        const TaskRef task = ProcessTable::find_task(id.pid);
        if (!task || task->process != Task::current().process)
            return Failure(Errno::inval);
        return total(usage_of_task(*task), id.kind);
    }
    if (id.pid == 0)
        return total(Process::current().usage(), id.kind);
    const RefOrNull<Process> process = ProcessTable::find(id.pid);
    if (!process)
        return Failure(Errno::inval);
    return total(process->usage(), id.kind);
}

bool is_coarse(i32 clock) {
    return clock == clock_id::realtime_coarse || clock == clock_id::monotonic_coarse;
}

bool has_sleep(i32 clock) {
    switch (clock) {
    case clock_id::realtime:
    case clock_id::monotonic:
    case clock_id::boottime:
    case clock_id::tai:
    case clock_id::realtime_alarm:
    case clock_id::boottime_alarm: return true;
    default: return false;
    }
}

// Sleeps and, when a signal ends it, says what is left.
Result<u64> sleep_relative(Nanos deadline, UserVirt left);

Result<u64> resume_sleep(RestartBlock& block) {
    return sleep_relative(Nanos(block.words[0]), UserVirt(block.words[1]));
}

Result<u64> sleep_relative(Nanos deadline, UserVirt left) {
    const Result<> slept = core::sleep_until(deadline, core::Sleep::interruptible);
    if (slept)
        return 0;
    const Nanos now = core::now();
    if (now >= deadline)
        return 0;
    if (!left.is_null()) {
        const TimeSpec rest = to_time_spec(deadline - now);
        TRY(core::copy_to_user(left, &rest, sizeof(rest)));
    }
    RestartBlock& block = Task::current().restart;
    block.function = resume_sleep;
    block.words[0] = deadline.value;
    block.words[1] = left.value;
    return Failure(Errno::restart_restartblock);
}

Result<u64> sleep_absolute(i32 clock, Nanos moment) {
    while (true) {
        const Nanos deadline = to_monotonic(clock, moment);
        if (core::now() >= deadline)
            return 0;
        if (!core::sleep_until(deadline, core::Sleep::interruptible))
            return Failure(Errno::restartnohand);
    }
}

// CPU time of a process passes in steps: look again after as much time as could be missing.
Result<u64> sleep_on_cpu_clock(i32 clock, Nanos moment) {
    while (true) {
        const Nanos reading = TRY(read_clock(clock));
        if (reading >= moment)
            return 0;
        const Nanos deadline = core::now() + (moment - reading);
        if (!core::sleep_until(deadline, core::Sleep::interruptible))
            return Failure(Errno::restartnohand);
    }
}

} // namespace

Result<> check_time(TimeSpec time) {
    const bool good = time.seconds >= 0 && time.nanoseconds >= 0 &&
                      static_cast<u64>(time.nanoseconds) < nanos_in_second;
    return good ? Result<>() : Failure(Errno::inval);
}

Nanos to_nanos(TimeSpec time) {
    constexpr u64 longest = 0x7fff'ffff'ffff'ffff;
    const u64 seconds = static_cast<u64>(time.seconds);
    if (seconds >= longest / nanos_in_second)
        return Nanos(longest);
    return Nanos(seconds * nanos_in_second + static_cast<u64>(time.nanoseconds));
}

Nanos deadline_after(TimeSpec timeout) { return core::now() + to_nanos(timeout); }

bool is_wall_clock(i32 clock) {
    return clock == clock_id::realtime || clock == clock_id::realtime_coarse ||
           clock == clock_id::realtime_alarm || clock == clock_id::tai;
}

bool is_monotonic_clock(i32 clock) {
    return clock == clock_id::monotonic || clock == clock_id::monotonic_raw ||
           clock == clock_id::monotonic_coarse || clock == clock_id::boottime ||
           clock == clock_id::boottime_alarm;
}

Nanos to_monotonic(i32 clock, Nanos moment) {
    if (!is_wall_clock(clock))
        return moment;
    const i64 since_boot = static_cast<i64>(moment.value) - core::wall_offset();
    return Nanos(since_boot < 0 ? 0 : static_cast<u64>(since_boot));
}

Result<Nanos> read_clock(i32 clock) {
    if (is_monotonic_clock(clock))
        return core::now();
    if (is_wall_clock(clock))
        return core::wall_now();
    if (clock == clock_id::process_cpu)
        return read_cpu_clock({0, false, 2});
    if (clock == clock_id::thread_cpu)
        return read_cpu_clock({0, true, 2});
    if (clock >= 0)
        return Failure(Errno::inval);
    return read_cpu_clock(decode(clock));
}

Result<u64> sys_clock_gettime(i32 clock, UserOut<TimeSpec> target) {
    TRY(target.write(to_time_spec(TRY(read_clock(clock)))));
    return 0;
}

Result<u64> sys_clock_getres(i32 clock, UserOut<TimeSpec> target) {
    (void)TRY(read_clock(clock));
    const bool ticks = clock < 0 && decode(clock).kind < 2;
    const bool rough = is_coarse(clock) || ticks;
    if (target)
        TRY(target.write({0, static_cast<i64>(rough ? coarse_resolution : 1)}));
    return 0;
}

namespace {

Result<> set_wall_clock(TimeSpec time) {
    TRY(check_time(time));
    if (time.seconds > latest_settable)
        return Failure(Errno::inval);
    if (!capable(Capability::sys_time))
        return Failure(Errno::perm);
    core::set_wall_clock(to_nanos(time));
    update_clock_page();
    return {};
}

} // namespace

Result<u64> sys_clock_settime(i32 clock, UserIn<TimeSpec> source) {
    if (clock != clock_id::realtime) {
        (void)TRY(read_clock(clock));
        const bool cpu =
            clock < 0 || clock == clock_id::process_cpu || clock == clock_id::thread_cpu;
        return Failure(cpu ? Errno::perm : Errno::inval);
    }
    TRY(set_wall_clock(TRY(source.read())));
    return 0;
}

Result<u64> sys_clock_nanosleep(i32 clock, i32 flags, UserIn<TimeSpec> request,
                                UserOut<TimeSpec> left) {
    const bool cpu = clock == clock_id::process_cpu || (clock < 0 && decode(clock).kind != 3);
    if (!cpu && !has_sleep(clock)) {
        const bool known = clock >= 0 && read_clock(clock);
        return Failure(known ? Errno::opnotsupp : Errno::inval);
    }
    const TimeSpec time = TRY(request.read());
    TRY(check_time(time));
    const bool absolute = (flags & static_cast<i32>(timer_absolute)) != 0;
    if ((clock == clock_id::realtime_alarm || clock == clock_id::boottime_alarm) &&
        !capable(Capability::wake_alarm))
        return Failure(Errno::perm);
    if (cpu) {
        const Nanos start = absolute ? Nanos() : TRY(read_clock(clock));
        return sleep_on_cpu_clock(clock, start + to_nanos(time));
    }
    if (absolute)
        return sleep_absolute(clock, to_nanos(time));
    return sleep_relative(core::now() + to_nanos(time), left.address());
}

Result<u64> sys_nanosleep(UserIn<TimeSpec> request, UserOut<TimeSpec> left) {
    const TimeSpec time = TRY(request.read());
    TRY(check_time(time));
    return sleep_relative(core::now() + to_nanos(time), left.address());
}

Result<u64> sys_gettimeofday(UserOut<TimeVal> target, UserOut<TimeZone> zone) {
    if (target)
        TRY(target.write(to_time_val(core::wall_now())));
    if (zone) {
        TimeZone value = {};
        get_time_zone(value.minutes_west, value.daylight);
        TRY(zone.write(value));
    }
    return 0;
}

Result<u64> sys_settimeofday(UserIn<TimeVal> source, UserIn<TimeZone> zone) {
    TimeSpec time = {};
    if (source) {
        const TimeVal value = TRY(source.read());
        if (value.microseconds < 0 || value.microseconds > 1'000'000)
            return Failure(Errno::inval);
        time = {value.seconds, value.microseconds * 1000};
    }
    TimeZone new_zone = {};
    if (zone)
        new_zone = TRY(zone.read());
    if (source)
        TRY(check_time(time));
    if (!capable(Capability::sys_time))
        return Failure(Errno::perm);
    if (zone) {
        if (new_zone.minutes_west > 15 * 60 || new_zone.minutes_west < -15 * 60)
            return Failure(Errno::inval);
        set_time_zone(new_zone.minutes_west, new_zone.daylight);
    }
    if (source)
        TRY(set_wall_clock(time));
    return 0;
}

Result<u64> sys_time(UserOut<i64> target) {
    const i64 now = static_cast<i64>(core::wall_now().value / nanos_in_second);
    if (target)
        TRY(target.write(now));
    return static_cast<u64>(now);
}

namespace {

constexpr i32 time_error = 5; // TIME_ERROR: not synchronised
constexpr i32 status_unsynchronised = 0x40;
constexpr u32 adjust_known = 0x37ff | 0x8000; // ADJ_*: all there are

// The clock keeps to the cycle counter: it can be stepped, not steered.
Result<u64> adjust_clock(UserInOut<TimeAdjustment> target) {
    TimeAdjustment time = TRY(target.read());
    constexpr u32 set_offset = 0x0100, nano = 0x2000, single_shot_read = 0xa001;
    if (time.modes != 0 && time.modes != single_shot_read) {
        if ((time.modes & ~adjust_known) != 0)
            return Failure(Errno::inval);
        if (!capable(Capability::sys_time))
            return Failure(Errno::perm);
        if (time.modes & set_offset) {
            const i64 part = time.time.microseconds * (time.modes & nano ? 1 : 1000);
            if (part < 0 || part >= static_cast<i64>(nanos_in_second))
                return Failure(Errno::inval);
            const i64 step = time.time.seconds * static_cast<i64>(nanos_in_second) + part;
            core::set_wall_clock(Nanos(core::wall_now().value + static_cast<u64>(step)));
            update_clock_page();
        }
    }
    const u32 modes = time.modes;
    time = {};
    time.modes = modes;
    time.maximum_error = time.estimated_error = 16'000'000;
    time.status = status_unsynchronised;
    time.constant = 2;
    time.precision = 1;
    time.tolerance = 32'768'000;
    time.tick = 10'000;
    time.time = to_time_val(core::wall_now());
    TRY(target.write(time));
    return static_cast<u64>(time_error);
}

} // namespace

Result<u64> sys_adjtimex(UserInOut<TimeAdjustment> target) { return adjust_clock(target); }

Result<u64> sys_clock_adjtime(i32 clock, UserInOut<TimeAdjustment> target) {
    if (clock != clock_id::realtime)
        return Failure(read_clock(clock) ? Errno::opnotsupp : Errno::inval);
    return adjust_clock(target);
}

} // namespace linux
