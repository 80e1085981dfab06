// SPDX-License-Identifier: BSD-2-Clause
// The polled, write-only serial console of the first instructions and of a panic: COM1, 16550
// registers (National PC16550D data sheet, table II).
#include "arch/x86_64/early_console.h"

#include "arch/x86_64/registers.h"
#include "core/observe/log.h"

namespace arch {
namespace {

constexpr u16 port = 0x3f8;
constexpr u16 transmit = port + 0, interrupt_enable = port + 1, fifo_control = port + 2,
              line_control = port + 3, modem_control = port + 4, line_status = port + 5,
              scratch = port + 7;
constexpr u8 transmit_empty = 0x20;

class SerialConsole final : public core::EarlyConsole {
public:
    void write(std::string_view text) override {
        for (char c : text) {
            if (c == '\n')
                put('\r');
            put(c);
        }
    }

private:
    static void put(char c) {
        // Bounded, so that a dead port cannot hang a panic.
        for (int tries = 0; tries < 100'000; ++tries) {
            if (read_port8(line_status) & transmit_empty)
                break;
        }
        write_port8(transmit, static_cast<u8>(c));
    }
};

constinit SerialConsole g_console;

} // namespace

bool start_early_console() {
    write_port8(scratch, 0x5a);
    if (read_port8(scratch) != 0x5a)
        return false; // no such port
    write_port8(interrupt_enable, 0);
    write_port8(line_control, 0x80); // divisor latch
    write_port8(transmit, 1);        // 115200 baud
    write_port8(interrupt_enable, 0);
    write_port8(line_control, 0x03); // 8n1
    write_port8(fifo_control, 0x07);
    write_port8(modem_control, 0x0b);
    core::take_console(g_console);
    return true;
}

} // namespace arch
