// SPDX-License-Identifier: BSD-2-Clause
// The Huffman codes of literals (RFC 8878, 4.2).
#pragma once

#include "base/compression/zstd/fse_table.h"

namespace base::compression {

class HuffmanTable {
public:
    // Reads the description of a code at the front of `input` and gives its length; 0 if it is bad.
    usize read(std::span<const u8> input);
    // Decodes one stream, which holds exactly as many symbols as `output` has bytes; false if not.
    bool decode(std::span<const u8> stream, std::span<u8> output) const;

private:
    static constexpr unsigned most_bits = 11;
    static constexpr unsigned most_symbols = 256;

    struct Entry {
        u8 symbol;
        u8 bits;
    };

    usize read_packed_weights(std::span<const u8> input, u8* weights, unsigned& count);
    bool build(u8* weights, unsigned count);
    Entry look_up(u64 window) const { return entries_[window >> (64 - longest_)]; }

    Entry entries_[1 << most_bits] = {};
    FseTable weights_;
    unsigned longest_ = 0; // code, in bits
};

} // namespace base::compression
