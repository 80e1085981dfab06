// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/zstd/huffman_table.h"

namespace base::compression {

// Weights as an FSE stream of two states that take turns (RFC 8878, 4.2.1.2). It ends where a state
// wants bits that are not there; the other one's symbol is the last.
usize HuffmanTable::read_packed_weights(std::span<const u8> input, u8* weights, unsigned& count) {
    constexpr unsigned accuracy = 6, largest_weight = most_bits + 1;
    const usize described = weights_.read(input, accuracy, largest_weight);
    BackwardBits bits;
    if (described == 0 || !bits.start(input.subspan(described)))
        return 0;
    FseState states[2] = {{weights_, bits}, {weights_, bits}};
    if (bits.overrun())
        return 0;
    count = 0;
    for (unsigned turn = 0;; turn ^= 1) {
        if (count + 2 > most_symbols - 1)
            return 0;
        weights[count++] = states[turn].symbol();
        states[turn].advance(bits);
        if (bits.overrun()) {
            weights[count++] = states[turn ^ 1].symbol();
            return input.size();
        }
    }
}

usize HuffmanTable::read(std::span<const u8> input) {
    longest_ = 0;
    if (input.empty())
        return 0;
    u8 weights[most_symbols] = {};
    unsigned count = 0;
    usize length;
    if (input[0] < 128) {
        length = 1 + usize{input[0]};
        if (length > input.size() ||
            read_packed_weights(input.subspan(1, length - 1), weights, count) == 0)
            return 0;
    } else {
        count = input[0] - 127u;
        length = 1 + (count + 1) / 2;
        if (length > input.size())
            return 0;
        for (unsigned i = 0; i < count; ++i)
            weights[i] = i % 2 == 0 ? input[1 + i / 2] >> 4 : input[1 + i / 2] & 15;
    }
    return build(weights, count) ? length : 0;
}

// A symbol of weight w > 0 takes 1 << (w - 1) of the table's entries. The last symbol's weight is
// not written: it takes what is left up to a power of two.
bool HuffmanTable::build(u8* weights, unsigned count) {
    u32 sum = 0;
    for (unsigned i = 0; i < count; ++i) {
        if (weights[i] > most_bits + 1)
            return false;
        sum += weights[i] > 0 ? 1u << (weights[i] - 1) : 0;
    }
    if (sum == 0)
        return false;
    const unsigned longest = log2_down(sum) + 1;
    const u32 left = (1u << longest) - sum;
    if (longest > most_bits || !std::has_single_bit(left))
        return false;
    weights[count++] = static_cast<u8>(log2_down(left) + 1);
    u32 at = 0;
    for (unsigned weight = 1; weight <= longest; ++weight) {
        const Entry entry{0, static_cast<u8>(longest + 1 - weight)};
        for (unsigned symbol = 0; symbol < count; ++symbol) {
            if (weights[symbol] != weight)
                continue;
            for (u32 end = at + (1u << (weight - 1)); at < end; ++at)
                entries_[at] = {static_cast<u8>(symbol), entry.bits};
        }
    }
    longest_ = longest;
    return true;
}

bool HuffmanTable::decode(std::span<const u8> stream, std::span<u8> output) const {
    BackwardBits bits;
    if (!bits.start(stream))
        return false;
    constexpr unsigned at_once = 57 / most_bits;
    u8* to = output.data();
    u8* const end = to + output.size();
    while (end - to >= at_once && bits.left() >= 0) {
        u64 window = bits.window();
        unsigned used = 0;
        for (unsigned i = 0; i < at_once; ++i) {
            const Entry entry = look_up(window);
            *to++ = entry.symbol;
            window <<= entry.bits;
            used += entry.bits;
        }
        bits.drop(used);
    }
    for (; to < end && bits.left() >= 0; ++to) {
        const Entry entry = look_up(bits.window());
        *to = entry.symbol;
        bits.drop(entry.bits);
    }
    return to == end && bits.finished();
}

} // namespace base::compression
