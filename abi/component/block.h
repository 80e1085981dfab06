// SPDX-License-Identifier: BSD-2-Clause
// The block interface: what a disk's driver does. Sectors of 512 bytes count everywhere; requests
// begin and end on the device's own sector. The core keeps queue, merging and range lock.
#pragma once

#include "abi/component/request.h"

namespace component {

struct BlockProperties {
    u64 capacity = 0;      // in sectors of 512 bytes
    u32 sector_size = 512; // smallest unit that can be written
    u32 physical_sector_size = 512;
    u32 max_segments = 1;      // pieces of a buffer in one request
    u32 max_segment_bytes = 0; // 0: no limit
    u32 max_request_bytes = 0; // 0: no limit
    u32 queue_depth = 1;       // requests pending at once
    u32 max_discard_sectors = 0;
    u32 max_write_zeroes_sectors = 0;
    u32 read_only = 0;
    u32 write_cache = 0; // flush has an effect
    u32 discard = 0;
    u32 write_zeroes = 0;
    char serial[24] = {};
};

struct Block {
    static constexpr InterfaceId id = InterfaceId::block;
    static constexpr std::string_view name = "block";
    using Properties = BlockProperties;

    enum class Operation : u16 { read, write, flush, discard, write_zeroes };

    static constexpr OperationFlags repeated = OperationFlags::idempotent | OperationFlags::timed;
    static constexpr std::array<OperationInfo, 5> operations = {{
        {"read", repeated | OperationFlags::ordered_on_range | OperationFlags::writes_buffer},
        {"write", repeated | OperationFlags::ordered_on_range | OperationFlags::reads_buffer},
        {"flush", repeated}, // covers the writes answered before it came
        {"discard", repeated | OperationFlags::ordered_on_range},
        {"write_zeroes", repeated | OperationFlags::ordered_on_range},
    }};

    // Answered value: bytes moved. Errors: io, nospc (past the end), rofs, opnotsupp.
    struct Arguments {
        u64 sector = 0;
        u32 count = 0; // sectors of 512 bytes
        u32 flags = 0; // flag_*
        u64 reserved = 0;
    };
    static constexpr u32 flag_force_unit_access = 1;
    static constexpr u32 flag_unmap = 2; // write_zeroes may discard

    consteval static void shape(Fingerprint& print) { print.add(sizeof(Arguments)); }
};

} // namespace component
