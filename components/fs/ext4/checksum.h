// SPDX-License-Identifier: BSD-2-Clause
// The checksums of the format: CRC-32C (Castagnoli, metadata_csum), CRC-16 (old group descriptors),
// CRC-32 with its bits the other way round (old journals). None inverts before or after: the caller
// passes the running value. Any context.
#pragma once

#include <span>

#include "base/types.h"

namespace ext4 {

u32 crc32c(u32 value, std::span<const u8> bytes);
// What four bytes must be, between `before` and `after`, for a checksum that begins with `value` to
// end as `wanted`.
u32 crc32c_balance(u32 value, std::span<const u8> before, std::span<const u8> after, u32 wanted);
u16 crc16(u16 value, std::span<const u8> bytes);
u32 crc32_big_endian(u32 value, std::span<const u8> bytes);

template <typename T>
u32 crc32c_of(u32 value, const T& object) {
    return crc32c(value, {reinterpret_cast<const u8*>(&object), sizeof(T)});
}

} // namespace ext4
