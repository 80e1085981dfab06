// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/zstd/sequences.h"

namespace base::compression {
namespace {

// RFC 8878, 3.1.1.3.2.2: predefined shares.
constexpr i8 literal_shares[36] = {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1,  1,  2,  2,
                                   2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
constexpr i8 match_shares[53] = {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1,  1,  1,  1,  1,  1,  1, 1,
                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1,
                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
constexpr i8 offset_shares[29] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 1,  1,  1,  1,  1, 1,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};

constexpr unsigned literal_codes = 36, match_codes = 53, offset_codes = 32;

// How many bits follow a length's code; what they are added to is where the code before ends.
constexpr u8 literal_bits[literal_codes] = {0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0,
                                            0, 0, 0, 0, 1, 1,  1,  1,  2,  2,  3,  3,
                                            4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr u8 match_bits[match_codes] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0, 0,
                                        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  1,  1,  1, 1,
                                        2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

template <usize count>
struct Lengths {
    u32 base[count];
    u8 bits[count];
    constexpr Lengths(const u8 (&widths)[count], u32 first) : base(), bits() {
        for (usize i = 0; i < count; ++i) {
            base[i] = first;
            bits[i] = widths[i];
            first += 1u << widths[i];
        }
    }
    usize take(u8 code, BackwardBits& stream) const {
        return base[code] + static_cast<usize>(stream.bits(bits[code]));
    }
};
constexpr Lengths<literal_codes> literal_lengths_table(literal_bits, 0);
constexpr Lengths<match_codes> match_lengths_table(match_bits, 3);

} // namespace

void Sequences::restart() {
    codes_[literal_lengths] = {literal_shares, 6, 9, literal_codes, {}};
    codes_[offsets] = {offset_shares, 5, 8, offset_codes, {}};
    codes_[match_lengths] = {match_shares, 6, 9, match_codes, {}};
    recent_[0] = 1, recent_[1] = 4, recent_[2] = 8;
}

// Gives how much of the input described the table plus one; 0 if it is bad.
usize Sequences::read_table(Code& code, unsigned mode, std::span<const u8> input) {
    switch (mode) {
    case 0: code.table.build(code.shares, code.shares_accuracy); return 1;
    case 1:
        if (input.empty() || input[0] >= code.symbols)
            return 0;
        code.table.build_single(input[0]);
        return 2;
    case 2: {
        const usize length = code.table.read(input, code.accuracy, code.symbols);
        return length == 0 ? 0 : length + 1;
    }
    default: return code.table.empty() ? 0 : 1; // as the block before
    }
}

Result<> Sequences::run(std::span<const u8> section, Literals& literals, Output& output) {
    Input input(section);
    if (!input.has(1))
        return output.fail("a block without sequences");
    u32 count = input.byte();
    const unsigned more = count < 128 ? 0 : count < 255 ? 1 : 2;
    if (!input.has(more))
        return output.fail("sequences cut short");
    if (more == 1)
        count = (count - 128) << 8 | input.byte();
    else if (more == 2)
        count = static_cast<u32>(input.integer(2)) + 0x7f00;
    if (count > 0) {
        if (!input.has(1))
            return output.fail("sequences cut short");
        const u8 modes = input.byte();
        for (const Which which : {literal_lengths, offsets, match_lengths}) {
            const usize length =
                read_table(codes_[which], modes >> (6 - 2 * which) & 3, input.rest());
            if (length == 0)
                return output.fail("a bad code of sequences");
            input.skip(length - 1);
        }
        if (modes & 3)
            return output.fail("sequences of no known kind");
        TRY(run_all(count, input.rest(), literals, output));
    } else if (input.has(1)) {
        return output.fail("bytes behind a block's literals");
    }
    literals.move(literals.left(), output);
    return {};
}

// RFC 8878, 3.1.1.5: 1 to 3 stand for recent offsets, counted otherwise when no literals come
// before the copy; the offset taken becomes the most recent one. 0 is no offset.
usize Sequences::take_offset(u64 value, bool no_literals) {
    usize offset;
    if (value > 3) {
        offset = static_cast<usize>(value - 3);
        recent_[2] = recent_[1];
    } else {
        const usize which = static_cast<usize>(value) - 1 + (no_literals ? 1 : 0);
        offset = which == 3 ? recent_[0] - 1 : recent_[which];
        if (which == 0)
            return offset;
        if (which > 1)
            recent_[2] = recent_[1];
    }
    recent_[1] = recent_[0];
    recent_[0] = offset;
    return offset;
}

Result<> Sequences::run_all(u32 count, std::span<const u8> stream, Literals& literals,
                            Output& output) {
    BackwardBits bits;
    if (!bits.start(stream))
        return output.fail("sequences cut short");
    FseState literal_state(codes_[literal_lengths].table, bits);
    FseState offset_state(codes_[offsets].table, bits);
    FseState match_state(codes_[match_lengths].table, bits);
    usize room = zstd_block_size;
    while (!bits.overrun()) {
        const u8 offset_code = offset_state.symbol();
        const u64 offset_value = (u64{1} << offset_code) + bits.bits(offset_code);
        const usize match = match_lengths_table.take(match_state.symbol(), bits);
        const usize fresh = literal_lengths_table.take(literal_state.symbol(), bits);
        const usize offset = take_offset(offset_value, fresh == 0);
        if (fresh > literals.left() || fresh + match > room)
            return output.fail("sequences that say more than they may");
        room -= fresh + match;
        literals.move(fresh, output);
        if (!output.reaches(offset))
            return output.fail("a copy from before its beginning");
        output.repeat(offset, match);
        if (--count == 0)
            break;
        literal_state.advance(bits);
        match_state.advance(bits);
        offset_state.advance(bits);
    }
    if (count > 0 || !bits.finished() || literals.left() > room)
        return output.fail("damaged sequences");
    return {};
}

} // namespace base::compression
