// SPDX-License-Identifier: BSD-2-Clause
// The 16550 UART: National Semiconductor PC16550D data sheet, section 8.
#pragma once

#include "abi/component/registers.h"

namespace serial_16550 {

using component::Field;
using component::Register;

using Data = Register<0, u8>;            // 8.0 RBR, THR; DLL while the latch is open
using InterruptEnable = Register<1, u8>; // 8.7; DLM while the latch is open
using InterruptIdentity = Register<2, u8>; // 8.6, read
using FifoControl = Register<2, u8>;       // 8.5, write
using LineControl = Register<3, u8>;     // 8.1
using ModemControl = Register<4, u8>;    // 8.8
using LineStatus = Register<5, u8>;      // 8.4
using ModemStatus = Register<6, u8>;     // 8.9
using Scratch = Register<7, u8>;

namespace enable {
inline constexpr u8 received = 1, transmit_empty = 2, line_status = 4, modem_status = 8;
}
namespace identity {
inline constexpr u8 none_pending = 1;
using FifosEnabled = Field<6, 2>; // 3: a 16550A with working FIFOs
} // namespace identity
namespace fifo {
inline constexpr u8 on = 1, clear_receive = 2, clear_transmit = 4, trigger_8 = 0x80;
}
namespace line {
inline constexpr u8 two_stop_bits = 4, parity = 8, even_parity = 16, latch = 0x80;
}
namespace modem {
inline constexpr u8 terminal_ready = 1, request_to_send = 2, interrupts_out = 8;
}
namespace status {
inline constexpr u8 data_ready = 1, overrun = 2, parity_error = 4, framing_error = 8, broken = 16,
                    transmit_empty = 32;
}

inline constexpr u32 fifo_depth = 16;
inline constexpr u32 clock_divided = 115200; // 1.8432 MHz / 16

} // namespace serial_16550
