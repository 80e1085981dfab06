// SPDX-License-Identifier: BSD-2-Clause
// timerfd_create(2): timers that are read. The timer on the monotonic clock fires once; a repeating
// one is moved on to its next moment when it is read or asked for, which counts what was missed.
#include "linux/poll/timer_file.h"

#include <utility>

#include "abi/linux/poll.h"
#include "base/immortal.h"
#include "core/time/clock.h"
#include "core/time/timer.h"
#include "linux/poll/anonymous_file.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr u64 nanos_in_second = 1'000'000'000;
constexpr u64 far_future = u64{1} << 62; // later than any machine runs

u64 to_nanos(const TimeSpec& time) {
    if (static_cast<u64>(time.seconds) >= far_future / nanos_in_second)
        return far_future;
    return static_cast<u64>(time.seconds) * nanos_in_second + static_cast<u64>(time.nanoseconds);
}
TimeSpec to_time(u64 nanos) {
    return {static_cast<i64>(nanos / nanos_in_second), static_cast<i64>(nanos % nanos_in_second)};
}
bool is_valid(const TimeSpec& time) {
    return time.seconds >= 0 && time.nanoseconds >= 0 &&
           static_cast<u64>(time.nanoseconds) < nanos_in_second;
}

class TimerFile final : public AnonymousFile {
public:
    TimerFile(i32 clock, u32 flags)
        : AnonymousFile(flags, FileFamily::timer, "[timerfd]"), clock_(clock), timer_(*this) {}
    ~TimerFile() override;
    static TimerFile& of(OpenFile& file) { return static_cast<TimerFile&>(file); }

    bool is_on_wall_clock() const {
        return clock_ == clock_number::wall || clock_ == clock_number::wall_alarm;
    }
    void enlist();
    TimerSetting set(u32 flags, const TimerSetting& setting);
    TimerSetting get();
    void clock_was_set();

    Result<usize> read(IoCursor& target, u64 offset, IoFlags flags) override;
    u32 poll(PollRegistration* registration) override;
    void describe_details(base::FormatSink& sink) const override;

    ListLink link; // among all on the wall clock; guarded by the list's lock

private:
    struct ExpiryTimer : core::Timer {
        explicit ExpiryTimer(TimerFile& file) : Timer(&fire), owner(file) {}
        static void fire(core::Timer& timer) {
            TimerFile& file = static_cast<ExpiryTimer&>(timer).owner;
            file.expired_.store(true, std::memory_order_release);
            file.queue_.wake_all(poll_event::in);
        }
        TimerFile& owner;
    };
    using StateGuard = core::LockGuard<core::lock_class::timer_file>;

    // The moment `deadline_` on the monotonic clock.
    Nanos on_monotonic(u64 deadline) const;
    u64 now_on_clock() const;
    void arm();
    void catch_up();
    TimerSetting get_locked();
    bool take_cancellation();
    bool is_ready() const {
        return expired_.load(std::memory_order_acquire) ||
               cancelled_.load(std::memory_order_relaxed);
    }

    const i32 clock_;
    mutable core::Lock<core::lock_class::timer_file> lock_;
    u64 deadline_ = 0;  // on its own clock, 0 while disarmed; guarded by lock_
    u64 interval_ = 0;  // guarded by lock_
    u64 ticks_ = 0;     // expirations counted and not read; guarded by lock_
    u32 set_flags_ = 0; // of the last setting; guarded by lock_
    std::atomic<bool> expired_{false}; // the timer fired and was not accounted for
    std::atomic<bool> cancelled_{false};
    std::atomic<bool> cancels_{false};
    core::WaitQueue queue_;
    ExpiryTimer timer_;
};

// Those on the wall clock.
struct WallTimers {
    core::Lock<core::lock_class::timer_file_list> lock;
    List<TimerFile, &TimerFile::link> files; // guarded by lock
};
constinit Immortal<WallTimers> g_wall_timers;
using ListGuard = core::LockGuard<core::lock_class::timer_file_list>;

void TimerFile::enlist() {
    ListGuard guard(g_wall_timers->lock);
    g_wall_timers->files.push_back(*this);
}

TimerFile::~TimerFile() {
    if (is_on_wall_clock()) {
        ListGuard guard(g_wall_timers->lock);
        if (link.is_linked())
            link.unlink();
    }
    timer_.cancel();
}

u64 TimerFile::now_on_clock() const {
    return is_on_wall_clock() ? core::wall_now().value : core::now().value;
}

Nanos TimerFile::on_monotonic(u64 deadline) const {
    if (!is_on_wall_clock())
        return Nanos(deadline);
    const i64 moment = static_cast<i64>(deadline) - core::wall_offset();
    return Nanos(moment > 0 ? static_cast<u64>(moment) : 0);
}

void TimerFile::arm() {
    timer_.cancel();
    if (deadline_ != 0)
        timer_.arm(on_monotonic(deadline_));
}

// Accounts for an expiry; a repeating timer goes on to its next moment. Lock held.
void TimerFile::catch_up() {
    if (!expired_.exchange(false, std::memory_order_acq_rel))
        return;
    ++ticks_;
    if (interval_ == 0) {
        deadline_ = 0;
        return;
    }
    const u64 now = now_on_clock();
    u64 missed = 0;
    if (now > deadline_)
        missed = (now - deadline_) / interval_;
    ticks_ += missed;
    deadline_ += (missed + 1) * interval_;
    arm();
}

TimerSetting TimerFile::get_locked() {
    // What was counted so far stays to be read; only the time left is asked for.
    const u64 ticks = ticks_;
    catch_up();
    if (ticks_ != ticks)
        queue_.wake_all(poll_event::in);
    TimerSetting setting{.interval = to_time(interval_), .value = {}};
    if (deadline_ != 0) {
        const u64 now = now_on_clock();
        setting.value = to_time(deadline_ > now ? deadline_ - now : 1);
    }
    return setting;
}

