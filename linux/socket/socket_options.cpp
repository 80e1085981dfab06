// SPDX-License-Identifier: BSD-2-Clause
// Options at the socket level, the same for every family.
#include <algorithm>

#include "linux/process/process.h"
#include "linux/socket/socket.h"

namespace linux {

namespace so = socket_option;
using core::UserIn;

namespace {

constexpr u32 buffer_maximum = 212'992; // net.core.{w,r}mem_max
constexpr u32 send_minimum = 4608;
constexpr u32 receive_minimum = 2304;
constexpr u64 nanos_in_second = 1'000'000'000;

// On/off options without an effect on any family here: kept and given back.
constexpr bool is_flag_option(i32 name) {
    switch (name) {
    case so::debug:
    case so::reuse_address:
    case so::dont_route:
    case so::broadcast:
    case so::keep_alive:
    case so::out_of_band_inline:
    case so::no_check:
    case so::reuse_port:
    case so::pass_security: return true;
    default: return false;
    }
}

// A buffer size as the program gives it is doubled, for what the kernel needs beside the bytes.
u32 buffer_limit(u32 wanted, u32 minimum, bool forced) {
    const u32 allowed = std::min(wanted, forced ? u32{0x3fff'ffff} : buffer_maximum);
    return std::max(allowed * 2, minimum);
}

// Errors: inval, dom (microseconds out of range), fault.
Result<u64> read_timeout(u64 value, u32 size) {
    if (size < sizeof(TimeVal))
        return Failure(Errno::inval);
    const TimeVal time = TRY(UserIn<TimeVal>(value).read());
    if (time.microseconds < 0 || time.microseconds >= 1'000'000)
        return Failure(Errno::dom);
    if (time.seconds < 0)
        return u64{0};
    if (time.seconds == 0 && time.microseconds == 0)
        return core::no_deadline.value;
    if (static_cast<u64>(time.seconds) >= (u64{1} << 32))
        return core::no_deadline.value;
    return static_cast<u64>(time.seconds) * nanos_in_second +
           static_cast<u64>(time.microseconds) * 1000;
}

Result<> put_timeout(OptionTarget& target, u64 nanos) {
    TimeVal time{0, 0};
    if (nanos != core::no_deadline.value)
        time = {static_cast<i64>(nanos / nanos_in_second),
                static_cast<i64>(nanos % nanos_in_second / 1000)};
    return target.put(&time, sizeof time);
}

void set_flag(Socket& socket, i32 name, bool on) {
    const u64 bit = u64{1} << name;
    if (on)
        socket.flag_options.fetch_or(bit, std::memory_order_relaxed);
    else
        socket.flag_options.fetch_and(~bit, std::memory_order_relaxed);
}

Result<> set_buffer(Socket& socket, i32 name, u32 value) {
    const bool forced = name == so::send_buffer_force || name == so::receive_buffer_force;
    if (forced && !capable(Capability::net_admin))
        return Failure(Errno::perm);
    if (name == so::send_buffer || name == so::send_buffer_force)
        socket.send_limit.store(buffer_limit(value, send_minimum, forced));
    else
        socket.receive_limit.store(buffer_limit(value, receive_minimum, forced));
    socket.limits_changed();
    return {};
}

Result<> set_linger(Socket& socket, u64 value, u32 size) {
    if (size < sizeof(LingerSetting))
        return Failure(Errno::inval);
    const LingerSetting linger = TRY(UserIn<LingerSetting>(value).read());
    socket.linger_seconds.store(linger.enabled != 0 ? linger.seconds : -1);
    return {};
}

Result<> set_integer_option(Socket& socket, i32 name, i32 value) {
    if (is_flag_option(name)) {
        if (name == so::debug && value != 0 && !capable(Capability::net_admin))
            return Failure(Errno::acces);
        set_flag(socket, name, value != 0);
        return {};
    }
    switch (name) {
    case so::send_buffer:
    case so::send_buffer_force:
    case so::receive_buffer:
    case so::receive_buffer_force: return set_buffer(socket, name, static_cast<u32>(value));
    case so::pass_credentials: socket.pass_credentials.store(value != 0); return {};
    case so::timestamp:
        if (value != 0 || socket.timestamps.load() == 1)
            socket.timestamps.store(value != 0 ? 1 : 0);
        return {};
    case so::timestamp_nanos:
        if (value != 0 || socket.timestamps.load() == 2)
            socket.timestamps.store(value != 0 ? 2 : 0);
        return {};
    case so::receive_low_water:
        socket.receive_low_water.store(
            value < 0 ? 0x7fff'ffffu : std::max<u32>(static_cast<u32>(value), 1));
        return {};
    case so::priority:
        if ((value < 0 || value > 6) && !capable(Capability::net_admin) &&
            !capable(Capability::net_raw))
            return Failure(Errno::perm);
        socket.priority.store(value);
        return {};
    case so::mark:
        if (!capable(Capability::net_admin) && !capable(Capability::net_raw))
            return Failure(Errno::perm);
        socket.mark.store(value);
        return {};
    case so::bsd_compat: return {};
    default: return Failure(Errno::noprotoopt);
    }
}

} // namespace

Result<> set_socket_option(Socket& socket, i32 name, u64 value, u32 size) {
    if (static_cast<i32>(size) < static_cast<i32>(sizeof(i32)))
        return Failure(Errno::inval);
    switch (name) {
    case so::receive_timeout:
    case so::receive_timeout_new:
        socket.receive_timeout.store(TRY(read_timeout(value, size)));
        return {};
    case so::send_timeout:
    case so::send_timeout_new:
        socket.send_timeout.store(TRY(read_timeout(value, size)));
        return {};
    case so::linger: return set_linger(socket, value, size);
    default: break;
    }
    const auto handled = socket.set_option(socket_level::socket, name, value, size);
    if (handled || handled.error() != Errno::noprotoopt)
        return handled;
    return set_integer_option(socket, name, TRY(UserIn<i32>(value).read()));
}

Result<> get_socket_option(Socket& socket, i32 name, OptionTarget& target) {
    if (is_flag_option(name))
        return target.put_integer((socket.flag_options.load() >> name) & 1);
    switch (name) {
    case so::type: return target.put_integer(socket.type);
    case so::domain: return target.put_integer(socket.family_number);
    case so::protocol: return target.put_integer(socket.protocol);
    case so::error: return target.put_integer(socket.take_error());
    case so::accepts_connections: return target.put_integer(socket.is_listening());
    case so::send_buffer: return target.put_integer(static_cast<i32>(socket.send_limit.load()));
    case so::receive_buffer:
        return target.put_integer(static_cast<i32>(socket.receive_limit.load()));
    case so::pass_credentials: return target.put_integer(socket.pass_credentials.load());
    case so::timestamp: return target.put_integer(socket.timestamps.load() == 1);
    case so::timestamp_nanos: return target.put_integer(socket.timestamps.load() == 2);
    case so::receive_low_water:
        return target.put_integer(static_cast<i32>(socket.receive_low_water.load()));
    case so::send_low_water: return target.put_integer(1);
    case so::receive_timeout:
    case so::receive_timeout_new: return put_timeout(target, socket.receive_timeout.load());
    case so::send_timeout:
    case so::send_timeout_new: return put_timeout(target, socket.send_timeout.load());
    case so::priority: return target.put_integer(socket.priority.load());
    case so::mark: return target.put_integer(socket.mark.load());
    case so::bsd_compat: return target.put_integer(0);
    case so::linger: {
        const i32 seconds = socket.linger_seconds.load();
        const LingerSetting linger{.enabled = seconds >= 0, .seconds = seconds >= 0 ? seconds : 0};
        return target.put(&linger, sizeof linger);
    }
    default: return socket.get_option(socket_level::socket, name, target);
    }
}

} // namespace linux
