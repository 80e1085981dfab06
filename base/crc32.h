// SPDX-License-Identifier: BSD-2-Clause
// CRC-32 (ISO 3309, reflected polynomial 0xedb88320), as zlib, GPT and Ethernet use it. Any
// context.
#pragma once

#include <span>

#include "base/types.h"

namespace base {

constexpr u32 crc32(std::span<const u8> bytes, u32 before = 0) {
    u32 crc = ~before;
    for (u8 byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb8'8320 : 0);
    }
    return ~crc;
}

} // namespace base