TimerSetting TimerFile::get() {
    StateGuard guard(lock_);
    return get_locked();
}

TimerSetting TimerFile::set(u32 flags, const TimerSetting& setting) {
    StateGuard guard(lock_);
    const TimerSetting old = get_locked();
    timer_.cancel();
    expired_.store(false, std::memory_order_relaxed);
    cancelled_.store(false, std::memory_order_relaxed);
    ticks_ = 0;
    set_flags_ = flags;
    constexpr u32 both = timerfd_flag::absolute | timerfd_flag::cancel_on_set;
    cancels_.store(is_on_wall_clock() && (flags & both) == both, std::memory_order_relaxed);
    interval_ = to_nanos(setting.interval);
    const u64 value = to_nanos(setting.value);
    deadline_ = 0;
    if (value != 0)
        deadline_ = (flags & timerfd_flag::absolute) != 0 ? value : now_on_clock() + value;
    arm();
    return old;
}

void TimerFile::clock_was_set() {
    if (cancels_.load(std::memory_order_relaxed)) {
        cancelled_.store(true, std::memory_order_relaxed);
        queue_.wake_all(poll_event::in);
    }
    StateGuard guard(lock_);
    // A relative setting measures a duration, which the clock does not change.
    if ((set_flags_ & timerfd_flag::absolute) == 0 || expired_.load(std::memory_order_acquire))
        return;
    arm();
}

bool TimerFile::take_cancellation() {
    return cancelled_.exchange(false, std::memory_order_relaxed);
}

Result<usize> TimerFile::read(IoCursor& target, u64, IoFlags flags) {
    if (target.left() < sizeof(u64))
        return Failure(Errno::inval);
    while (true) {
        u64 ticks;
        {
            StateGuard guard(lock_);
            if (take_cancellation()) {
                ticks_ = 0;
                expired_.store(false, std::memory_order_relaxed);
                return Failure(Errno::canceled);
            }
            catch_up();
            ticks = std::exchange(ticks_, 0);
        }
        if (ticks != 0)
            return target.copy_to(&ticks, sizeof ticks);
        if (flags.non_block)
            return Failure(Errno::again);
        if (!queue_.wait([this] { return is_ready(); }, core::Sleep::interruptible))
            return Failure(Errno::restartsys);
    }
}

u32 TimerFile::poll(PollRegistration* registration) {
    if (registration)
        registration->watch(queue_);
    if (is_ready())
        return poll_event::in;
    StateGuard guard(lock_);
    return ticks_ != 0 ? poll_event::in : 0;
}

void TimerFile::describe_details(base::FormatSink& sink) const {
    StateGuard guard(lock_);
    const u64 now = now_on_clock();
    const TimeSpec left = to_time(deadline_ > now ? deadline_ - now : 0);
    const TimeSpec interval = to_time(interval_);
    base::format(sink,
                 "clockid: {}\nticks: {}\nsettime flags: 0{}\nit_value: ({}, {})\n"
                 "it_interval: ({}, {})\n",
                 clock_, ticks_ + (expired_.load(std::memory_order_relaxed) ? 1 : 0), set_flags_,
                 left.seconds, left.nanoseconds, interval.seconds, interval.nanoseconds);
}

Result<u64> create(i32 clock, u32 flags) {
    auto file = TRY(Ref<TimerFile>::create(clock, open_flag::read_write |
                                                      (flags & open_flag::non_block)));
    if (file->is_on_wall_clock())
        file->enlist();
    return TRY(install_file(std::move(file), (flags & open_flag::close_on_exec) != 0));
}

// Errors: badf, inval (no timerfd).
Result<Ref<TimerFile>> timer_file(u32 fd) {
    auto file = TRY(borrow_file(fd));
    if (file->family() != FileFamily::timer)
        return Failure(Errno::inval);
    return Ref<TimerFile>::share(TimerFile::of(*file));
}

} // namespace

void wall_clock_was_set() {
    ListGuard guard(g_wall_timers->lock);
    for (TimerFile& file : g_wall_timers->files)
        file.clock_was_set();
}

Result<u64> sys_timerfd_create(i32 clock, u32 flags) {
    if ((flags & ~(open_flag::close_on_exec | open_flag::non_block)) != 0)
        return Failure(Errno::inval);
    switch (clock) {
    case clock_number::wall:
    case clock_number::monotonic:
    case clock_number::boot: break;
    case clock_number::wall_alarm:
    case clock_number::boot_alarm:
        if (!capable(Capability::wake_alarm))
            return Failure(Errno::perm);
        break;
    default: return Failure(Errno::inval);
    }
    return create(clock, flags);
}

Result<u64> sys_timerfd_settime(u32 fd, u32 flags, UserIn<TimerSetting> setting,
                                UserOut<TimerSetting> old) {
    const TimerSetting wanted = TRY(setting.read());
    if ((flags & ~(timerfd_flag::absolute | timerfd_flag::cancel_on_set)) != 0 ||
        !is_valid(wanted.value) || !is_valid(wanted.interval))
        return Failure(Errno::inval);
    const auto file = TRY(timer_file(fd));
    const TimerSetting before = file->set(flags, wanted);
    if (old)
        TRY(old.write(before));
    return 0;
}

Result<u64> sys_timerfd_gettime(u32 fd, UserOut<TimerSetting> setting) {
    const auto file = TRY(timer_file(fd));
    TRY(setting.write(file->get()));
    return 0;
}

} // namespace linux
