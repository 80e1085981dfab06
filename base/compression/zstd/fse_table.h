// SPDX-License-Identifier: BSD-2-Clause
// Decoding tables of Finite State Entropy codes (RFC 8878, 4.1).
#pragma once

#include "base/compression/zstd/bit_streams.h"

namespace base::compression {

class FseTable {
public:
    static constexpr unsigned most_states = 1 << 9;
    static constexpr unsigned most_symbols = 64;

    struct Entry {
        u16 next; // state to add the bits read to
        u8 bits;
        u8 symbol;
    };

    // Builds the table a description at the front of `input` says, and gives its length; 0 if it is
    // bad, or says more than `accuracy` and `symbols` allow.
    usize read(std::span<const u8> input, unsigned accuracy, unsigned symbols);
    // Builds a table of known shares: of 1 << accuracy states, -1 standing for "less than 1".
    void build(std::span<const i8> shares, unsigned accuracy);
    // A table that always says one symbol.
    void build_single(u8 symbol);

    bool empty() const { return empty_; }
    unsigned accuracy() const { return accuracy_; }
    const Entry& operator[](u32 state) const { return entries_[state]; }

private:
    void spread(const i16* shares, unsigned symbols);

    Entry entries_[most_states] = {};
    unsigned accuracy_ = 0;
    bool empty_ = true;
};

// A place in a table.
class FseState {
public:
    FseState(const FseTable& table, BackwardBits& bits)
        : table_(table), state_(static_cast<u32>(bits.bits(table.accuracy()))) {}
    u8 symbol() const { return table_[state_].symbol; }
    void advance(BackwardBits& bits) {
        const FseTable::Entry& entry = table_[state_];
        state_ = entry.next + static_cast<u32>(bits.bits(entry.bits));
    }

private:
    const FseTable& table_;
    u32 state_;
};

} // namespace base::compression
