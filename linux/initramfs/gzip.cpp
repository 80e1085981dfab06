// SPDX-License-Identifier: BSD-2-Clause
#include "linux/initramfs/gzip.h"

namespace linux {
namespace {

constexpr unsigned maximum_bits = 15;
constexpr unsigned literal_codes = 288, distance_codes = 30, length_codes = 19;

// Bits from the low end of each byte on (RFC 1951, 3.1.1). Reading past the end gives zeros and is
// noticed.
class BitReader {
public:
    explicit BitReader(std::span<const u8> input) : input_(input) {}

    u32 bits(unsigned count) {
        while (held_ < count) {
            u64 byte = 0;
            if (at_ < input_.size())
                byte = input_[at_];
            else
                overrun_ = true;
            ++at_;
            window_ |= byte << held_;
            held_ += 8;
        }
        const u32 value = static_cast<u32>(window_ & ((u64{1} << count) - 1));
        window_ >>= count;
        held_ -= count;
        return value;
    }
    void align() {
        window_ >>= held_ % 8;
        held_ -= held_ % 8;
    }
    // Bytes consumed; only after align(). Whole bytes still held count as not consumed.
    usize position() const { return at_ - held_ / 8; }
    bool overrun() const { return overrun_; }

private:
    std::span<const u8> input_;
    usize at_ = 0;
    u64 window_ = 0;
    unsigned held_ = 0;
    bool overrun_ = false;
};

// A canonical Huffman code (RFC 1951, 3.2.2): how many codes of each length, and the symbols in
// order.
struct Code {
    u16 count[maximum_bits + 1] = {};
    u16 symbols[literal_codes] = {};

    // False if more codes are given than fit. An incomplete code is allowed where RFC 1951 does.
    bool build(std::span<const u8> lengths) {
        for (u16& n : count)
            n = 0;
        for (u8 length : lengths)
            ++count[length];
        count[0] = 0;
        int left = 1;
        for (unsigned length = 1; length <= maximum_bits; ++length) {
            left = left * 2 - count[length];
            if (left < 0)
                return false;
        }
        u16 offsets[maximum_bits + 2] = {};
        for (unsigned length = 1; length <= maximum_bits; ++length)
            offsets[length + 1] = static_cast<u16>(offsets[length] + count[length]);
        for (usize symbol = 0; symbol < lengths.size(); ++symbol) {
            if (lengths[symbol] != 0)
                symbols[offsets[lengths[symbol]]++] = static_cast<u16>(symbol);
        }
        return true;
    }

