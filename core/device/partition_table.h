// SPDX-License-Identifier: BSD-2-Clause
// Partition tables: GPT (UEFI specification 2.10, chapter 5) and MBR with logical partitions.
#pragma once

#include <span>

#include "base/result.h"
#include "base/types.h"

namespace core {

struct PartitionEntry {
    u32 number = 0; // as Linux numbers them: vda1, vda5 for the first logical one
    u64 first_sector = 0;
    u64 sector_count = 0;
    char uuid[40] = {}; // text, NUL-terminated
};

// Where the table is read from: whole sectors of 512 bytes.
class SectorReader {
public:
    virtual Result<> read_sectors(u64 sector, std::span<u8> to) = 0;

protected:
    ~SectorReader() = default;
};

// Reads the table of a disk of `capacity` sectors (of 512 bytes; `sector_size` is the device's).
// Answers how many entries were filled in; 0 when there is no table. Entries that leave the disk
// are left out. Errors: io, nomem.
Result<u32> read_partition_table(SectorReader& reader, u64 capacity, u32 sector_size,
                                 std::span<PartitionEntry> into);

} // namespace core
