// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/checksum.h"

#include <array>

namespace ext4 {
namespace {

using Table = std::array<u32, 256>;

// Tables for four bytes at a time: tables[k][b] is the effect of byte b followed by k zero bytes.
consteval std::array<Table, 4> make_crc32c_tables() {
    constexpr u32 reversed_polynomial = 0x82f6'3b78;
    std::array<Table, 4> tables{};
    for (u32 i = 0; i < 256; ++i) {
        u32 value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1) ^ ((value & 1) ? reversed_polynomial : 0);
        tables[0][i] = value;
    }
    for (usize k = 1; k < 4; ++k)
        for (u32 i = 0; i < 256; ++i)
            tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xff];
    return tables;
}

consteval std::array<u16, 256> make_crc16_table() {
    std::array<u16, 256> table{};
    for (u32 i = 0; i < 256; ++i) {
        u32 value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1) ^ ((value & 1) ? 0xa001 : 0);
        table[i] = static_cast<u16>(value);
    }
    return table;
}

consteval Table make_crc32_table() {
    Table table{};
    for (u32 i = 0; i < 256; ++i) {
        u32 value = i << 24;
        for (int bit = 0; bit < 8; ++bit)
            value = (value << 1) ^ ((value >> 31) ? 0x04c1'1db7 : 0);
        table[i] = value;
    }
    return table;
}

constexpr std::array<Table, 4> crc32c_tables = make_crc32c_tables();
constexpr std::array<u16, 256> crc16_table = make_crc16_table();
constexpr Table crc32_table = make_crc32_table();

} // namespace

u32 crc32c(u32 value, std::span<const u8> bytes) {
    const u8* p = bytes.data();
    usize left = bytes.size();
    for (; left >= 4; left -= 4, p += 4) {
        u32 word;
        __builtin_memcpy(&word, p, 4);
        value ^= word;
        value = crc32c_tables[3][value & 0xff] ^ crc32c_tables[2][(value >> 8) & 0xff] ^
                crc32c_tables[1][(value >> 16) & 0xff] ^ crc32c_tables[0][value >> 24];
    }
    for (; left != 0; --left, ++p)
        value = (value >> 8) ^ crc32c_tables[0][(value ^ *p) & 0xff];
    return value;
}

namespace {

// The running value before `bits` zero bits that ended as `value`.
u32 crc32c_back(u32 value, int bits) {
    constexpr u32 reversed_polynomial = 0x82f6'3b78;
    for (; bits > 0; --bits)
        value = value >> 31 ? (value ^ reversed_polynomial) << 1 | 1 : value << 1;
    return value;
}

} // namespace

u32 crc32c_balance(u32 value, std::span<const u8> before, std::span<const u8> after, u32 wanted) {
    for (usize i = after.size(); i-- > 0;)
        wanted = crc32c_back(wanted, 8) ^ after[i];
    return crc32c_back(wanted, 32) ^ crc32c(value, before);
}

u16 crc16(u16 value, std::span<const u8> bytes) {
    for (u8 byte : bytes)
        value = static_cast<u16>((value >> 8) ^ crc16_table[(value ^ byte) & 0xff]);
    return value;
}

u32 crc32_big_endian(u32 value, std::span<const u8> bytes) {
    for (u8 byte : bytes)
        value = (value << 8) ^ crc32_table[(value >> 24) ^ byte];
    return value;
}

} // namespace ext4
