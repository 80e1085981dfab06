// SPDX-License-Identifier: BSD-2-Clause
// Input: compressed bytes in memory, read from the front; and integers in them.
#pragma once

#include <span>

#include "base/types.h"

namespace base::compression {

// The `count` lowest bytes (up to 8) of a little-endian integer.
constexpr u64 little_endian(const u8* bytes, usize count) {
    u64 value = 0;
    for (usize i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}
inline u64 load_u64(const u8* bytes) {
    u64 value;
    __builtin_memcpy(&value, bytes, 8); // every CPU of Pith is little-endian
    return value;
}

// Whoever reads asks has() first.
class Input {
public:
    explicit Input(std::span<const u8> bytes) : bytes_(bytes) {}

    bool has(usize count) const { return count <= bytes_.size() - at_; }
    usize position() const { return at_; }
    std::span<const u8> rest() const { return bytes_.subspan(at_); }
    const u8* here() const { return bytes_.data() + at_; }

    void skip(usize count) { at_ += count; }
    u8 byte() { return bytes_[at_++]; }
    // An integer of `count` bytes, up to 8.
    u64 integer(usize count) {
        const u64 value = little_endian(here(), count);
        at_ += count;
        return value;
    }
    std::span<const u8> take(usize count) {
        const auto taken = bytes_.subspan(at_, count);
        at_ += count;
        return taken;
    }
    // What was read since `from`.
    std::span<const u8> since(usize from) const { return bytes_.subspan(from, at_ - from); }

private:
    std::span<const u8> bytes_;
    usize at_ = 0;
};

} // namespace base::compression
