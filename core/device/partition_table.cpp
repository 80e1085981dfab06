// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/partition_table.h"

#include "base/allocate.h"
#include "base/crc32.h"
#include "base/format.h"
#include "base/memory_functions.h"

namespace core {
namespace {

constexpr u32 sector_bytes = 512;

u32 read32(const u8* p) {
    return u32{p[0]} | u32{p[1]} << 8 | u32{p[2]} << 16 | u32{p[3]} << 24;
}
u64 read64(const u8* p) { return read32(p) | u64{read32(p + 4)} << 32; }

class Collector {
public:
    Collector(u64 capacity, std::span<PartitionEntry> into) : capacity_(capacity), into_(into) {}

    PartitionEntry* add(u32 number, u64 first, u64 count) {
        if (count == 0 || first >= capacity_ || count > capacity_ - first ||
            used_ == into_.size())
            return nullptr;
        PartitionEntry& entry = into_[used_++];
        entry = {};
        entry.number = number;
        entry.first_sector = first;
        entry.sector_count = count;
        return &entry;
    }
    u32 used() const { return static_cast<u32>(used_); }
    u64 capacity() const { return capacity_; }

private:
    const u64 capacity_;
    const std::span<PartitionEntry> into_;
    usize used_ = 0;
};

void set_text(PartitionEntry& entry, std::string_view text) {
    text.copy(entry.uuid, sizeof entry.uuid - 1);
}

// --- MBR

struct MbrEntry {
    u8 type;
    u64 start, count;
    explicit MbrEntry(const u8* p) : type(p[4]), start(read32(p + 8)), count(read32(p + 12)) {}
    bool is_extended() const { return type == 0x05 || type == 0x0f || type == 0x85; }
};

bool has_boot_signature(const u8* sector) { return sector[510] == 0x55 && sector[511] == 0xaa; }

void add_mbr_entry(Collector& into, u32 signature, u32 number, u64 start, u64 count) {
    if (PartitionEntry* entry = into.add(number, start, count))
        set_text(*entry, base::Text<24>("{:08x}-{:02x}", signature, number).view());
}

// Logical partitions form a list of tables; its length is bounded, for it may be a circle.
Result<> read_logical(SectorReader& reader, Collector& into, u32 signature, u64 extended) {
    u64 table = extended;
    u32 number = 5;
    for (int steps = 0; steps < 64; ++steps) {
        u8 sector[sector_bytes];
        TRY(reader.read_sectors(table, sector));
        if (!has_boot_signature(sector))
            return {};
        const MbrEntry part(sector + 446), next(sector + 462);
        if (part.type != 0 && !part.is_extended())
            add_mbr_entry(into, signature, number++, table + part.start, part.count);
        if (!next.is_extended() || next.start == 0)
            return {};
        table = extended + next.start;
    }
    return {};
}

Result<> read_mbr(SectorReader& reader, const u8* sector, Collector& into) {
    const u32 signature = read32(sector + 440);
    for (u32 i = 0; i < 4; ++i) {
        const MbrEntry entry(sector + 446 + 16 * i);
        // A boot flag other than 0 or 0x80: this is no table but some boot sector's code.
        if (sector[446 + 16 * i] & 0x7f)
            return {};
        if (entry.type == 0)
            continue;
        add_mbr_entry(into, signature, i + 1, entry.start, entry.is_extended() ? 2 : entry.count);
        if (entry.is_extended())
            TRY(read_logical(reader, into, signature, entry.start));
    }
    return {};
}

// --- GPT

void set_guid(PartitionEntry& entry, const u8* g) {
    const auto hex = [](u8 byte, char* to) {
        to[0] = "0123456789abcdef"[byte >> 4];
        to[1] = "0123456789abcdef"[byte & 15];
    };
    // The first three fields are little-endian (UEFI 2.10, appendix A).
    constexpr u8 order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char* at = entry.uuid;
    for (usize i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        hex(g[order[i]], at);
        at += 2;
    }
}

// Offsets in the header: UEFI 2.10, table 5.5; in an entry: table 5.6.
Result<bool> read_gpt_at(SectorReader& reader, u64 header_sector, u32 scale, Collector& into) {
    u8 header[sector_bytes];
    TRY(reader.read_sectors(header_sector, header));
    const u32 header_size = read32(header + 12);
    if (memcmp(header, "EFI PART", 8) != 0 || header_size < 92 || header_size > sector_bytes)
        return false;
    const u32 header_crc = read32(header + 16);
    memset(header + 16, 0, 4);
    if (base::crc32({header, header_size}) != header_crc)
        return false;
    const u64 table_start = read64(header + 72);
    if (table_start >= into.capacity() / scale)
        return false;
    const u64 first = table_start * scale;
    const u32 count = read32(header + 80), entry_size = read32(header + 84);
    if (entry_size < 128 || entry_size > 4096 || entry_size % 128 != 0 || count > 1024)
        return false;
    const u64 bytes = (u64{count} * entry_size + sector_bytes - 1) & ~u64{sector_bytes - 1};
    u8* table = new (base::fallible) u8[bytes];
    if (!table)
        return Failure(Errno::nomem);
    const Result<> read = reader.read_sectors(first, {table, bytes});
    const bool sound =
        read && base::crc32({table, usize{count} * entry_size}) == read32(header + 88);
    for (u32 i = 0; sound && i < count; ++i) {
        const u8* entry = table + usize{i} * entry_size;
        constexpr u8 unused[16] = {};
        if (memcmp(entry, unused, 16) == 0)
            continue;
        // In the device's sectors, and checked as such: multiplied, a large one would be small.
        const u64 start = read64(entry + 32), last = read64(entry + 40);
        if (last < start || last >= into.capacity() / scale)
            continue;
        if (PartitionEntry* added =
                into.add(i + 1, start * scale, (last - start + 1) * scale))
            set_guid(*added, entry + 16);
    }
    delete[] table;
    return sound; // what cannot be read may be read from the other copy
}

} // namespace

Result<u32> read_partition_table(SectorReader& reader, u64 capacity, u32 sector_size,
                                 std::span<PartitionEntry> into) {
    const u32 scale = sector_size / sector_bytes;
    if (scale == 0 || capacity < 4 * u64{scale})
        return 0u;
    Collector found(capacity, into);
    u8 sector[sector_bytes];
    TRY(reader.read_sectors(0, sector));
    if (!has_boot_signature(sector))
        return 0u;
    bool protective = false;
    for (u32 i = 0; i < 4; ++i)
        protective |= MbrEntry(sector + 446 + 16 * i).type == 0xee;
    if (protective) {
        if (TRY(read_gpt_at(reader, scale, scale, found)))
            return found.used();
        // The first copy is damaged: the last sector holds the other.
        if (TRY(read_gpt_at(reader, capacity - scale, scale, found)))
            return found.used();
        return 0u;
    }
    TRY(read_mbr(reader, sector, found));
    return found.used();
}

} // namespace core
