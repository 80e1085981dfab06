// SPDX-License-Identifier: BSD-2-Clause
// The virtio block device as its specification has it (Virtio 1.2, 5.2).
#pragma once

#include "base/types.h"

namespace virtio_blk {

namespace feature {
inline constexpr u64 size_max = 1 << 1, seg_max = 1 << 2, read_only = 1 << 5, block_size = 1 << 6,
                     flush = 1 << 9, topology = 1 << 10, discard = 1 << 13, write_zeroes = 1 << 14;
}

// 5.2.4; little-endian.
struct [[gnu::packed]] Configuration {
    u64 capacity; // sectors of 512 bytes
    u32 size_max; // bytes of a segment
    u32 seg_max;  // segments of a request
    u16 cylinders;
    u8 heads;
    u8 sectors;
    u32 block_size;
    u8 physical_block_exponent;
    u8 alignment_offset;
    u16 minimum_io;
    u32 optimal_io;
    u8 write_back;
    u8 unused;
    u16 queue_count;
    u32 max_discard_sectors;
    u32 max_discard_segments;
    u32 discard_sector_alignment;
    u32 max_write_zeroes_sectors;
    u32 max_write_zeroes_segments;
    u8 write_zeroes_may_unmap;
    u8 unused_end[3];

    static constexpr u8 widths[] = {4, 4, 4, 4, 2, 1, 1, 4, 1, 1, 2, 4,
                                    1, 1, 2, 4, 4, 4, 4, 4, 1, 1, 1, 1};
};
static_assert(sizeof(Configuration) == 60);

// What a request begins with (5.2.6).
enum class RequestType : u32 {
    read = 0,
    write = 1,
    flush = 4,
    identify = 8,
    discard = 11,
    write_zeroes = 13,
};
struct RequestHeader {
    RequestType type;
    u32 reserved;
    u64 sector;
};
static_assert(sizeof(RequestHeader) == 16);

// The data of discard and write_zeroes.
struct Range {
    u64 sector;
    u32 count;
    u32 flags; // bit 0: write_zeroes may unmap
};
static_assert(sizeof(Range) == 16);

// What it ends with.
inline constexpr u8 status_ok = 0, status_error = 1, status_unsupported = 2;
// Written there beforehand: the device must have replaced it.
inline constexpr u8 status_unanswered = 0xff;

inline constexpr u32 serial_bytes = 20; // answer of identify; shorter ones end with a NUL

} // namespace virtio_blk
