// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/inflate.h"

#include "base/bits.h"
#include "base/box.h"

namespace base::compression {
namespace {

constexpr unsigned maximum_bits = 15;
constexpr unsigned literal_codes = 288, distance_codes = 30, length_codes = 19;
constexpr unsigned end_of_block = 256, longest_match = 258;
constexpr std::string_view cut_short = "cut short";

// Bits from the low end of each byte on (RFC 1951, 3.1.1). Reading past the end gives zeros and is
// noticed.
class BitReader {
public:
    explicit BitReader(std::span<const u8> input) : input_(input) {}

    // Afterwards 48 bits can be had without filling again: a length with its extra bits, and a
    // distance with its own.
    void fill() {
        if (held_ >= 48)
            return;
        if (input_.size() >= 8 && at_ <= input_.size() - 8) [[likely]] {
            window_ |= load_u64(input_.data() + at_) << held_;
            const unsigned bytes = (63 - held_) / 8;
            at_ += bytes;
            held_ += bytes * 8;
            return;
        }
        fill_at_end();
    }
    u32 peek(unsigned count) const { return static_cast<u32>(window_) & ((1u << count) - 1); }
    void drop(unsigned count) {
        window_ >>= count;
        held_ -= count;
    }
    [[gnu::noinline]] u32 bits(unsigned count) {
        fill();
        const u32 value = peek(count);
        drop(count);
        return value;
    }
    // Goes to a byte's start; the bytes held back are to be read again.
    void align() {
        at_ -= held_ / 8;
        window_ = held_ = 0;
    }
    usize position() const { return at_ - held_ / 8; }
    bool overrun() const { return at_ > input_.size() && position() > input_.size(); }
    std::span<const u8> take(usize count) {
        const auto taken = input_.subspan(at_, count);
        at_ += count;
        return taken;
    }
    bool has(usize count) const { return at_ <= input_.size() && count <= input_.size() - at_; }

private:
    [[gnu::noinline]] void fill_at_end() {
        for (; held_ <= 56; held_ += 8, ++at_)
            window_ |= u64{at_ < input_.size() ? input_[at_] : u8{0}} << held_;
    }

    std::span<const u8> input_;
    usize at_ = 0;
    u64 window_ = 0;
    unsigned held_ = 0;
};

// A canonical Huffman code (RFC 1951, 3.2.2): a table for codes of up to quick_bits bits; longer
// ones are found by how many codes there are of each length and the symbols in order.
class Code {
public:
    // False if more codes are given than fit. An incomplete code is allowed where RFC 1951 does.
    bool build(std::span<const u8> lengths) {
        for (u16& n : count_)
            n = 0;
        for (u8 length : lengths)
            ++count_[length];
        count_[0] = 0;
        int left = 1;
        for (unsigned length = 1; length <= maximum_bits; ++length) {
            left = left * 2 - count_[length];
            if (left < 0)
                return false;
        }
        u16 offsets[maximum_bits + 2] = {};
        for (unsigned length = 1; length <= maximum_bits; ++length)
            offsets[length + 1] = static_cast<u16>(offsets[length] + count_[length]);
        for (usize symbol = 0; symbol < lengths.size(); ++symbol) {
            if (lengths[symbol] != 0)
                symbols_[offsets[lengths[symbol]]++] = static_cast<u16>(symbol);
        }
        build_quick();
        return true;
    }

    // The next symbol, or literal_codes for a bit pattern that is none. Takes up to 15 bits of
    // those the reader has.
    u32 decode(BitReader& reader) const {
        const u16 entry = quick_[reader.peek(quick_bits)];
        if (entry & length_mask) [[likely]] {
            reader.drop(entry & length_mask);
            return entry >> length_bits;
        }
        return decode_slowly(reader);
    }

private:
    static constexpr unsigned quick_bits = 10, length_bits = 4, length_mask = 15;

    void build_quick() {
        memset(quick_, 0, sizeof quick_);
        u32 code = 0, index = 0;
        for (unsigned length = 1; length <= quick_bits; ++length, code *= 2) {
            for (u32 i = 0; i < count_[length]; ++i, ++code, ++index) {
                // The code's first bit is its highest, and the first to be read.
                u32 reversed = 0;
                for (unsigned bit = 0; bit < length; ++bit)
                    reversed |= (code >> bit & 1) << (length - 1 - bit);
                for (; reversed < 1u << quick_bits; reversed += 1u << length)
                    quick_[reversed] = static_cast<u16>(symbols_[index] << length_bits | length);
            }
        }
    }
    [[gnu::noinline]] u32 decode_slowly(BitReader& reader) const {
        int code = 0, first = 0, index = 0;
        for (unsigned length = 1; length <= maximum_bits; ++length) {
            code |= static_cast<int>(reader.peek(1));
            reader.drop(1);
            if (code - first < count_[length])
                return symbols_[index + (code - first)];
            index += count_[length];
            first = (first + count_[length]) * 2;
            code *= 2;
        }
        return literal_codes;
    }

