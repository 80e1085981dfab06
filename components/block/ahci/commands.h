// SPDX-License-Identifier: BSD-2-Clause
// What a port reads and writes in memory (AHCI 1.3.1, 4.2), the commands of a disk, and what it
// tells of itself (ACS-3, 7.12 IDENTIFY DEVICE). Little-endian.
#pragma once

#include <array>

#include "base/types.h"

namespace ahci {

inline constexpr u32 most_slots = 32; // commands that a port holds

// A port's part of the memory: list of commands, received structures, answer of Identify.
namespace port_memory {
inline constexpr u32 list = 0, received = 1024, identity = 1536, bytes = 2048;
inline constexpr u32 header_bytes = 32; // of an entry of the list
} // namespace port_memory

// A command's table: its register structure, the pieces of its data; behind them the ranges of a
// discard.
namespace table {
inline constexpr u32 pieces = 128, piece_bytes = 16, most_pieces = 88;
inline constexpr u32 ranges = pieces + most_pieces * piece_bytes, range_bytes = 512;
inline constexpr u32 bytes = 2048;
static_assert(ranges + range_bytes == bytes);
inline constexpr u32 most_piece_bytes = 4 << 20;
} // namespace table

// The first word of an entry of the list (4.2.2).
namespace header {
inline constexpr u32 structure_words = 5, write = 1 << 6, piece_count_shift = 16;
}

enum class AtaCommand : u8 {
    data_set_management = 0x06,
    read_extended = 0x25, // DMA, as all of these
    write_extended = 0x35,
    write_extended_through = 0x3d, // FUA
    read_queued = 0x60,
    write_queued = 0x61,
    read = 0xc8,
    write = 0xca,
    flush = 0xe7,
    flush_extended = 0xea,
    identify = 0xec,
};

// Register structure, host to device (Serial ATA 3.x, 10.5.5).
struct RegisterStructure {
    u8 type = 0x27;
    u8 is_command = 0x80;
    AtaCommand command = AtaCommand::identify;
    u8 features = 0;
    u8 address[3] = {};
    u8 device = 0;
    u8 address_high[3] = {};
    u8 features_high = 0;
    u8 count = 0;
    u8 count_high = 0;
    u8 isochronous = 0;
    u8 control = 0;
    u8 auxiliary[4] = {};
};
static_assert(sizeof(RegisterStructure) == header::structure_words * 4);

inline constexpr u8 device_by_address = 1 << 6, device_through = 1 << 7; // FUA of queued writes
inline constexpr u8 features_trim = 1;                                   // of data_set_management
inline constexpr u32 trim_entries = table::range_bytes / sizeof(u64), trim_most = 65535;

// Words of the answer of Identify.
namespace identity {
inline constexpr u32 bytes = 512;
inline constexpr u32 general = 0, serial = 10, serial_words = 10, capabilities = 49, sectors = 60,
                     queue_depth = 75, sata = 76, commands = 83, more_commands = 84, enabled = 85,
                     sectors_wide = 100, sector_shape = 106, sector_words = 117, trim = 169;
inline constexpr u16 not_a_disk = 1 << 15;                           // of general
inline constexpr u16 moves_by_dma = 1 << 8, addresses = 1 << 9;      // of capabilities
inline constexpr u16 queues = 1 << 8;                                // of sata
inline constexpr u16 wide = 1 << 10, flushes_wide = 1 << 13;         // of commands
inline constexpr u16 writes_through = 1 << 6;                        // of more_commands
inline constexpr u16 write_cache = 1 << 5;                           // of enabled
inline constexpr u16 long_sectors = 1 << 12, large_blocks = 1 << 13; // of sector_shape
inline constexpr u16 trims = 1;                                      // of trim
// Bits 15:14 of some words are 01 where the others hold something.
constexpr bool is_valid(u16 word) { return word >> 14 == 1; }
} // namespace identity

} // namespace ahci
