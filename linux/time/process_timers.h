// SPDX-License-Identifier: BSD-2-Clause
// The timers of a process: alarm(2) and setitimer(2), timer_create(2), the CPU-time limit. Made
// when first used. Its lock may be taken from the timer interrupt and comes before
// ProcessSignals::lock.
#pragma once

#include "abi/linux/signal.h"
#include "abi/linux/time.h"
#include "base/list.h"
#include "core/sync/lock.h"
#include "core/time/timer.h"
#include "linux/process/process.h"
#include "linux/signal/signal_state.h"

namespace linux {

// The clocks a process timer counts on.
enum class CpuClock : u8 { none, process_total, process_user, thread_total };

// One timer that sends signals: an interval timer's or a POSIX timer's moving parts. Fields are
// guarded by the owner's lock.
class AlarmTimer : public core::Timer {
public:
    AlarmTimer(ProcessTimers& of, Function function, CpuClock counts_on = CpuClock::none)
        : Timer(function), owner(of), cpu_clock(counts_on) {}

    ProcessTimers& owner;
    CpuClock cpu_clock;
    Nanos expires;  // on its clock (monotonic for wall-time ones); meaningful while armed
    Nanos interval; // 0: once
    bool armed = false;
};

class PosixTimer : public AlarmTimer {
public:
    PosixTimer(ProcessTimers& owner, i32 number);

    const i32 id;
    i32 clock = 0;
    i32 notify = 0;
    i32 number = 0;
    bool to_thread = false;         // SIGEV_THREAD_ID
    RefOrNull<core::Thread> target; // that thread
    RefOrNull<core::Thread> counted; // the thread whose CPU time is the clock
    bool waits_for_delivery = false; // periodic: re-armed when its signal is taken
    i32 overrun = 0;                // of the last delivered signal
    QueuedSignal entry;          // what is queued; linked while pending
    ListLink link;
};

class ProcessTimers {
public:
    explicit ProcessTimers(Process& of_process);
    ~ProcessTimers();

    Process& process;
    core::Lock<core::lock_class::process_timers> lock;
    AlarmTimer real;     // ITIMER_REAL
    AlarmTimer virtual_; // ITIMER_VIRTUAL: user time
    AlarmTimer profile;  // ITIMER_PROF: user and system time
    AlarmTimer cpu_limit; // RLIMIT_CPU
    List<PosixTimer, &PosixTimer::link> timers; // guarded by lock
    i32 next_id = 0;

    // The timers of a process, made if absent. Errors: nomem.
    static Result<ProcessTimers*> of(Process& process);
    // exec: POSIX timers go, interval timers stay. Exit: all go. Process context, no lock held.
    void delete_posix_timers();
    void cancel_all();
};

// Starts watching RLIMIT_CPU after the limit was set. Errors: nomem.
Result<> watch_cpu_limit(Process& process);
// A queued signal of a POSIX timer was taken: fills in the overrun and re-arms. Process context,
// without ProcessSignals::lock.
void posix_timer_delivered(Process& process, SigInfo& info);

} // namespace linux