    u16 count_[maximum_bits + 1] = {};
    u16 symbols_[literal_codes] = {};
    u16 quick_[1 << quick_bits] = {}; // symbol and length; 0: a longer code or none
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

class Inflater {
public:
    Inflater(std::span<const u8> input, Output& output) : reader_(input), output_(output) {}

    Result<> run() {
        bool last = false;
        while (!last) {
            last = reader_.bits(1) != 0;
            TRY(read_block(reader_.bits(2)));
        }
        if (reader_.overrun())
            return output_.fail(cut_short);
        return {};
    }
    usize consumed() const { return reader_.position(); }

private:
    Result<> read_block(u32 kind) {
        switch (kind) {
        case 0: return read_stored();
        case 1: build_fixed(); return read_symbols();
        case 2:
            if (!read_dynamic())
                return output_.fail(reader_.overrun() ? cut_short : "a bad Huffman code");
            return read_symbols();
        default: return output_.fail("a block of no known kind");
        }
    }

    void build_fixed() {
        u8 lengths[literal_codes];
        for (unsigned i = 0; i < literal_codes; ++i)
            lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
        u8 distances[distance_codes];
        for (u8& length : distances)
            length = 5;
        (void)literals_.build(lengths); // both are sound
        (void)distances_.build(distances);
    }

    // RFC 1951, 3.2.7: code lengths, themselves Huffman-coded and run-length packed.
    bool read_dynamic() {
        static constexpr u8 order[length_codes] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                   11, 4,  12, 3, 13, 2, 14, 1, 15};
        const u32 literals = reader_.bits(5) + 257, distances = reader_.bits(5) + 1;
        const u32 lengths = reader_.bits(4) + 4;
        if (literals > 286 || distances > distance_codes)
            return false;
        u8 all[286 + distance_codes] = {};
        u8 length_lengths[length_codes] = {};
        for (u32 i = 0; i < lengths; ++i)
            length_lengths[order[i]] = static_cast<u8>(reader_.bits(3));
        if (!literals_.build(length_lengths))
            return false;
        u32 at = 0;
        while (at < literals + distances) {
            reader_.fill();
            const u32 symbol = literals_.decode(reader_);
            if (symbol < 16) {
                all[at++] = static_cast<u8>(symbol);
                continue;
            }
            if (symbol > 18 || (symbol == 16 && at == 0))
                return false;
            const u8 repeated = symbol == 16 ? all[at - 1] : 0;
            u32 times = symbol == 16   ? 3 + reader_.bits(2)
                        : symbol == 17 ? 3 + reader_.bits(3)
                                       : 11 + reader_.bits(7);
            if (times > literals + distances - at)
                return false;
            while (times-- > 0)
                all[at++] = repeated;
        }
        return literals_.build({all, literals}) && distances_.build({all + literals, distances});
    }

    Result<> read_symbols() {
        while (!reader_.overrun()) {
            TRY(output_.reserve(longest_match));
            reader_.fill();
            const u32 symbol = literals_.decode(reader_);
            if (symbol < end_of_block) {
                output_.append(static_cast<u8>(symbol));
                continue;
            }
            if (symbol == end_of_block)
                return {};
            if (symbol >= end_of_block + 1 + 29)
                return output_.fail("a code that stands for nothing");
            TRY(copy_match(lengths_table[symbol - end_of_block - 1]));
        }
        return output_.fail(cut_short);
    }

    Result<> copy_match(const Extra& length) {
        const usize count = length.base + reader_.peek(length.bits);
        reader_.drop(length.bits);
        const u32 code = distances_.decode(reader_);
        if (code >= distance_codes)
            return output_.fail("a code that stands for nothing");
        const usize distance =
            distances_table[code].base + reader_.peek(distances_table[code].bits);
        reader_.drop(distances_table[code].bits);
        if (!output_.reaches(distance))
            return output_.fail("a copy from before its beginning");
        output_.repeat(distance, count);
        return {};
    }

    Result<> read_stored() {
        reader_.align();
        if (!reader_.has(4))
            return output_.fail(cut_short);
        const auto header = reader_.take(4);
        const u64 length = little_endian(header.data(), 2);
        if (length != (~little_endian(header.data() + 2, 2) & 0xffff))
            return output_.fail("a stored block whose length is damaged");
        if (!reader_.has(length))
            return output_.fail(cut_short);
        TRY(output_.reserve(length));
        output_.append(reader_.take(length));
        return {};
    }

    BitReader reader_;
    Output& output_;
    Code literals_;
    Code distances_;
};

} // namespace

Result<> inflate(Input& input, Output& output) {
    auto inflater = TRY(Box<Inflater>::create(input.rest(), output));
    TRY(inflater->run());
    input.skip(inflater->consumed());
    return {};
}

} // namespace base::compression
