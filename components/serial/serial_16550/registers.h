// SPDX-License-Identifier: BSD-2-Clause
// Registers of the PC16550D (National Semiconductor data sheet, section 8), in window 0.
#pragma once

#include "abi/component/registers.h"

namespace serial_16550 {

using component::Field;
using component::Register;
using component::Window;

// Some offsets are two registers, by direction or by LineControl's divisor bit.
using ReceiveBuffer = Register<0, u8>;
using TransmitHolding = Register<0, u8>;
using DivisorLow = Register<0, u8>;
using InterruptEnable = Register<1, u8>;
using DivisorHigh = Register<1, u8>;
using InterruptIdentification = Register<2, u8>;
using FifoControl = Register<2, u8>;
using LineControl = Register<3, u8>;
using ModemControl = Register<4, u8>;
using LineStatus = Register<5, u8>;
using ModemStatus = Register<6, u8>;
using Scratch = Register<7, u8>;

namespace interrupt_enable {
inline constexpr u8 received = 1, transmit_empty = 2, line_status = 4;
}
namespace interrupt_identification {
inline constexpr u8 none_pending = 1, fifos_on = 0xc0;
}
namespace fifo_control {
inline constexpr u8 enable = 1, clear_receive = 2, clear_transmit = 4, trigger_at_8 = 0x80;
}
namespace line_control {
inline constexpr u8 two_stop_bits = 4, parity = 8, parity_even = 16, divisor = 0x80;
}
namespace modem_control {
inline constexpr u8 terminal_ready = 1, request_to_send = 2, interrupt_gate = 8; // OUT2 on a PC
}
namespace line_status {
inline constexpr u8 data_ready = 1, overrun = 2, parity_error = 4, framing_error = 8, break_ = 16,
                    holding_empty = 32, transmitter_empty = 64;
inline constexpr u8 of_a_byte = parity_error | framing_error | break_;
} // namespace line_status

inline constexpr u32 clock_over_16 = 115'200; // 1.8432 MHz / 16
inline constexpr u32 fifo_bytes = 16;

} // namespace serial_16550
