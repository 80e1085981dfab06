// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/name_hash.h"

#include <bit>

namespace ext4 {

namespace {

// Widens a character as the volume's flag says.
u32 widen(char c, bool is_unsigned) {
    return is_unsigned ? static_cast<u32>(static_cast<u8>(c))
                       : static_cast<u32>(static_cast<i32>(static_cast<signed char>(c)));
}

u32 legacy(std::string_view name, bool is_unsigned) {
    u32 now = 0x12a3'fe2d, before = 0x37ab'e8f9;
    for (char c : name) {
        u32 next = before + (now ^ (widen(c, is_unsigned) * 7152373));
        if (next & 0x8000'0000)
            next -= 0x7fff'ffff;
        before = now;
        now = next;
    }
    return now << 1;
}

// Packs the beginning of `name` into words, padded with its length.
void pack(std::string_view name, u32* words, u32 count, bool is_unsigned) {
    const u32 length = static_cast<u32>(name.size());
    u32 pad = length | length << 8;
    pad |= pad << 16;
    const u32 limit = length < count * 4 ? length : count * 4;
    u32 value = pad, filled = 0;
    for (u32 i = 0; i < limit; ++i) {
        value = widen(name[i], is_unsigned) + (value << 8);
        if (i % 4 == 3) {
            words[filled++] = value;
            value = pad;
        }
    }
    if (filled < count)
        words[filled++] = value;
    while (filled < count)
        words[filled++] = pad;
}

void half_md4(u32 (&state)[4], const u32 (&in)[8]) {
    static constexpr u8 order[3][8] = {
        {0, 1, 2, 3, 4, 5, 6, 7}, {1, 3, 5, 7, 0, 2, 4, 6}, {3, 7, 2, 6, 1, 5, 0, 4}};
    static constexpr u8 shift[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
    static constexpr u32 constant[3] = {0, 0x5a82'7999, 0x6ed9'eba1};
    u32 a = state[0], b = state[1], c = state[2], d = state[3];
    for (u32 round = 0; round < 3; ++round) {
        for (u32 step = 0; step < 8; ++step) {
            const u32 mixed = round == 0   ? d ^ (b & (c ^ d))
                              : round == 1 ? (b & c) + ((b ^ c) & d)
                                           : b ^ c ^ d;
            const u32 sum = a + mixed + in[order[round][step]] + constant[round];
            a = d;
            d = c;
            c = b;
            b = std::rotl(sum, shift[round][step % 4]);
        }
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void tea(u32 (&state)[4], const u32 (&key)[4]) {
    u32 sum = 0, x = state[0], y = state[1];
    for (u32 round = 0; round < 16; ++round) {
        sum += 0x9e37'79b9;
        x += ((y << 4) + key[0]) ^ (y + sum) ^ ((y >> 5) + key[1]);
        y += ((x << 4) + key[2]) ^ (x + sum) ^ ((x >> 5) + key[3]);
    }
    state[0] += x;
    state[1] += y;
}

} // namespace

NameHash hash_name(std::string_view name, HashVersion version, bool is_unsigned,
                   const u32 (&seed)[4]) {
    u32 state[4] = {0x6745'2301, 0xefcd'ab89, 0x98ba'dcfe, 0x1032'5476};
    if (seed[0] | seed[1] | seed[2] | seed[3])
        for (u32 i = 0; i < 4; ++i)
            state[i] = seed[i];
    NameHash hash;
    if (version == HashVersion::legacy) {
        hash = {legacy(name, is_unsigned), 0};
    } else {
        const usize chunk = version == HashVersion::half_md4 ? 32 : 16;
        for (std::string_view rest = name; !rest.empty();
             rest.remove_prefix(rest.size() < chunk ? rest.size() : chunk)) {
            u32 words[8];
            if (version == HashVersion::half_md4) {
                pack(rest, words, 8, is_unsigned);
                half_md4(state, words);
            } else {
                u32 key[4];
                pack(rest, key, 4, is_unsigned);
                tea(state, key);
            }
        }
        hash = version == HashVersion::half_md4 ? NameHash{state[1], state[2]}
                                                : NameHash{state[0], state[1]};
    }
    hash.major &= ~1u;
    // The highest value means the end of a directory.
    if (hash.major == 0xffff'fffe)
        hash.major = 0xffff'fffc;
    return hash;
}

} // namespace ext4
