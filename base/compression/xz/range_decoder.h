// SPDX-License-Identifier: BSD-2-Clause
// LZMA's range coder: bits with probabilities that learn (LZMA specification, Igor Pavlov, 2015).
#pragma once

#include "base/compression/input.h"

namespace base::compression {

// The probability that a bit is 0, in 1/2048.
using Probability = u16;
inline constexpr unsigned probability_bits = 11;
inline constexpr Probability even_odds = 1 << (probability_bits - 1);

class RangeDecoder {
public:
    static constexpr usize header = 5;

    // `bytes` has the coder's bytes and nothing else, `header` of them at least. False if they
    // cannot begin so.
    bool start(std::span<const u8> bytes) {
        at_ = bytes.data();
        end_ = at_ + bytes.size();
        range_ = ~u32{0};
        code_ = 0;
        overrun_ = false;
        const u8 first = *at_++;
        for (int i = 0; i < 4; ++i)
            code_ = code_ << 8 | *at_++;
        return first == 0;
    }
    // Whether all of the bytes were used, and no more.
    bool finish() {
        normalize();
        return !overrun_ && at_ == end_ && code_ == 0;
    }
    bool overrun() const { return overrun_; }

    u32 bit(Probability& zero) {
        normalize();
        const u32 bound = (range_ >> probability_bits) * zero;
        if (code_ < bound) {
            range_ = bound;
            zero = static_cast<Probability>(zero + (((1u << probability_bits) - zero) >> speed));
            return 0;
        }
        range_ -= bound;
        code_ -= bound;
        zero = static_cast<Probability>(zero - (zero >> speed));
        return 1;
    }
    // `count` bits, high ones first, with a probability for each beginning.
    u32 tree(Probability* zeros, unsigned count) {
        u32 value = 1;
        for (unsigned i = 0; i < count; ++i)
            value = value << 1 | bit(zeros[value]);
        return value - (1u << count);
    }
    // The same, low ones first.
    u32 reverse_tree(Probability* zeros, unsigned count) {
        u32 node = 1, value = 0;
        for (unsigned i = 0; i < count; ++i) {
            const u32 next = bit(zeros[node]);
            node = node << 1 | next;
            value |= next << i;
        }
        return value;
    }
    // `count` bits of even odds.
    u32 direct(unsigned count) {
        u32 value = 0;
        for (; count > 0; --count) {
            normalize();
            range_ >>= 1;
            const u32 taken = code_ >= range_;
            if (taken)
                code_ -= range_;
            value = value << 1 | taken;
        }
        return value;
    }

private:
    static constexpr unsigned speed = 5;

    void normalize() {
        if (range_ >= 1u << 24) [[likely]]
            return;
        range_ <<= 8;
        code_ <<= 8;
        if (at_ != end_) [[likely]]
            code_ |= *at_++;
        else
            overrun_ = true;
    }

    const u8* at_ = nullptr;
    const u8* end_ = nullptr;
    u32 range_ = 0, code_ = 0;
    bool overrun_ = false;
};

} // namespace base::compression
