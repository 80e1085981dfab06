// SPDX-License-Identifier: BSD-2-Clause
// Conversions between the forms of a terminal's settings.
#pragma once

#include "abi/linux/terminal.h"

namespace linux {

// Sets both speeds in bits per second from the codes in c_cflag; speeds of their own (BOTHER) stay.
void fill_in_speeds(Termios2& settings);
// The code of a speed for c_cflag; BOTHER if it has none.
u32 speed_code(u32 speed);

TermioOld to_old(const Termios& settings);
Termios from_old(const TermioOld& old, const Termios& present);

} // namespace linux
