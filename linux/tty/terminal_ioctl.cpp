// SPDX-License-Identifier: BSD-2-Clause
// ioctl(2) on a terminal.
#include "core/vm/user_memory.h"
#include "linux/signal/send.h"
#include "linux/tty/terminal.h"
#include "linux/tty/terminal_file.h"
#include "linux/tty/terminal_settings.h"

namespace linux {

namespace rq = terminal_request;
using core::UserIn;
using core::UserOut;

namespace {

Result<u64> store(u64 address, i32 value) {
    TRY(UserOut<i32>(address).write(value));
    return 0;
}

template <typename T>
Result<u64> store_struct(u64 address, const T& value) {
    TRY(core::copy_to_user(UserVirt(address), &value, sizeof value));
    return 0;
}

// The settings a TCSET* request asks for, from the form it has them in.
Result<Termios2> read_settings(u32 request, u64 argument, const Termios2& present) {
    Termios2 wanted = present;
    switch (request) {
    case rq::set2:
    case rq::set2_drained:
    case rq::set2_flushed: wanted = TRY(UserIn<Termios2>(argument).read()); break;
    case rq::set_old:
    case rq::set_old_drained:
    case rq::set_old_flushed:
        wanted.basic = from_old(TRY(UserIn<TermioOld>(argument).read()), present.basic);
        break;
    default: wanted.basic = TRY(UserIn<Termios>(argument).read()); break;
    }
    fill_in_speeds(wanted);
    return wanted;
}

bool drains(u32 request) {
    return request == rq::set_drained || request == rq::set_flushed ||
           request == rq::set_old_drained || request == rq::set_old_flushed ||
           request == rq::set2_drained || request == rq::set2_flushed;
}

bool flushes(u32 request) {
    return request == rq::set_flushed || request == rq::set_old_flushed ||
           request == rq::set2_flushed;
}

} // namespace

Result<u64> Terminal::change_settings(u32 request, u64 argument) {
    TRY(check_background(signal_number::ttou));
    const Termios2 wanted = TRY(read_settings(request, argument, settings2()));
    if (flushes(request))
        flush(flush_queue::input);
    if (drains(request))
        TRY(drain());
    set_settings(wanted);
    return 0;
}

Terminal::IoctlResult Terminal::ioctl_settings(u32 request, u64 argument) {
    switch (request) {
    case rq::get: return store_struct(argument, settings());
    case rq::get2: return store_struct(argument, settings2());
    case rq::get_old: return store_struct(argument, to_old(settings()));
    case rq::set:
    case rq::set_drained:
    case rq::set_flushed:
    case rq::set2:
    case rq::set2_drained:
    case rq::set2_flushed:
    case rq::set_old:
    case rq::set_old_drained:
    case rq::set_old_flushed: return change_settings(request, argument);
    case rq::get_locked: {
        TtyGuard guard(lock_);
        return store_struct(argument, locked_);
    }
    case rq::set_locked: {
        if (!capable(Capability::sys_admin))
            return Failure(Errno::perm);
        const auto locked = UserIn<Termios>(argument).read();
        if (!locked)
            return Failure(locked.error());
        TtyGuard guard(lock_);
        locked_ = *locked;
        return 0;
    }
    case rq::get_soft_carrier:
        return store(argument, (settings().hardware & hardware_mode::local) != 0);
    case rq::set_soft_carrier: {
        const auto on = UserIn<i32>(argument).read();
        if (!on)
            return Failure(on.error());
        Termios2 wanted = settings2();
        wanted.basic.hardware &= ~hardware_mode::local;
        if (*on != 0)
            wanted.basic.hardware |= hardware_mode::local;
        set_settings(wanted);
        return 0;
    }
    case rq::get_window: return store_struct(argument, window());
    case rq::set_window: {
        const auto window = UserIn<WindowSize>(argument).read();
        if (!window)
            return Failure(window.error());
        set_window(*window);
        return 0;
    }
    default: return std::nullopt;
    }
}

Terminal::IoctlResult Terminal::ioctl_session(const TerminalFile& file, u32 request, u64 argument) {
    switch (request) {
    case rq::set_controlling: return set_controlling(file, argument == 1);
    case rq::give_up_controlling: return give_up_controlling();
    case rq::get_session: {
        const auto session = get_session(false);
        return session ? store(argument, static_cast<i32>(*session)) : session;
    }
    case rq::get_group: {
        const auto group = get_group(false);
        return group ? store(argument, static_cast<i32>(*group)) : group;
    }
    case rq::set_group: {
        if (const auto allowed = check_background(signal_number::ttou); !allowed)
            return Failure(allowed.error() == Errno::io ? Errno::notty : allowed.error());
        const auto group = UserIn<i32>(argument).read();
        return group ? set_group(*group) : Failure(group.error());
    }
    case rq::hang_up_now:
        if (!capable(Capability::sys_admin))
            return Failure(Errno::perm);
        hang_up(false);
        return 0;
    default: return std::nullopt;
    }
}

// Sends the start or stop character to the other end of the line.
void Terminal::send_control(u32 place) {
    TtyGuard guard(lock_);
    const u8 byte = discipline_.settings().control[place];
    if (byte == 0)
        return;
    if (driver_.is_pty()) {
        put({&byte, 1});
        driver_.output_available(*this);
    } else {
        driver_.send_directly({&byte, 1});
    }
}

Result<u64> Terminal::control_flow(u64 action) {
    TRY(check_background(signal_number::ttou));
    switch (action) {
    case flow_action::output_off: {
        TtyGuard guard(lock_);
        stop_output();
        stopped_by_ioctl_ = true;
        return 0;
    }
    case flow_action::output_on: {
        TtyGuard guard(lock_);
        if (std::exchange(stopped_by_ioctl_, false))
            start_output();
        return 0;
    }
    case flow_action::input_off: send_control(control_character::stop); return 0;
    case flow_action::input_on: send_control(control_character::start); return 0;
    default: return Failure(Errno::inval);
    }
}

Result<u64> Terminal::push_input(u64 argument) {
    bool own;
    {
        ProcessTableGuard guard(ProcessTable::lock());
        own = Process::current().terminal.get() == this;
    }
    if (!own && !capable(Capability::sys_admin))
        return Failure(Errno::perm);
    const u8 byte = TRY(UserIn<u8>(argument).read());
    receive({&byte, 1});
    return 0;
}

Terminal::IoctlResult Terminal::ioctl_queues(u32 request, u64 argument) {
    switch (request) {
    case rq::input_queued: {
        i32 count;
        {
            TtyGuard guard(lock_);
            count = static_cast<i32>(discipline_.input_count());
        }
        return store(argument, count);
    }
    case rq::output_queued:
        return store(argument,
                     driver_.is_pty() ? 0 : static_cast<i32>(output_count() + driver_.unsent()));
    case rq::push_input: return push_input(argument);
    case rq::flow: return control_flow(argument);
    case rq::flush:
        if (const auto allowed = check_background(signal_number::ttou); !allowed)
            return Failure(allowed.error());
        if (argument > flush_queue::both)
            return Failure(Errno::inval);
        flush(static_cast<u32>(argument));
        return 0;
    case rq::send_break:
    case rq::send_break_posix:
    case rq::start_break:
    case rq::end_break: return ioctl_break(request, argument);
    default: return std::nullopt;
    }
}

Result<u64> Terminal::ioctl_break(u32 request, u64 argument) {
    TRY(check_background(signal_number::ttou));
    if (request != rq::end_break)
        TRY(drain());
    if (request == rq::send_break && argument != 0)
        return 0; // tcdrain
    const auto sent = driver_.ioctl(*this, request, argument);
    // A line that knows no break condition takes it silently.
    return sent || sent.error() != Errno::notty ? sent : 0;
}

Terminal::IoctlResult Terminal::ioctl_properties(u32 request, u64 argument) {
    switch (request) {
    case rq::exclusive:
    case rq::not_exclusive: {
        TtyGuard guard(lock_);
        exclusive_ = request == rq::exclusive;
        return 0;
    }
    case rq::get_exclusive: {
        bool exclusive;
        {
            TtyGuard guard(lock_);
            exclusive = exclusive_;
        }
        return store(argument, exclusive);
    }
    case rq::get_discipline: return store(argument, 0);
    case rq::set_discipline: {
        const auto wanted = UserIn<i32>(argument).read();
        if (!wanted)
            return Failure(wanted.error());
        return *wanted == 0 ? Result<u64>(0) : Failure(Errno::inval);
    }
    case rq::get_device: return store(argument, static_cast<i32>(device_number()));
    default: return std::nullopt;
    }
}

Result<u64> Terminal::ioctl(const TerminalFile& file, u32 request, u64 argument) {
    if (auto done = ioctl_settings(request, argument))
        return *done;
    if (auto done = ioctl_session(file, request, argument))
        return *done;
    if (auto done = ioctl_queues(request, argument))
        return *done;
    if (auto done = ioctl_properties(request, argument))
        return *done;
    return driver_.ioctl(*this, request, argument);
}

Result<u64> Terminal::ioctl_from_master(u32 request, u64 argument) {
    if (auto done = ioctl_settings(request, argument))
        return *done;
    if (request == rq::get_device || request == rq::get_discipline ||
        request == rq::set_discipline)
        return *ioctl_properties(request, argument);
    return Failure(Errno::notty);
}

} // namespace linux