    // The next symbol, or literal_codes for a bit pattern that is none.
    u32 decode(BitReader& reader) const {
        int code = 0, first = 0, index = 0;
        for (unsigned length = 1; length <= maximum_bits; ++length) {
            code |= static_cast<int>(reader.bits(1));
            if (code - first < count[length])
                return symbols[index + (code - first)];
            index += count[length];
            first = (first + count[length]) * 2;
            code *= 2;
        }
        return literal_codes;
    }
};

struct Extra {
    u16 base;
    u8 bits;
};
// RFC 1951, 3.2.5.
constexpr Extra lengths_table[29] = {
    {3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1}, {13, 1},
    {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3}, {59, 3},
    {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}};
constexpr Extra distances_table[30] = {
    {1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},
    {9, 2},     {13, 2},    {17, 3},    {25, 3},     {33, 4},     {49, 4},
    {65, 5},    {97, 5},    {129, 6},   {193, 6},    {257, 7},    {385, 7},
    {513, 8},   {769, 8},   {1025, 9},  {1537, 9},   {2049, 10},  {3073, 10},
    {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13}};

struct Codes {
    Code literals;
    Code distances;
};

bool build_fixed(Codes& codes) {
    u8 lengths[literal_codes];
    for (unsigned i = 0; i < literal_codes; ++i)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    u8 distances[distance_codes];
    for (u8& length : distances)
        length = 5;
    return codes.literals.build(lengths) && codes.distances.build(distances);
}

// RFC 1951, 3.2.7: code lengths, themselves Huffman-coded and run-length packed.
bool read_dynamic(BitReader& reader, Codes& codes) {
    static constexpr u8 order[length_codes] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                               11, 4,  12, 3, 13, 2, 14, 1, 15};
    const u32 literals = reader.bits(5) + 257, distances = reader.bits(5) + 1;
    const u32 lengths = reader.bits(4) + 4;
    if (literals > 286 || distances > distance_codes)
        return false;
    u8 all[286 + distance_codes] = {};
    u8 length_lengths[length_codes] = {};
    for (u32 i = 0; i < lengths; ++i)
        length_lengths[order[i]] = static_cast<u8>(reader.bits(3));
    if (!codes.literals.build(length_lengths))
        return false;
    u32 at = 0;
    while (at < literals + distances) {
        const u32 symbol = codes.literals.decode(reader);
        if (symbol < 16) {
            all[at++] = static_cast<u8>(symbol);
            continue;
        }
        if (symbol > 18 || (symbol == 16 && at == 0))
            return false;
        const u8 repeated = symbol == 16 ? all[at - 1] : 0;
        u32 times = symbol == 16   ? 3 + reader.bits(2)
                    : symbol == 17 ? 3 + reader.bits(3)
                                   : 11 + reader.bits(7);
        if (times > literals + distances - at)
            return false;
        while (times-- > 0)
            all[at++] = repeated;
    }
    return codes.literals.build({all, literals}) &&
           codes.distances.build({all + literals, distances});
}

Result<> read_block(BitReader& reader, const Codes& codes, ByteBuffer& output, usize start) {
    while (!reader.overrun()) {
        const u32 symbol = codes.literals.decode(reader);
        TRY(output.reserve(258));
        if (symbol < 256) {
            output.append(static_cast<u8>(symbol));
            continue;
        }
        if (symbol == 256)
            return {};
        if (symbol >= 257 + 29)
            return Failure(Errno::badmsg);
        const Extra& length = lengths_table[symbol - 257];
        const usize count = length.base + reader.bits(length.bits);
        const u32 code = codes.distances.decode(reader);
        if (code >= distance_codes)
            return Failure(Errno::badmsg);
        const usize distance = distances_table[code].base + reader.bits(distances_table[code].bits);
        if (distance > output.size() - start)
            return Failure(Errno::badmsg);
        output.repeat(distance, count);
    }
    return Failure(Errno::badmsg);
}

Result<> read_stored(BitReader& reader, ByteBuffer& output) {
    reader.align();
    const u32 length = reader.bits(16), complement = reader.bits(16);
    if (length != (~complement & 0xffff))
        return Failure(Errno::badmsg);
    TRY(output.reserve(length));
    for (u32 i = 0; i < length && !reader.overrun(); ++i)
        output.append(static_cast<u8>(reader.bits(8)));
    return {};
}

Result<> inflate(BitReader& reader, ByteBuffer& output) {
    const usize start = output.size();
    Codes codes;
    bool last = false;
    while (!last) {
        last = reader.bits(1) != 0;
        const u32 kind = reader.bits(2);
        if (kind == 0) {
            TRY(read_stored(reader, output));
        } else {
            const bool good =
                kind == 1 ? build_fixed(codes) : kind == 2 && read_dynamic(reader, codes);
            if (!good)
                return Failure(Errno::badmsg);
            TRY(read_block(reader, codes, output, start));
        }
        if (reader.overrun())
            return Failure(Errno::badmsg);
    }
    reader.align();
    return {};
}

u32 crc32(std::span<const u8> bytes) {
    // Reflected polynomial 0xedb88320, four bits at a time (RFC 1952, 8).
    u32 table[16];
    for (u32 i = 0; i < 16; ++i) {
        u32 value = i;
        for (int bit = 0; bit < 4; ++bit)
            value = value & 1 ? 0xedb8'8320 ^ (value >> 1) : value >> 1;
        table[i] = value;
    }
    u32 sum = ~u32{0};
    for (u8 byte : bytes) {
        sum = table[(sum ^ byte) & 15] ^ (sum >> 4);
        sum = table[(sum ^ (byte >> 4)) & 15] ^ (sum >> 4);
    }
    return ~sum;
}

// Length of the header; 0 if it is none.
usize header_length(std::span<const u8> input) {
    constexpr u8 has_checksum = 2, has_extra = 4, has_name = 8, has_comment = 16;
    if (input.size() < 18 || input[0] != 0x1f || input[1] != 0x8b || input[2] != 8)
        return 0;
    const u8 flags = input[3];
    usize at = 10;
    if (flags & has_extra)
        at += 2u + input[10] + (usize{input[11]} << 8);
    for (u8 flag : {has_name, has_comment}) {
        if (!(flags & flag))
            continue;
        while (at < input.size() && input[at] != 0)
            ++at;
        ++at;
    }
    if (flags & has_checksum)
        at += 2;
    return at < input.size() ? at : 0;
}

u32 little_endian(std::span<const u8> bytes) {
    return bytes[0] | u32{bytes[1]} << 8 | u32{bytes[2]} << 16 | u32{bytes[3]} << 24;
}

} // namespace

Result<usize> unpack_gzip(std::span<const u8> input, ByteBuffer& output) {
    const usize header = header_length(input);
    if (header == 0)
        return Failure(Errno::inval);
    const usize start = output.size();
    BitReader reader(input.subspan(header));
    TRY(inflate(reader, output));
    const usize end = header + reader.position();
    if (input.size() < 8 || end > input.size() - 8)
        return Failure(Errno::badmsg);
    const std::span<const u8> made = output.bytes().subspan(start);
    if (little_endian(input.subspan(end)) != crc32(made) ||
        little_endian(input.subspan(end + 4)) != static_cast<u32>(made.size()))
        return Failure(Errno::badmsg);
    return end + 8;
}

} // namespace linux
