// SPDX-License-Identifier: BSD-2-Clause
// The few things the loader asks of the machine: a serial port, entropy, a stop.
#include "boot/x86_64/loader.h"

#include "base/split_mix.h"

namespace boot {
namespace {

constexpr u16 serial_port =
    0x3f8; // COM1; 16550 data sheet: THR at +0, LSR at +5 (bit 5: THR empty)

void write_port(u16 port, u8 value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
u8 read_port(u16 port) {
    u8 value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

bool has_rdrand() {
    u32 a = 1, b, c = 0, d;
    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (c & (1u << 30)) != 0; // Intel SDM volume 2A, CPUID leaf 1
}

} // namespace

void print(std::string_view text) {
    for (char c : text) {
        for (int tries = 0; tries < 100000 && !(read_port(serial_port + 5) & 0x20); ++tries) {
        }
        write_port(serial_port, static_cast<u8>(c));
    }
}

void fail(std::string_view message) {
    print("panic: pith loader: ");
    print(message);
    print("\r\n");
    while (true)
        asm volatile("cli; hlt");
}

u64 random_number() {
    static constinit u64 state = 0;
    u64 value = 0;
    if (has_rdrand()) {
        for (int tries = 0; tries < 10; ++tries) {
            u8 good;
            asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good)::"cc");
            if (good)
                break;
        }
    }
    u32 low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    state += value ^ ((u64{high} << 32) | low) ^ base::split_mix_step; // all that was seen so far
    return base::split_mix(state);
}

} // namespace boot
