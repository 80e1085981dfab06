// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/described_devices.h"

#include <string_view>

#include "base/memory_functions.h"

namespace arch {
namespace {

// StringPrefix, the hardware id, its NUL.
constexpr char identity_bytes[] = "\x0dLNRO0005";
constexpr std::string_view identity(identity_bytes, sizeof identity_bytes);
// A device's resources follow its id at once; QEMU's take under 80 bytes.
constexpr usize reach = 160;

constexpr u8 fixed_memory_32 = 0x86, extended_interrupt = 0x89;

u32 read32(std::span<const u8> bytes, usize at) {
    u32 value;
    memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

// Memory32Fixed: tag, length 9, flags, base, length. Interrupt: tag, length, flags, count, numbers.
MmioTransport read_resources(std::span<const u8> bytes) {
    MmioTransport found{};
    for (usize at = 0; at + 12 <= bytes.size(); ++at) {
        if (bytes[at] == fixed_memory_32 && bytes[at + 1] == 9 && bytes[at + 2] == 0) {
            found.base = read32(bytes, at + 4);
            found.size = read32(bytes, at + 8);
            at += 11;
        } else if (found.base != 0 && bytes[at] == extended_interrupt && bytes[at + 1] == 6 &&
                   bytes[at + 2] == 0 && bytes[at + 4] == 1) {
            found.line = read32(bytes, at + 5);
            return found;
        }
    }
    return {};
}

} // namespace

usize find_virtio_transports(std::span<const u8> code, std::span<MmioTransport> into) {
    const std::string_view text(reinterpret_cast<const char*>(code.data()), code.size());
    usize count = 0;
    usize at = text.find(identity);
    while (at != std::string_view::npos && count < into.size()) {
        const usize next = text.find(identity, at + identity.size());
        const usize end = next < at + reach ? next : at + reach;
        const usize stop = end < code.size() ? end : code.size();
        const MmioTransport found = read_resources(code.subspan(at, stop - at));
        if (found.size >= 0x100 && found.size <= 0x1000 && found.line < 1024)
            into[count++] = found;
        at = next;
    }
    return count;
}

} // namespace arch
