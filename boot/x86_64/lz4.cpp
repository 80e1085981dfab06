// SPDX-License-Identifier: BSD-2-Clause
// LZ4 block decompression (LZ4 block format description: token, literals, offset, match). It is
// most of what a boot executes, so short sequences, nearly all of them, are copied by whole words
// that reach beyond their ends: what lies there is written again by what follows.
#include "boot/x86_64/loader.h"

namespace boot {
namespace {

constexpr usize shortest_match = 4;
constexpr usize word = sizeof(u64);

void copy_word(u8* to, const u8* from) { __builtin_memcpy(to, from, word); }

class Unpacker {
public:
    Unpacker(std::span<const u8> input, std::span<u8> output)
        : in_(input.data()), in_end_(in_ + input.size()), out_begin_(output.data()),
          out_(out_begin_), out_end_(out_ + output.size()) {}

    usize run() {
        while (in_ != in_end_) {
            copy_short_sequences();
            const u8 token = *in_++;
            copy_literals(length(token >> 4));
            if (in_ == in_end_)
                break; // the last sequence has no match
            if (in_end_ - in_ < 2)
                fail("compressed kernel cut short");
            const usize offset = in_[0] | (in_[1] << 8);
            in_ += 2;
            copy_match(offset, length(token & 15) + shortest_match);
        }
        return static_cast<usize>(out_ - out_begin_);
    }

private:
    // In a short sequence both lengths are in its token.
    static constexpr usize most_literals = 14, most_matched = 14 + shortest_match;
    static constexpr usize input_slack = 1 + 2 * word + 2;
    static constexpr usize output_slack = most_literals + 3 * word;
    static_assert(most_literals <= 2 * word && most_matched <= 3 * word);

    // As many as come, while there is slack on both sides, which the last sequence never has. Stops
    // before one that is not short, whose match overlaps itself within a word, or that is wrong.
    void copy_short_sequences() {
        if (static_cast<usize>(in_end_ - in_) < input_slack ||
            static_cast<usize>(out_end_ - out_) < output_slack)
            return;
        const u8* const in_limit = in_end_ - input_slack;
        const u8* const out_limit = out_end_ - output_slack;
        const u8* in = in_;
        u8* out = out_;
        while (in <= in_limit && out <= out_limit) {
            const usize literals = in[0] >> 4, matched = in[0] & 15;
            const u8* const behind = in + 1 + literals;
            const usize offset = behind[0] | (behind[1] << 8);
            u8* const to = out + literals;
            if (literals > most_literals || matched + shortest_match > most_matched ||
                offset < word || offset > static_cast<usize>(to - out_begin_))
                break;
            copy_word(out, in + 1);
            copy_word(out + word, in + 1 + word);
            const u8* const from = to - offset;
            copy_word(to, from);
            copy_word(to + word, from + word);
            copy_word(to + 2 * word, from + 2 * word);
            out = to + matched + shortest_match;
            in = behind + 2;
        }
        in_ = in;
        out_ = out;
    }

    usize length(usize nibble) {
        if (nibble != 15)
            return nibble;
        u8 more;
        do {
            if (in_ == in_end_)
                fail("compressed kernel cut short");
            more = *in_++;
            nibble += more;
        } while (more == 255);
        return nibble;
    }

    void copy_literals(usize count) {
        if (count > static_cast<usize>(in_end_ - in_) ||
            count > static_cast<usize>(out_end_ - out_))
            fail("compressed kernel damaged");
        __builtin_memcpy(out_, in_, count);
        in_ += count;
        out_ += count;
    }

    void copy_match(usize offset, usize count) {
        if (offset == 0 || offset > static_cast<usize>(out_ - out_begin_) ||
            count > static_cast<usize>(out_end_ - out_))
            fail("compressed kernel damaged");
        // One that overlaps itself within a word repeats a period: after a word of it, the same
        // comes from a few periods before.
        if (offset < word) {
            for (usize i = 0; i < word && count > 0; ++i, --count, ++out_)
                *out_ = *(out_ - offset);
            offset *= (word + offset - 1) / offset;
        }
        for (; count >= word; count -= word, out_ += word)
            copy_word(out_, out_ - offset);
        for (; count > 0; --count, ++out_)
            *out_ = *(out_ - offset);
    }

    const u8* in_;
    const u8* const in_end_;
    u8* const out_begin_;
    u8* out_;
    u8* const out_end_;
};

} // namespace

usize decompress_lz4(std::span<const u8> input, std::span<u8> output) {
    return Unpacker(input, output).run();
}

} // namespace boot
