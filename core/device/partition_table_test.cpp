// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/partition_table.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "base/crc32.h"

namespace core {
namespace {

constexpr u64 capacity = 4096;

class Disk final : public SectorReader {
public:
    Result<> read_sectors(u64 sector, std::span<u8> to) override {
        ++reads;
        if (sector > capacity || to.size() > (capacity - sector) * 512)
            return Failure(Errno::io);
        std::memcpy(to.data(), bytes.data() + sector * 512, to.size());
        return {};
    }
    u8* at(u64 sector) { return bytes.data() + sector * 512; }
    void put(u64 offset, u64 value, u32 width) { std::memcpy(&bytes[offset], &value, width); }
    void sign(u64 sector) { put(sector * 512 + 510, 0xaa55, 2); }
    void mbr_entry(u64 sector, u32 index, u8 type, u32 start, u32 count) {
        const u64 base = sector * 512 + 446 + 16 * index;
        bytes[base + 4] = type;
        put(base + 8, start, 4);
        put(base + 12, count, 4);
    }
    void write_gpt(u64 header, u64 table) {
        sign(0);
        mbr_entry(0, 0, 0xee, 1, capacity - 1);
        const u64 entry = table * 512;
        for (u32 i = 0; i < 2; ++i) {
            bytes[entry + i * 128] = 1; // a type
            for (u32 k = 0; k < 16; ++k)
                bytes[entry + i * 128 + 16 + k] = static_cast<u8>(k + i);
            put(entry + i * 128 + 32, 100 + 100 * i, 8);
            put(entry + i * 128 + 40, 199 + 100 * i, 8);
        }
        const u64 h = header * 512;
        std::memcpy(&bytes[h], "EFI PART", 8);
        put(h + 12, 92, 4);
        put(h + 72, table, 8);
        put(h + 80, 8, 4);
        put(h + 84, 128, 4);
        put(h + 88, base::crc32({&bytes[entry], 8 * 128}), 4);
        put(h + 16, 0, 4);
        put(h + 16, base::crc32({&bytes[h], 92}), 4);
    }
    std::vector<u8> bytes = std::vector<u8>(capacity * 512);
    u64 reads = 0;
};

class PartitionTable : public testing::Test {
protected:
    u32 read() { return MUST(read_partition_table(disk, capacity, 512, entries), "readable"); }
    Disk disk;
    PartitionEntry entries[16];
};

TEST_F(PartitionTable, emptyDisk) { EXPECT_EQ(read(), 0u); }

TEST_F(PartitionTable, mbrWithLogicalOnes) {
    disk.sign(0);
    disk.put(440, 0xdeadbeef, 4);
    disk.mbr_entry(0, 0, 0x83, 64, 100);
    disk.mbr_entry(0, 2, 0x05, 1000, 2000);
    disk.sign(1000);
    disk.mbr_entry(1000, 0, 0x83, 10, 50);
    disk.mbr_entry(1000, 1, 0x05, 500, 100);
    disk.sign(1500);
    disk.mbr_entry(1500, 0, 0x82, 20, 60);
    ASSERT_EQ(read(), 4u);
    EXPECT_EQ(entries[0].number, 1u);
    EXPECT_STREQ(entries[0].uuid, "deadbeef-01");
    EXPECT_EQ(entries[1].number, 3u);
    EXPECT_EQ(entries[2].number, 5u);
    EXPECT_EQ(entries[2].first_sector, 1010u);
    EXPECT_EQ(entries[3].number, 6u);
    EXPECT_EQ(entries[3].first_sector, 1520u);
}

TEST_F(PartitionTable, aCircleOfLogicalTablesEnds) {
    disk.sign(0);
    disk.mbr_entry(0, 0, 0x05, 1000, 2000);
    disk.sign(1000);
    disk.mbr_entry(1000, 0, 0x83, 10, 50);
    disk.mbr_entry(1000, 1, 0x05, 0x0, 100); // next 0: end
    EXPECT_EQ(read(), 2u);
    disk.sign(1500);
    disk.mbr_entry(1000, 1, 0x05, 500, 100);
    disk.mbr_entry(1500, 0, 0x83, 10, 50);
    disk.mbr_entry(1500, 1, 0x05, 500, 100); // itself
    EXPECT_EQ(read(), 16u);
    EXPECT_LT(disk.reads, 200u);
}

TEST_F(PartitionTable, gpt) {
    disk.write_gpt(1, 2);
    ASSERT_EQ(read(), 2u);
    EXPECT_EQ(entries[1].number, 2u);
    EXPECT_EQ(entries[1].first_sector, 200u);
    EXPECT_EQ(entries[1].sector_count, 100u);
    EXPECT_STREQ(entries[0].uuid, "03020100-0504-0706-0809-0a0b0c0d0e0f");
}

TEST_F(PartitionTable, gptFromItsSecondCopy) {
    disk.write_gpt(1, 2);
    disk.write_gpt(capacity - 1, capacity - 34);
    disk.at(1)[20] ^= 1;
    EXPECT_EQ(read(), 2u);
    disk.at(capacity - 1)[20] ^= 1;
    EXPECT_EQ(read(), 0u);
}

TEST_F(PartitionTable, gptFromItsSecondCopyWhenTheFirstTableCannotBeRead) {
    for (const u64 table : {capacity - 1, capacity + 5, ~u64{0} / 512, ~u64{0}}) {
        disk.write_gpt(1, 2);
        disk.write_gpt(capacity - 1, capacity - 34);
        disk.put(512 + 72, table, 8);
        disk.put(512 + 80, 1024, 4); // with this table as long as that, it leaves the disk
        disk.put(512 + 16, 0, 4);
        disk.put(512 + 16, base::crc32({disk.at(1), 92}), 4);
        EXPECT_EQ(read(), 2u) << table;
    }
}

// Sectors of 4096 bytes: the numbers in the table times eight must not wrap around.
TEST_F(PartitionTable, aGptOfLargeSectorsThatWraps) {
    disk.write_gpt(8, 16);
    disk.put(16 * 512 + 32, (u64{1} << 61) + 10, 8);
    disk.put(16 * 512 + 40, (u64{1} << 61) + 20, 8);
    disk.put(16 * 512 + 128 + 32, 100, 8);
    disk.put(16 * 512 + 128 + 40, 109, 8);
    disk.put(8 * 512 + 72, 2, 8);
    disk.put(8 * 512 + 88, base::crc32({disk.at(16), 8 * 128}), 4);
    disk.put(8 * 512 + 16, 0, 4);
    disk.put(8 * 512 + 16, base::crc32({disk.at(8), 92}), 4);
    const u32 found = MUST(read_partition_table(disk, capacity, 4096, entries), "readable");
    ASSERT_EQ(found, 1u);
    EXPECT_EQ(entries[0].first_sector, 800u);
    EXPECT_EQ(entries[0].sector_count, 80u);
}

TEST_F(PartitionTable, entriesThatLeaveTheDiskAreLeftOut) {
    disk.sign(0);
    disk.mbr_entry(0, 0, 0x83, capacity - 10, 100);
    disk.mbr_entry(0, 1, 0x83, 0xffff'ffff, 100);
    EXPECT_EQ(read(), 0u);
}

TEST_F(PartitionTable, aBootSectorIsNoTable) {
    disk.sign(0);
    disk.mbr_entry(0, 0, 0x83, 64, 100);
    disk.at(0)[446] = 0x41; // code where a table has a boot flag
    EXPECT_EQ(read(), 0u);
}

TEST_F(PartitionTable, anythingAtAll) {
    u64 random = 3;
    for (int i = 0; i < 3000; ++i) {
        disk.write_gpt(1, 2);
        for (int k = 0; k < 3; ++k) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            disk.bytes[(random >> 20) % (34 * 512)] = static_cast<u8>(random >> 56);
        }
        if (i % 2) { // a header that is sound as such
            disk.put(512 + 16, 0, 4);
            disk.put(512 + 16, base::crc32({disk.at(1), 92}), 4);
        }
        (void)read_partition_table(disk, capacity, i % 3 ? 512 : 4096, entries);
    }
}

} // namespace
} // namespace core
