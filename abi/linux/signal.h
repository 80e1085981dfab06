// SPDX-License-Identifier: BSD-2-Clause
// Signals as Linux numbers and lays them out (include/uapi/asm-generic/{signal,siginfo}.h, x86-64).
#pragma once

#include "abi/linux/types.h"

namespace linux {

// Signal numbers are plain integers 1 to 64, as programs pass them.
namespace signal_number {
inline constexpr i32 hup = 1, interrupt = 2, quit = 3, ill = 4, trap = 5, abrt = 6, bus = 7;
inline constexpr i32 fpe = 8, kill = 9, usr1 = 10, segv = 11, usr2 = 12, pipe = 13, alrm = 14;
inline constexpr i32 term = 15, stack_fault = 16, chld = 17, cont = 18, stop = 19, tstp = 20;
inline constexpr i32 ttin = 21, ttou = 22, urg = 23, xcpu = 24, xfsz = 25, vtalrm = 26, prof = 27;
inline constexpr i32 winch = 28, io = 29, pwr = 30, sys = 31;
inline constexpr i32 first_real_time = 32, last = 64;
} // namespace signal_number

// A set of signals; bit n-1 is signal n.
struct SignalSet {
    u64 bits = 0;

    static constexpr SignalSet of(i32 number) { return {u64{1} << (number - 1)}; }
    template <typename... Numbers>
    static constexpr SignalSet of_all(Numbers... numbers) {
        return {(of(numbers).bits | ...)};
    }
    constexpr bool has(i32 number) const { return (bits >> (number - 1)) & 1; }
    constexpr bool empty() const { return bits == 0; }
    constexpr void add(i32 number) { bits |= of(number).bits; }
    constexpr void remove(i32 number) { bits &= ~of(number).bits; }
    constexpr SignalSet operator|(SignalSet other) const { return {bits | other.bits}; }
    constexpr SignalSet operator&(SignalSet other) const { return {bits & other.bits}; }
    constexpr SignalSet operator~() const { return {~bits}; }
    constexpr bool operator==(const SignalSet&) const = default;
};

inline constexpr SignalSet unblockable_signals =
    SignalSet::of_all(signal_number::kill, signal_number::stop);
inline constexpr SignalSet stop_signals = SignalSet::of_all(
    signal_number::stop, signal_number::tstp, signal_number::ttin, signal_number::ttou);
// Caused by the instruction a program is at; taken before others.
inline constexpr SignalSet synchronous_signals =
    SignalSet::of_all(signal_number::segv, signal_number::bus, signal_number::ill,
                      signal_number::trap, signal_number::fpe, signal_number::sys);
// Nothing happens by default.
inline constexpr SignalSet ignored_by_default = SignalSet::of_all(
    signal_number::cont, signal_number::chld, signal_number::winch, signal_number::urg);
// The default ends the process with a core dump.
inline constexpr SignalSet core_signals = SignalSet::of_all(
    signal_number::quit, signal_number::ill, signal_number::trap, signal_number::abrt,
    signal_number::fpe, signal_number::segv, signal_number::bus, signal_number::sys,
    signal_number::xcpu, signal_number::xfsz);

// siginfo_t's si_code.
namespace signal_code {
inline constexpr i32 user = 0, kernel = 0x80, queue = -1, timer = -2, message_queue = -3;
inline constexpr i32 async_io = -4, sigio = -5, tkill = -6;
inline constexpr i32 ill_opcode = 1, ill_operand = 2;
inline constexpr i32 fpe_integer_divide = 1, fpe_integer_overflow = 2, fpe_divide = 3;
inline constexpr i32 fpe_overflow = 4, fpe_underflow = 5, fpe_inexact = 6, fpe_invalid = 7;
inline constexpr i32 fpe_unknown = 14;
inline constexpr i32 segv_map_error = 1, segv_access_error = 2, segv_bounds = 3;
inline constexpr i32 bus_alignment = 1, bus_address = 2, bus_object = 3;
inline constexpr i32 trap_breakpoint = 1, trap_trace = 2, trap_hardware = 4;
inline constexpr i32 child_exited = 1, child_killed = 2, child_dumped = 3, child_trapped = 4;
inline constexpr i32 child_stopped = 5, child_continued = 6;
inline constexpr i32 sys_seccomp = 1;
inline constexpr i32 poll_in = 1, poll_out = 2, poll_message = 3, poll_error = 4;
inline constexpr i32 poll_priority = 5, poll_hang_up = 6;
} // namespace signal_code

// The 48 bytes of siginfo_t that carry something; the rest of its 128 is zero.
struct SigInfo {
    i32 number = 0;
    i32 error = 0;
    i32 code = 0;
    i32 padding = 0;
    union Details {
        struct {
            Pid pid;
            UserId uid;
            u64 value; // sigval
        } user;        // kill, tgkill, sigqueue
        struct {
            i32 timer;
            i32 overrun;
            u64 value;
            i32 private_word;
            i32 padding;
        } timer;
        struct {
            Pid pid;
            UserId uid;
            i32 status;
            i32 padding;
            i64 user_time;
            i64 system_time;
        } child; // SIGCHLD
        struct {
            u64 address;
            i64 address_bits;
            u64 lower, upper;
        } fault;
        struct {
            i64 band;
            i32 fd;
            i32 padding;
        } poll;
        struct {
            u64 call_address;
            i32 call_number;
            u32 architecture;
        } call; // SIGSYS
        u64 words[4];
    } details = {.words = {}};

    // A signal the kernel itself sends.
    static constexpr SigInfo from_kernel(i32 number, i32 code = signal_code::kernel) {
        SigInfo info;
        info.number = number;
        info.code = code;
        return info;
    }
};
static_assert(sizeof(SigInfo) == 48);
inline constexpr usize siginfo_size = 128;

// sigaction's sa_flags.
namespace action_flag {
inline constexpr u64 no_child_stop = 1, no_child_wait = 2, siginfo = 4;
inline constexpr u64 unsupported = 0x400, expose_tag_bits = 0x800;
inline constexpr u64 restorer = 0x0400'0000, on_stack = 0x0800'0000, restart = 0x1000'0000;
inline constexpr u64 no_defer = 0x4000'0000, reset_handler = 0x8000'0000;
inline constexpr u64 known = no_child_stop | no_child_wait | siginfo | expose_tag_bits | restorer |
                             on_stack | restart | no_defer | reset_handler;
} // namespace action_flag

inline constexpr u64 handler_default = 0, handler_ignore = 1;

// struct sigaction of rt_sigaction(2).
struct SignalAction {
    u64 handler = handler_default;
    u64 flags = 0;
    u64 restorer = 0;
    SignalSet mask;
};
static_assert(sizeof(SignalAction) == 32);

// stack_t.
struct SignalStack {
    u64 address = 0;
    u32 flags = 2;
    u32 padding = 0;
    u64 size = 0;
};
namespace stack_flag {
inline constexpr u32 on_stack = 1, disable = 2, auto_disarm = 0x8000'0000;
} // namespace stack_flag
inline constexpr u64 minimum_signal_stack = 2048;

// rt_sigprocmask's how.
namespace mask_how {
inline constexpr i32 block = 0, unblock = 1, set_mask = 2;
} // namespace mask_how

// struct sigevent.
struct SignalEvent {
    u64 value;
    i32 number;
    i32 notify;
    i32 thread_id;
    i32 padding[11];
};
static_assert(sizeof(SignalEvent) == 64);
namespace notify_kind {
inline constexpr i32 signal = 0, none = 1, thread = 2, thread_id = 4;
} // namespace notify_kind

} // namespace linux
