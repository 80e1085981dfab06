// SPDX-License-Identifier: BSD-2-Clause
#include "base/compression/xz/lzma.h"

namespace base::compression {
namespace {

// States below this one end in a literal.
constexpr unsigned first_copy_state = 7;

unsigned after_literal(unsigned state) {
    return state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
}
unsigned after_copy(unsigned state) { return state < first_copy_state ? 7 : 10; }
unsigned after_repeat(unsigned state) { return state < first_copy_state ? 8 : 11; }
unsigned after_short_repeat(unsigned state) { return state < first_copy_state ? 9 : 11; }

} // namespace

bool Lzma::set_properties(u8 packed) {
    if (packed >= 9 * 5 * 5)
        return false;
    literal_context_ = packed % 9;
    literal_position_ = packed / 9 % 5;
    position_mask_ = (1u << (packed / 45)) - 1;
    restart();
    return literal_context_ + literal_position_ <= 4;
}

void Lzma::restart() {
    state_ = 0;
    for (u32& distance : recent_)
        distance = 0;
    auto* each = reinterpret_cast<Probability*>(&learnt_); // it holds nothing else
    for (usize i = 0; i < sizeof learnt_ / sizeof(Probability); ++i)
        each[i] = even_odds;
}

u8 Lzma::literal(Output& output, u64 position) {
    const u32 before = position > 0 ? output.back(1) : 0;
    const u64 low = position & ((1u << literal_position_) - 1);
    Probability* zeros =
        learnt_.literals[(low << literal_context_) + (before >> (8 - literal_context_))];
    u32 symbol = 1;
    if (state_ >= first_copy_state) {
        // The byte a copy would have gone on with is not this one: its bits choose, until they
        // part.
        u32 expected = output.back(usize{recent_[0]} + 1);
        do {
            expected <<= 1;
            const u32 side = expected & 0x100;
            const u32 bit = coder_.bit(zeros[0x100 + side + symbol]);
            symbol = symbol << 1 | bit;
            if (side >> 8 != bit)
                break;
        } while (symbol < 0x100);
    }
    while (symbol < 0x100)
        symbol = symbol << 1 | coder_.bit(zeros[symbol]);
    return static_cast<u8>(symbol);
}

usize Lzma::length(LengthCoder& coder, usize position_state) {
    if (!coder_.bit(coder.choice))
        return shortest + coder_.tree(coder.low[position_state], 3);
    if (!coder_.bit(coder.second_choice))
        return shortest + 8 + coder_.tree(coder.middle[position_state], 3);
    return shortest + 16 + coder_.tree(coder.high, 8);
}

// Less one, as the format counts them.
u32 Lzma::distance(usize length) {
    const usize by_length =
        length < shortest + length_states ? length - shortest : length_states - 1;
    const u32 slot = coder_.tree(learnt_.slots[by_length], slot_bits);
    if (slot < 4)
        return slot;
    const unsigned more = (slot >> 1) - 1;
    const u32 base = (2 | (slot & 1)) << more;
    if (slot < first_align_slot)
        return base + coder_.reverse_tree(learnt_.special + base - slot, more);
    const u32 high = coder_.direct(more - align_bits) << align_bits;
    return base + high + coder_.reverse_tree(learnt_.align, align_bits);
}

usize Lzma::copy(usize position_state) {
    const usize count = length(learnt_.lengths, position_state);
    const u32 taken = distance(count);
    recent_[3] = recent_[2], recent_[2] = recent_[1], recent_[1] = recent_[0];
    recent_[0] = taken;
    state_ = after_copy(state_);
    return count;
}

usize Lzma::repeat(usize position_state) {
    if (!coder_.bit(learnt_.is_repeat_1_or_more[state_])) {
        if (!coder_.bit(learnt_.is_repeat_long[state_][position_state])) {
            state_ = after_short_repeat(state_);
            return 1;
        }
    } else {
        unsigned which = 1;
        if (coder_.bit(learnt_.is_repeat_2_or_more[state_]))
            which = 2 + coder_.bit(learnt_.is_repeat_3[state_]);
        const u32 taken = recent_[which];
        for (; which > 0; --which)
            recent_[which] = recent_[which - 1];
        recent_[0] = taken;
    }
    const usize count = length(learnt_.repeat_lengths, position_state);
    state_ = after_repeat(state_);
    return count;
}

Result<> Lzma::run(std::span<const u8> packed, usize size, Output& output) {
    if (!coder_.start(packed))
        return output.fail("a range coder that cannot begin so");
    for (usize made = 0; made < size;) {
        const u64 position = before_ + made;
        const usize position_state = position & position_mask_;
        if (coder_.overrun())
            return output.fail("a chunk cut short");
        if (!coder_.bit(learnt_.is_copy[state_][position_state])) {
            output.append(literal(output, position));
            state_ = after_literal(state_);
            ++made;
            continue;
        }
        const usize count =
            coder_.bit(learnt_.is_repeat[state_]) ? repeat(position_state) : copy(position_state);
        const usize back = usize{recent_[0]} + 1;
        if (back > position || !output.reaches(back))
            return output.fail("a copy from before its beginning");
        if (count > size - made)
            return output.fail("a copy beyond its chunk's end");
        output.repeat(back, count);
        made += count;
    }
    before_ += size;
    if (!coder_.finish())
        return output.fail("a chunk whose range coder does not end");
    return {};
}

} // namespace base::compression
