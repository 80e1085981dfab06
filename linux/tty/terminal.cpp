// SPDX-License-Identifier: BSD-2-Clause
// Reading, writing and polling a terminal, and the bytes between it and its line.
#include "linux/tty/terminal.h"

#include "core/time/clock.h"
#include "linux/signal/send.h"
#include "linux/tty/terminal_file.h"

namespace linux {

namespace {
constexpr core::WakeEvents read_events = poll_event::in | poll_event::read_normal;
constexpr core::WakeEvents write_events = poll_event::out | poll_event::write_normal;
constexpr u32 output_low_water = 256; // room that makes a terminal writable
constexpr u32 input_low_water = 128;  // room below which the line should pause
constexpr usize chunk_size = 512;
constexpr Nanos tenth_of_second{100'000'000};
} // namespace

Terminal::Terminal(TerminalDriver& driver, DeviceNumber number, const Termios& settings)
    : ControllingTerminal(core::ObjectKind::event), driver_(driver), number_(number),
      discipline_(static_cast<LineHost&>(*this)) {
    discipline_.apply(settings);
}

Result<Ref<Terminal>> Terminal::create(TerminalDriver& driver, DeviceNumber number,
                                       const Termios& settings) {
    return Ref<Terminal>::create(driver, number, settings);
}

Result<> Terminal::open(TerminalFile&, bool may_become_controlling) {
    {
        TtyGuard guard(lock_);
        if (exclusive_ && !capable(Capability::sys_admin))
            return Failure(Errno::busy);
        if (open_count_ == 0)
            TRY(driver_.first_open(*this));
        ++open_count_;
    }
    if (may_become_controlling)
        try_become_controlling();
    return {};
}

void Terminal::close(TerminalFile&) {
    bool last;
    {
        TtyGuard guard(lock_);
        last = --open_count_ == 0;
        if (last) {
            exclusive_ = false;
            driver_.last_close(*this);
        }
    }
}

// The line.

bool Terminal::put(std::span<const u8> bytes) {
    StreamGuard guard(output_lock_);
    if (output_.room() < bytes.size())
        return false;
    output_.push(bytes);
    if (stopped_.load(std::memory_order_relaxed))
        withheld_ += static_cast<u32>(bytes.size());
    output_used_.store(output_.used(), std::memory_order_relaxed);
    return true;
}

u32 Terminal::sendable() const { return output_.used() - withheld_; }

u32 Terminal::output_take(std::span<u8> target) {
    u32 taken, used;
    {
        StreamGuard guard(output_lock_);
        taken = output_.pop(target, sendable());
        used = output_.used();
        output_used_.store(used, std::memory_order_relaxed);
    }
    if (taken != 0 && ring_size - used >= output_low_water)
        write_queue_.wake_all(write_events);
    return taken;
}

u32 Terminal::output_count() const {
    StreamGuard guard(output_lock_);
    return sendable();
}

u32 Terminal::write_kernel_text(std::span<const u8> text) {
    TtyGuard guard(lock_);
    return driver_.send_directly(text);
}

void Terminal::stop_output() {
    if (stopped_.exchange(true))
        return;
    {
        StreamGuard guard(output_lock_);
        // What is in a pty's ring has reached its master already.
        withheld_ = driver_.is_pty() ? 0 : output_.used();
    }
    driver_.flow_changed(*this, true);
}

void Terminal::start_output() {
    if (stopped_by_ioctl_ || !stopped_.exchange(false))
        return;
    {
        StreamGuard guard(output_lock_);
        withheld_ = 0;
    }
    driver_.flow_changed(*this, false);
    driver_.output_available(*this);
    write_queue_.wake_all(write_events);
}

void Terminal::drop_output() {
    {
        StreamGuard guard(output_lock_);
        output_.clear();
        withheld_ = 0;
        output_used_.store(0, std::memory_order_relaxed);
    }
    driver_.flushed(*this, flush_queue::output);
    write_queue_.wake_all(write_events);
}

usize Terminal::receive(std::span<const u8> bytes) {
    usize taken = 0;
    TtyGuard guard(lock_);
    feed_locked();
    bool backlog;
    {
        StreamGuard stream(input_lock_);
        backlog = !input_.empty();
    }
    if (!backlog)
        taken = discipline_.receive(bytes);
    input_changed_locked();
    if (taken < bytes.size())
        taken += receive_later(bytes.subspan(taken));
    driver_.output_available(*this);
    return taken;
}

usize Terminal::receive_later(std::span<const u8> bytes) {
    StreamGuard guard(input_lock_);
    return input_.push(bytes);
}

void Terminal::feed() {
    TtyGuard guard(lock_);
    feed_locked();
    driver_.output_available(*this);
}

// Gives waiting input to the discipline as far as there is room.
void Terminal::feed_locked() {
    bool any = false;
    while (true) {
        u8 chunk[64];
        u32 count;
        {
            StreamGuard guard(input_lock_);
            const auto part = input_.front(sizeof chunk);
            std::copy(part.begin(), part.end(), chunk);
            count = static_cast<u32>(part.size());
        }
        if (count == 0)
            break;
        const usize taken = discipline_.receive({chunk, count});
        {
            StreamGuard guard(input_lock_);
            input_.drop(static_cast<u32>(std::min<usize>(taken, input_.used())));
        }
        any = any || taken != 0;
        if (taken < count)
            break;
    }
    if (any) {
        driver_.input_taken(*this);
        input_changed_locked();
    }
}

void Terminal::receive_fault(LineFault fault) {
    TtyGuard guard(lock_);
    discipline_.receive_fault(fault, 0);
    input_changed_locked();
    driver_.output_available(*this);
}

u32 Terminal::input_room() const {
    StreamGuard guard(input_lock_);
    return input_.room();
}

void Terminal::input_changed_locked() {
    readable_.store(discipline_.readable(false), std::memory_order_relaxed);
    const bool readable = discipline_.readable(true);
    poll_readable_.store(readable, std::memory_order_relaxed);
    if (readable_.load(std::memory_order_relaxed))
        read_queue_.wake_all(read_events);
    check_throttle_locked();
}

void Terminal::check_throttle_locked() {
    const u32 room = discipline_.input_room();
    // A line without end never becomes readable: pausing would wait for ever.
    const bool full = room < input_low_water && discipline_.readable(false);
    if (full == throttled_)
        return;
    if (!full && room < 4 * input_low_water && discipline_.readable(false))
        return;
    throttled_ = full;
    driver_.throttle(*this, full);
}

// Reading.

Terminal::ReadRule Terminal::read_rule() const {
    TtyGuard guard(lock_);
    if (discipline_.is_canonical())
        return {true, 1, core::no_deadline, Nanos(0)};
    const Termios& settings = discipline_.settings();
    const u32 minimum = settings.control[control_character::minimum];
    const Nanos time(settings.control[control_character::time] * tenth_of_second.value);
    if (minimum == 0)
        return {false, 1, time, Nanos(0)};
    return {false, minimum, core::no_deadline, time};
}

Terminal::Portion Terminal::take(std::span<u8> chunk, bool fills_target) {
    Portion portion;
    TtyGuard guard(lock_);
    if (!discipline_.readable(false))
        return portion;
    portion.bytes = discipline_.take(chunk, portion.end);
    if (fills_target && portion.bytes == chunk.size() && !portion.end)
        discipline_.skip_end_of_file();
    feed_locked();
    portion.more = discipline_.readable(false);
    readable_.store(portion.more, std::memory_order_relaxed);
    poll_readable_.store(discipline_.readable(true), std::memory_order_relaxed);
    check_throttle_locked();
    return portion;
}

Result<> Terminal::wait_for_input(const TerminalFile& file, Nanos deadline, bool non_block) {
    if (driver_.is_disconnected())
        return Failure(Errno::io);
    if (file.is_hung_up() || deadline.value == 0)
        return Failure(Errno::timedout);
    if (non_block)
        return Failure(Errno::again);
    const auto ready = [&] {
        return readable_.load(std::memory_order_relaxed) || file.is_hung_up() ||
               driver_.is_disconnected();
    };
    const auto outcome = read_queue_.wait(ready, core::Sleep::interruptible, deadline);
    if (!outcome && outcome.error() == Errno::intr)
        return Failure(Errno::restartsys);
    return outcome;
}

Result<usize> Terminal::read(const TerminalFile& file, IoCursor& target, bool non_block) {
    if (!file.is_console())
        TRY(check_background(signal_number::ttin));
    const ReadRule rule = read_rule();
    const auto deadline_after = [](Nanos time) {
        return time.value == 0 || time == core::no_deadline ? time : core::now() + time;
    };
    Nanos deadline = deadline_after(rule.first);
    usize done = 0;
    while (!target.empty()) {
        u8 chunk[chunk_size];
        const usize wanted = std::min(target.left(), sizeof chunk);
        const Portion portion = take({chunk, wanted}, wanted == target.left());
        if (portion.bytes != 0) {
            const usize copied = TRY(target.copy_to(chunk, portion.bytes));
            done += copied;
            if (copied < portion.bytes)
                break;
            if (rule.between.value != 0)
                deadline = core::now() + rule.between;
        }
        if (portion.end)
            break;
        if (portion.bytes != 0 && (portion.more || (rule.canonical && target.empty())))
            continue;
        if (done >= rule.minimum)
            break;
        const auto outcome = wait_for_input(file, deadline, non_block);
        if (!outcome) {
            if (done == 0 && outcome.error() != Errno::timedout)
                return Failure(outcome.error());
            break;
        }
    }
    return done;
}

// Writing.

usize Terminal::send(std::span<const u8> bytes) {
    TtyGuard guard(lock_);
    usize sent = 0;
    if (!stopped_.load(std::memory_order_relaxed))
        sent = discipline_.send(bytes);
    driver_.output_available(*this);
    return sent;
}

bool Terminal::may_write() const {
    return !stopped_.load(std::memory_order_relaxed) &&
           ring_size - output_used_.load(std::memory_order_relaxed) >= output_low_water;
}

Result<> Terminal::wait_for_output_room(const TerminalFile& file) {
    const auto ready = [&] {
        return may_write() || file.is_hung_up() || driver_.is_disconnected();
    };
    if (!write_queue_.wait(ready, core::Sleep::interruptible))
        return Failure(Errno::restartsys);
    return {};
}

Result<usize> Terminal::write(const TerminalFile& file, IoCursor& source, bool non_block) {
    if ((settings().local & local_mode::stop_background) != 0 && !file.is_console())
        TRY(check_background(signal_number::ttou));
    usize done = 0;
    u8 chunk[chunk_size];
    while (!source.empty()) {
        const usize wanted = std::min(source.left(), sizeof chunk);
        const auto copied = source.copy_from(chunk, wanted);
        if (!copied)
            return done != 0 ? Result<usize>(done) : Failure(copied.error());
        for (usize sent = 0; sent < *copied;) {
            Result<> outcome;
            if (file.is_hung_up() || driver_.is_disconnected())
                outcome = Failure(Errno::io);
            const usize count = outcome ? send({chunk + sent, *copied - sent}) : 0;
            sent += count;
            done += count;
            if (outcome && sent < *copied)
                outcome = non_block ? Failure(Errno::again) : wait_for_output_room(file);
            if (!outcome)
                return done != 0 ? Result<usize>(done) : Failure(outcome.error());
        }
        if (*copied < wanted)
            break;
    }
    return done;
}

u32 Terminal::poll_events(const TerminalFile&) const {
    u32 events = 0;
    if (poll_readable_.load(std::memory_order_relaxed))
        events |= poll_event::in | poll_event::read_normal;
    if (driver_.is_disconnected())
        events |= poll_event::hang_up;
    if (may_write())
        events |= poll_event::out | poll_event::write_normal;
    return events;
}

} // namespace linux
