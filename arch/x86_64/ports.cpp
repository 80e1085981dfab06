// SPDX-License-Identifier: BSD-2-Clause
#include "arch/api/ports.h"

#include "arch/x86_64/registers.h"

namespace arch {

u32 read_port(u16 port, u32 width) {
    return width == 1 ? read_port8(port) : width == 2 ? read_port16(port) : read_port32(port);
}

void write_port(u16 port, u32 width, u32 value) {
    if (width == 1)
        write_port8(port, static_cast<u8>(value));
    else if (width == 2)
        write_port16(port, static_cast<u16>(value));
    else
        write_port32(port, value);
}

} // namespace arch
