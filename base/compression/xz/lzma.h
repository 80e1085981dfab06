// SPDX-License-Identifier: BSD-2-Clause
// LZMA: literals and copies under a range coder (LZMA specification, Igor Pavlov, 2015), as LZMA2
// uses it: lc + lp is at most 4, and the end is where the size says.
#pragma once

#include "base/compression/output.h"
#include "base/compression/xz/range_decoder.h"

namespace base::compression {

class Lzma {
public:
    // Sets lc, lp and pb from their byte and forgets all that was learnt; false for a bad one.
    bool set_properties(u8 packed);
    // Forgets all that was learnt.
    void restart();
    // What comes next cannot reach back.
    void forget_dictionary() { before_ = 0; }
    // Bytes that came in another way.
    void skip(usize count) { before_ += count; }
    // Decodes `size` bytes out of `packed`, which holds them and nothing else. The output has room.
    // Errors: badmsg.
    Result<> run(std::span<const u8> packed, usize size, Output& output);

private:
    static constexpr unsigned states = 12, position_states = 16;
    static constexpr unsigned literal_coders = 16, literal_nodes = 0x300;
    static constexpr unsigned slot_bits = 6, align_bits = 4, first_align_slot = 14;
    static constexpr unsigned length_states = 4; // of a distance, by the copy's length
    static constexpr usize shortest = 2;

    struct LengthCoder {
        Probability choice, second_choice;
        Probability low[position_states][8], middle[position_states][8], high[256];
    };
    // All that is learnt.
    struct Learnt {
        Probability is_copy[states][position_states];
        Probability is_repeat[states];
        Probability is_repeat_1_or_more[states];
        Probability is_repeat_long[states][position_states];
        Probability is_repeat_2_or_more[states];
        Probability is_repeat_3[states];
        Probability slots[length_states][1 << slot_bits];
        Probability special[128]; // distances of slots 4 to 13, by slot
        Probability align[1 << align_bits];
        LengthCoder lengths, repeat_lengths;
        Probability literals[literal_coders][literal_nodes];
    };

    u8 literal(Output& output, u64 position);
    usize length(LengthCoder& coder, usize position_state);
    u32 distance(usize length);
    usize copy(usize position_state);
    usize repeat(usize position_state);

    RangeDecoder coder_;
    unsigned literal_context_ = 0, literal_position_ = 0, position_mask_ = 0;
    unsigned state_ = 0;
    u32 recent_[4] = {}; // distances less one, the last first
    u64 before_ = 0;     // bytes made since the dictionary was emptied
    Learnt learnt_;
};

} // namespace base::compression
