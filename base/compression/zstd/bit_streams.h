// SPDX-License-Identifier: BSD-2-Clause
// The two directions Zstandard reads bits in (RFC 8878, 4.1 and 3.1.1.3.2.1.1). Reading past an end
// gives zeros and is noticed.
#pragma once

#include "base/bits.h"
#include "base/compression/input.h"

namespace base::compression {

// From the first byte on, low bits first.
class ForwardBits {
public:
    explicit ForwardBits(std::span<const u8> bytes) : bytes_(bytes) {}

    // The next `count` bits (up to 16), which stay.
    u32 peek(unsigned count) const {
        u32 value = 0;
        for (usize i = 0, byte = at_ / 8; i < 3 && byte + i < bytes_.size(); ++i)
            value |= u32{bytes_[byte + i]} << (8 * i);
        return value >> (at_ % 8) & ((1u << count) - 1);
    }
    void drop(unsigned count) { at_ += count; }
    u32 bits(unsigned count) {
        const u32 value = peek(count);
        drop(count);
        return value;
    }
    bool overrun() const { return at_ > bytes_.size() * 8; }
    // Whole bytes begun so far.
    usize bytes_used() const { return (at_ + 7) / 8; }

private:
    std::span<const u8> bytes_;
    usize at_ = 0; // in bits
};

// From the last byte's highest set bit, which is a mark, back to the first byte's lowest.
class BackwardBits {
public:
    BackwardBits() = default;
    // False if the mark is not there.
    bool start(std::span<const u8> bytes) {
        if (bytes.empty() || bytes.back() == 0)
            return false;
        bytes_ = bytes.data();
        size_ = bytes.size();
        left_ = static_cast<isize>((size_ - 1) * 8 + log2_down(bytes.back()));
        return true;
    }

    // The next bits, as the highest of the word; 57 of them are there, or as many as are left.
    u64 window() const {
        // The word whose last byte has the next bit in it.
        const isize end = (left_ + 7) >> 3;
        const unsigned spare = static_cast<unsigned>(end * 8 - left_);
        if (end >= 8) [[likely]]
            return load_u64(bytes_ + end - 8) << spare;
        if (left_ <= 0)
            return 0;
        const u64 word = little_endian(bytes_, static_cast<usize>(end)) << (8 * (8 - end));
        return word << spare;
    }
    // Takes `count` bits (up to 57).
    u64 bits(unsigned count) {
        const u64 value = window() >> 1 >> (63 - count); // a count of 0 gives 0
        left_ -= count;
        return value;
    }
    void drop(unsigned count) { left_ -= count; }

    isize left() const { return left_; } // negative after reading too many
    bool overrun() const { return left_ < 0; }
    bool finished() const { return left_ == 0; }

private:
    const u8* bytes_ = nullptr;
    usize size_ = 0;
    isize left_ = 0; // bits
};

} // namespace base::compression
