// SPDX-License-Identifier: BSD-2-Clause
// Settings of a terminal: termios in its old and new forms, line speeds, the window, draining and
// flushing.
#include "linux/tty/terminal_settings.h"

#include <algorithm>

#include "core/time/clock.h"
#include "linux/signal/send.h"
#include "linux/tty/terminal.h"

namespace linux {

namespace {
// Codes 0..15 of CBAUD, and those with CBAUDEX from 1 on (asm-generic/termbits.h).
constexpr u32 classic_speeds[16] = {0,   50,  75,   110,  134,  150,  200,   300,
                                    600, 1200, 1800, 2400, 4800, 9600, 19200, 38400};
constexpr u32 extended_speeds[16] = {0,       57600,   115200,  230400,  460800,  500000,
                                     576000,  921600,  1000000, 1152000, 1500000, 2000000,
                                     2500000, 3000000, 3500000, 4000000};

// The speed a code stands for; `other` for BOTHER.
u32 speed_of(u32 code, u32 other) {
    if ((code & hardware_mode::speed_extended) == 0)
        return classic_speeds[code & 15];
    return (code & 15) == 0 ? other : extended_speeds[code & 15];
}
} // namespace

void fill_in_speeds(Termios2& settings) {
    const u32 hardware = settings.basic.hardware;
    settings.output_speed = speed_of(hardware & hardware_mode::speed_mask, settings.output_speed);
    const u32 input_code =
        (hardware >> hardware_mode::input_speed_shift) & hardware_mode::speed_mask;
    settings.input_speed =
        input_code == 0 ? settings.output_speed : speed_of(input_code, settings.input_speed);
}

u32 speed_code(u32 speed) {
    for (u32 code = 0; code < 16; ++code)
        if (classic_speeds[code] == speed)
            return code;
    for (u32 code = 1; code < 16; ++code)
        if (extended_speeds[code] == speed)
            return code | hardware_mode::speed_extended;
    return hardware_mode::speed_extended;
}

TermioOld to_old(const Termios& settings) {
    TermioOld old{};
    old.input = static_cast<u16>(settings.input);
    old.output = static_cast<u16>(settings.output);
    old.hardware = static_cast<u16>(settings.hardware);
    old.local = static_cast<u16>(settings.local);
    old.line = settings.line;
    std::copy_n(settings.control, 8, old.control);
    return old;
}

// The old form has the low halves of the flags and eight control characters.
Termios from_old(const TermioOld& old, const Termios& present) {
    Termios settings = present;
    const auto low = [](u32& target, u16 value) { target = (target & 0xffff'0000) | value; };
    low(settings.input, old.input);
    low(settings.output, old.output);
    low(settings.hardware, old.hardware);
    low(settings.local, old.local);
    std::copy_n(old.control, 8, settings.control);
    return settings;
}

namespace {
// Bits that are locked keep their old value.
Termios with_locked(const Termios& wanted, const Termios& old, const Termios& locked) {
    const auto mix = [](u32 now, u32 before, u32 lock) { return (now & ~lock) | (before & lock); };
    Termios result = wanted;
    result.input = mix(wanted.input, old.input, locked.input);
    result.output = mix(wanted.output, old.output, locked.output);
    result.hardware = mix(wanted.hardware, old.hardware, locked.hardware);
    result.local = mix(wanted.local, old.local, locked.local);
    for (usize index = 0; index < std::size(result.control); ++index)
        if (locked.control[index] != 0)
            result.control[index] = old.control[index];
    return result;
}
} // namespace

Termios Terminal::settings() const {
    TtyGuard guard(lock_);
    return discipline_.settings();
}

Termios2 Terminal::settings2() const {
    TtyGuard guard(lock_);
    return {discipline_.settings(), input_speed_, output_speed_};
}

void Terminal::set_settings(const Termios2& wanted) {
    TtyGuard guard(lock_);
    const Termios2 old{discipline_.settings(), input_speed_, output_speed_};
    Termios2 settings = wanted;
    settings.basic = with_locked(wanted.basic, old.basic, locked_);
    settings.basic.line = 0;
    driver_.settings_changed(*this, old, settings);
    input_speed_ = settings.input_speed;
    output_speed_ = settings.output_speed;
    discipline_.apply(settings.basic);
    input_changed_locked();
    write_queue_.wake_all(poll_event::out | poll_event::write_normal);
}

bool Terminal::is_drained() const {
    return output_used_.load(std::memory_order_relaxed) == 0 && driver_.unsent() == 0;
}

void Terminal::output_left() {
    if (is_drained())
        write_queue_.wake_all(poll_event::out | poll_event::write_normal);
}

Result<> Terminal::drain() {
    const auto empty = [this] { return is_drained(); };
    // A pty's output counts as sent once it lies in the ring.
    if (driver_.is_pty() || empty())
        return {};
    // The line tells when it took bytes, not when the last one left: look again now and then.
    const auto gone = [&] { return empty() || driver_.is_disconnected(); };
    const u32 seen = hang_ups();
    while (!gone() && hang_ups() == seen) {
        const auto outcome = write_queue_.wait(gone, core::Sleep::interruptible,
                                               core::now() + base::milliseconds(10));
        if (!outcome && outcome.error() == Errno::intr)
            return Failure(Errno::restartsys);
    }
    return {};
}

void Terminal::flush(u32 queue) {
    TtyGuard guard(lock_);
    if (queue != flush_queue::output) {
        {
            StreamGuard stream(input_lock_);
            input_.clear();
        }
        discipline_.drop_input();
        input_changed_locked();
        driver_.flushed(*this, flush_queue::input);
    }
    if (queue != flush_queue::input)
        drop_output();
}

WindowSize Terminal::window() const {
    TtyGuard guard(lock_);
    return window_;
}

void Terminal::set_window(const WindowSize& window) {
    {
        TtyGuard guard(lock_);
        if (window_ == window)
            return;
        window_ = window;
    }
    signal_foreground(signal_number::winch);
}

bool Terminal::packet_flow_default() const {
    const Termios now = settings();
    return (now.input & input_mode::flow_output) != 0 &&
           now.control[control_character::stop] == 19 &&
           now.control[control_character::start] == 17;
}

} // namespace linux
