// SPDX-License-Identifier: BSD-2-Clause
// Terminals in Linux's ABI: termios, its flags, the ioctl requests
// (include/uapi/asm-generic/{termbits,termios,ioctls}.h, x86-64). Data only.
#pragma once

#include "abi/linux/types.h"

namespace linux {

// Places in Termios::control (c_cc).
namespace control_character {
inline constexpr u32 interrupt = 0, quit = 1, erase = 2, kill = 3, end_of_file = 4, time = 5;
inline constexpr u32 minimum = 6, switch_layer = 7, start = 8, stop = 9, suspend = 10;
inline constexpr u32 end_of_line = 11, reprint = 12, discard = 13, word_erase = 14;
inline constexpr u32 literal_next = 15, end_of_line2 = 16;
} // namespace control_character

// struct termios.
struct Termios {
    u32 input;   // c_iflag
    u32 output;  // c_oflag
    u32 hardware; // c_cflag
    u32 local;   // c_lflag
    u8 line;     // discipline: always 0 (N_TTY)
    u8 control[19];

    constexpr bool operator==(const Termios&) const = default;
};
static_assert(sizeof(Termios) == 36);

// struct termios2.
struct Termios2 {
    Termios basic;
    u32 input_speed;
    u32 output_speed;
};
static_assert(sizeof(Termios2) == 44);

// struct termio of System V.
struct TermioOld {
    u16 input, output, hardware, local;
    u8 line;
    u8 control[8];
    u8 padding;
};
static_assert(sizeof(TermioOld) == 18);

namespace input_mode {
inline constexpr u32 ignore_break = 01, break_interrupts = 02, ignore_parity = 04;
inline constexpr u32 mark_parity = 010, check_parity = 020, strip = 040, newline_to_return = 0100;
inline constexpr u32 ignore_return = 0200, return_to_newline = 0400, upper_to_lower = 01000;
inline constexpr u32 flow_output = 02000, any_restarts = 04000, flow_input = 010000;
inline constexpr u32 bell_when_full = 020000, utf8 = 040000;
} // namespace input_mode

namespace output_mode {
inline constexpr u32 process = 01, lower_to_upper = 02, newline_to_return_newline = 04;
inline constexpr u32 return_to_newline = 010, no_return_at_zero = 020, newline_returns = 040;
inline constexpr u32 tab_mask = 014000, expand_tabs = 014000;
} // namespace output_mode

namespace hardware_mode {
inline constexpr u32 speed_mask = 010017, speed_extended = 010000, size_mask = 060, size_8 = 060;
inline constexpr u32 two_stop_bits = 0100, receive = 0200, parity = 0400, parity_odd = 01000;
inline constexpr u32 hang_up_on_close = 02000, local = 04000;
inline constexpr u32 speed_38400 = 017, input_speed_shift = 16;
} // namespace hardware_mode

namespace local_mode {
inline constexpr u32 signals = 01, canonical = 02, echo = 010, echo_erase = 020, echo_kill = 040;
inline constexpr u32 echo_newline = 0100, no_flush = 0200, stop_background = 0400;
inline constexpr u32 echo_control = 01000, echo_print = 02000, echo_kill_erase = 04000;
inline constexpr u32 flushing = 010000, pending_input = 040000, extended = 0100000;
inline constexpr u32 external_processing = 0200000;
} // namespace local_mode

// What a terminal has before anyone changes it.
inline constexpr Termios default_termios = {
    .input = input_mode::return_to_newline | input_mode::flow_output,
    .output = output_mode::process | output_mode::newline_to_return_newline,
    .hardware = hardware_mode::speed_38400 | hardware_mode::size_8 | hardware_mode::receive |
                hardware_mode::hang_up_on_close,
    .local = local_mode::signals | local_mode::canonical | local_mode::echo |
             local_mode::echo_erase | local_mode::echo_kill | local_mode::echo_control |
             local_mode::echo_kill_erase | local_mode::extended,
    .line = 0,
    .control = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0},
};

// struct winsize.
struct WindowSize {
    u16 rows, columns, width, height;
    constexpr bool operator==(const WindowSize&) const = default;
};

namespace terminal_request {
inline constexpr u32 get = 0x5401, set = 0x5402, set_drained = 0x5403, set_flushed = 0x5404;
inline constexpr u32 get_old = 0x5405, set_old = 0x5406, set_old_drained = 0x5407;
inline constexpr u32 set_old_flushed = 0x5408, send_break = 0x5409, flow = 0x540a, flush = 0x540b;
inline constexpr u32 exclusive = 0x540c, not_exclusive = 0x540d, set_controlling = 0x540e;
inline constexpr u32 get_group = 0x540f, set_group = 0x5410, output_queued = 0x5411;
inline constexpr u32 push_input = 0x5412, get_window = 0x5413, set_window = 0x5414;
inline constexpr u32 get_modem = 0x5415, modem_set_bits = 0x5416, modem_clear_bits = 0x5417;
inline constexpr u32 set_modem = 0x5418, get_soft_carrier = 0x5419, set_soft_carrier = 0x541a;
inline constexpr u32 input_queued = 0x541b, console_only = 0x541d, get_serial = 0x541e;
inline constexpr u32 packet_mode = 0x5420, give_up_controlling = 0x5422, set_discipline = 0x5423;
inline constexpr u32 get_discipline = 0x5424, send_break_posix = 0x5425, start_break = 0x5427;
inline constexpr u32 end_break = 0x5428, get_session = 0x5429, get2 = 0x802c542a;
inline constexpr u32 set2 = 0x402c542b, set2_drained = 0x402c542c, set2_flushed = 0x402c542d;
inline constexpr u32 get_pty_number = 0x80045430, set_pty_lock = 0x40045431;
inline constexpr u32 get_device = 0x80045432, send_pty_signal = 0x40045436, hang_up_now = 0x5437;
inline constexpr u32 get_packet_mode = 0x80045438, get_pty_lock = 0x80045439;
inline constexpr u32 get_exclusive = 0x80045440, open_pty_peer = 0x5441;
inline constexpr u32 get_locked = 0x5456, set_locked = 0x5457;
} // namespace terminal_request

namespace flush_queue {
inline constexpr u32 input = 0, output = 1, both = 2;
}
namespace flow_action {
inline constexpr u32 output_off = 0, output_on = 1, input_off = 2, input_on = 3;
}

// The first byte of each read in packet mode.
namespace packet_event {
inline constexpr u8 data = 0, flush_read = 1, flush_write = 2, stop = 4, start = 8, no_stop = 16;
inline constexpr u8 do_stop = 32, ioctl = 64;
} // namespace packet_event

} // namespace linux
