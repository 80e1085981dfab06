// SPDX-License-Identifier: BSD-2-Clause
// Hashing and comparing of short names, eight bytes at a time, never touching a byte beyond the
// name.
#pragma once

#include "base/types.h"

namespace linux {

inline u64 load_word(const char* at) {
    u64 word;
    __builtin_memcpy(&word, at, sizeof(word));
    return word;
}
inline u32 load_half(const char* at) {
    u32 word;
    __builtin_memcpy(&word, at, sizeof(word));
    return word;
}
// The bytes of a rest of 0 to 7, as one number that depends on nothing else.
inline u64 load_rest(const char* at, u32 length) {
    if (length >= 4)
        return load_half(at) | static_cast<u64>(load_half(at + length - 4)) << 32;
    if (length == 0)
        return 0;
    const auto byte = [at](u32 i) { return static_cast<u64>(static_cast<u8>(at[i])); };
    return byte(0) | byte(length / 2) << 8 | byte(length - 1) << 16;
}

inline u32 hash_name(const char* text, u32 length) {
    constexpr u64 multiplier = 0x9e37'79b9'7f4a'7c15; // 2^64 divided by the golden ratio
    u64 hash = length;
    for (; length >= 8; text += 8, length -= 8)
        hash = ((hash ^ load_word(text)) * multiplier) ^ (hash >> 29);
    hash = (hash ^ load_rest(text, length)) * multiplier;
    return static_cast<u32>(hash >> 32);
}

inline bool same_name(const char* a, const char* b, u32 length) {
    for (; length >= 8; a += 8, b += 8, length -= 8)
        if (load_word(a) != load_word(b))
            return false;
    return load_rest(a, length) == load_rest(b, length);
}

// How many bytes up to the next '/' or NUL. At least 8 bytes beyond that one must be readable.
inline u32 component_length(const char* text) {
    constexpr u64 ones = 0x0101'0101'0101'0101;
    constexpr u64 highs = ones << 7;
    for (u32 length = 0;; length += 8) {
        const u64 word = load_word(text + length);
        const u64 slashes = word ^ (ones * '/');
        const u64 found = ((word - ones) & ~word & highs) | ((slashes - ones) & ~slashes & highs);
        if (found != 0)
            return length + static_cast<u32>(__builtin_ctzll(found)) / 8;
    }
}

} // namespace linux
