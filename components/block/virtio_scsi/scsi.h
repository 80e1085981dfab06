// SPDX-License-Identifier: BSD-2-Clause
// SCSI: the commands a disk is given, and what it answers (SPC-4, SBC-3). Numbers in them are
// big-endian.
#pragma once

#include <array>

#include "base/types.h"

namespace virtio_scsi {

using CommandBlock = std::array<u8, 16>;

enum class ScsiCommand : u8 {
    inquiry = 0x12,
    mode_sense_6 = 0x1a,
    synchronize_cache_10 = 0x35,
    unmap = 0x42,
    read_16 = 0x88,
    write_16 = 0x8a,
    write_same_16 = 0x93,
    service_action_in_16 = 0x9e, // READ CAPACITY (16) is 0x10 of it
    report_units = 0xa0,
};

template <u32 Bytes>
constexpr void put_big(u8* to, u64 value) {
    for (u32 i = 0; i < Bytes; ++i)
        to[i] = static_cast<u8>(value >> (8 * (Bytes - 1 - i)));
}

constexpr CommandBlock inquiry(u16 length) {
    return {static_cast<u8>(ScsiCommand::inquiry), 0, 0, static_cast<u8>(length >> 8),
            static_cast<u8>(length)};
}
constexpr CommandBlock inquiry_page(u8 page, u16 length) {
    return {static_cast<u8>(ScsiCommand::inquiry), 1, page, static_cast<u8>(length >> 8),
            static_cast<u8>(length)};
}
// The page of the cache, without block descriptors.
constexpr CommandBlock mode_sense_cache(u8 length) {
    return {static_cast<u8>(ScsiCommand::mode_sense_6), 8, 8, 0, length};
}
constexpr CommandBlock read_capacity(u32 length) {
    CommandBlock block{static_cast<u8>(ScsiCommand::service_action_in_16), 0x10};
    put_big<4>(&block[10], length);
    return block;
}
constexpr CommandBlock report_units(u32 length) {
    CommandBlock block{static_cast<u8>(ScsiCommand::report_units)};
    put_big<4>(&block[6], length);
    return block;
}
constexpr CommandBlock synchronize_cache() {
    return {static_cast<u8>(ScsiCommand::synchronize_cache_10)}; // no range: all of it
}
// READ, WRITE and WRITE SAME (16) have one shape.
constexpr CommandBlock transfer(ScsiCommand command, u8 flags, u64 block_address, u32 count) {
    CommandBlock block{static_cast<u8>(command), flags};
    put_big<8>(&block[2], block_address);
    put_big<4>(&block[10], count);
    return block;
}
inline constexpr u8 force_unit_access = 1 << 3, unmap_flag = 1 << 3; // of WRITE, of WRITE SAME
constexpr CommandBlock unmap(u16 length) {
    CommandBlock block{static_cast<u8>(ScsiCommand::unmap)};
    put_big<2>(&block[7], length);
    return block;
}
// Its data: one range.
inline constexpr u32 unmap_bytes = 24;
constexpr std::array<u8, unmap_bytes> unmap_range(u64 block_address, u32 count) {
    std::array<u8, unmap_bytes> data{0, 22, 0, 16};
    put_big<8>(&data[8], block_address);
    put_big<4>(&data[16], count);
    return data;
}

enum class ScsiStatus : u8 {
    good = 0,
    check_condition = 2,
    busy = 8,
    conflict = 0x18,
    full = 0x28
};

enum class SenseKey : u8 {
    none = 0,
    recovered = 1,
    not_ready = 2,
    medium = 3,
    hardware = 4,
    illegal = 5,
    attention = 6,
    protect = 7,
    aborted = 11,
};
struct Sense {
    SenseKey key = SenseKey::hardware;
    u16 code = 0; // additional code and its qualifier
};
namespace sense_code {
inline constexpr u16 invalid_command = 0x2000, out_of_range = 0x2100, no_space = 0x2707;
}

// Pages and modes: places in the answers.
inline constexpr u8 page_serial = 0x80, page_limits = 0xb0, page_provisioning = 0xb2;
namespace inquiry_data {
inline constexpr u32 type = 0, bytes = 36;
inline constexpr u8 disk = 0; // type and qualifier: a disk that is there
} // namespace inquiry_data
namespace capacity_data {
inline constexpr u32 last = 0, block_bytes = 8, exponent = 13, provisioning = 14, bytes = 32;
inline constexpr u8 provisioned = 1 << 7, reads_zeroes = 1 << 6;
} // namespace capacity_data
namespace mode_data {
inline constexpr u32 flags = 2, descriptors = 3, header_bytes = 4, bytes = 32;
inline constexpr u8 write_protected = 1 << 7, forces_unit_access = 1 << 4; // of flags
inline constexpr u8 write_cache = 1 << 2; // of the page's third byte
} // namespace mode_data
namespace limits_data {
inline constexpr u32 transfer = 8, unmap_blocks = 20, write_same = 36, bytes = 64;
}
namespace provisioning_data {
inline constexpr u32 flags = 5, bytes = 8;
inline constexpr u8 unmaps = 1 << 7, unmaps_by_write_same = 1 << 6;
} // namespace provisioning_data

} // namespace virtio_scsi
