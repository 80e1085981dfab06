// SPDX-License-Identifier: BSD-2-Clause
// The virtio block device: virtio 1.2, 5.2.
#pragma once

#include "base/types.h"

namespace virtio_blk {

// 5.2.3 Feature bits.
namespace feature {
inline constexpr u64 size_max = 1 << 1, seg_max = 1 << 2, read_only = 1 << 5, block_size = 1 << 6,
                     flush = 1 << 9, topology = 1 << 10, config_wce = 1 << 11,
                     discard = 1 << 13, write_zeroes = 1 << 14;
}

// 5.2.4 Device configuration layout.
struct [[gnu::packed]] Configuration {
    u64 capacity; // in sectors of 512 bytes
    u32 size_max;
    u32 seg_max;
    u16 cylinders;
    u8 heads;
    u8 sectors;
    u32 block_size;
    u8 physical_block_exponent;
    u8 alignment_offset;
    u16 minimum_io_size;
    u32 optimal_io_size;
    u8 writeback;
    u8 unused;
    u16 queue_count;
    u32 max_discard_sectors;
    u32 max_discard_segments;
    u32 discard_sector_alignment;
    u32 max_write_zeroes_sectors;
    u32 max_write_zeroes_segments;
    u8 write_zeroes_may_unmap;
    u8 unused_2[3];
};
static_assert(sizeof(Configuration) == 60);

// 5.2.6 Device operation.
enum class RequestType : u32 {
    read = 0,
    write = 1,
    flush = 4,
    get_id = 8,
    discard = 11,
    write_zeroes = 13,
};
struct RequestHeader {
    u32 type;
    u32 reserved;
    u64 sector;
};
static_assert(sizeof(RequestHeader) == 16);
struct DiscardSegment {
    u64 sector;
    u32 count;
    u32 flags; // bit 0: unmap (write_zeroes only)
};
static_assert(sizeof(DiscardSegment) == 16);
enum class Status : u8 { ok = 0, io_error = 1, unsupported = 2, untouched = 0xff };

} // namespace virtio_blk
