// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/zstd/fse_table.h"

namespace base::compression {
namespace {

// The next share of a description (RFC 8878, 4.1.1): `left` states are still to be given away. The
// values that cannot be meant make room for saying the small ones in one bit less.
i32 read_share(ForwardBits& bits, u32 left) {
    const unsigned width = log2_down(left + 1) + 1;
    const u32 half = (1u << (width - 1)) - 1;
    const u32 small = (1u << width) - 1 - (left + 1);
    const u32 value = bits.peek(width);
    if ((value & half) < small) {
        bits.drop(width - 1);
        return static_cast<i32>(value & half) - 1;
    }
    bits.drop(width);
    return static_cast<i32>(value > half ? value - small : value) - 1;
}

} // namespace

usize FseTable::read(std::span<const u8> input, unsigned accuracy, unsigned symbols) {
    ForwardBits bits(input);
    accuracy_ = bits.bits(4) + 5;
    if (accuracy_ > accuracy)
        return 0;
    i16 shares[most_symbols] = {};
    u32 left = 1u << accuracy_;
    unsigned count = 0;
    while (left > 0) {
        if (count == symbols || bits.overrun())
            return 0;
        const i32 share = read_share(bits, left);
        const u32 taken = share < 0 ? 1 : static_cast<u32>(share);
        if (taken > left)
            return 0;
        left -= taken;
        shares[count++] = static_cast<i16>(share);
        if (share != 0)
            continue;
        for (u32 more = 3; more == 3;) {
            more = bits.bits(2);
            if (more > symbols - count)
                return 0;
            count += more; // these have no share either
        }
    }
    if (bits.overrun())
        return 0;
    spread(shares, count);
    return bits.bytes_used();
}

void FseTable::build(std::span<const i8> shares, unsigned accuracy) {
    i16 wide[most_symbols] = {};
    for (usize i = 0; i < shares.size(); ++i)
        wide[i] = shares[i];
    accuracy_ = accuracy;
    spread(wide, static_cast<unsigned>(shares.size()));
}

void FseTable::build_single(u8 symbol) {
    accuracy_ = 0;
    entries_[0] = {0, 0, symbol};
    empty_ = false;
}

// The shares add up to the number of states (RFC 8878, 4.1.1, "from normalized distribution to
// decoding tables").
void FseTable::spread(const i16* shares, unsigned symbols) {
    const u32 size = 1u << accuracy_, mask = size - 1;
    u16 seen[most_symbols] = {};
    u32 high = size; // from here on: states of symbols with less than one
    for (unsigned symbol = 0; symbol < symbols; ++symbol) {
        seen[symbol] = shares[symbol] < 0 ? u16{1} : static_cast<u16>(shares[symbol]);
        if (shares[symbol] < 0)
            entries_[--high].symbol = static_cast<u8>(symbol);
    }
    const u32 step = (size >> 1) + (size >> 3) + 3;
    u32 at = 0;
    for (unsigned symbol = 0; symbol < symbols; ++symbol) {
        for (i16 i = 0; i < shares[symbol]; ++i) {
            entries_[at].symbol = static_cast<u8>(symbol);
            do
                at = (at + step) & mask;
            while (at >= high);
        }
    }
    for (u32 state = 0; state < size; ++state) {
        Entry& entry = entries_[state];
        const u32 next = seen[entry.symbol]++;
        const unsigned bits = accuracy_ - log2_down(next);
        entry.bits = static_cast<u8>(bits);
        entry.next = static_cast<u16>((next << bits) - size);
    }
    empty_ = false;
}

} // namespace base::compression
