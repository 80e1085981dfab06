// SPDX-License-Identifier: BSD-2-Clause
#include "base/sha256.h"

#include <bit>

namespace base {
namespace {

// FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64
// primes. Computed here instead of typed in: the integer cube root of p * 2^96 has its fraction in
// the low bits.
consteval std::array<u32, 64> cube_root_constants() {
    std::array<u32, 64> table{};
    u32 prime = 2;
    for (u32& entry : table) {
        // Largest r with r^3 <= prime * 2^96, bit by bit; r < 2^35.
        unsigned __int128 root = 0;
        const unsigned __int128 target = static_cast<unsigned __int128>(prime) << 96;
        for (int bit = 34; bit >= 0; --bit) {
            const unsigned __int128 candidate = root | (static_cast<unsigned __int128>(1) << bit);
            if (candidate * candidate * candidate <= target)
                root = candidate;
        }
        entry = static_cast<u32>(root);
        bool found = false;
        while (!found) {
            ++prime;
            found = true;
            for (u32 divisor = 2; divisor * divisor <= prime; ++divisor)
                found = found && prime % divisor != 0;
        }
    }
    return table;
}
constexpr std::array<u32, 64> round_constants = cube_root_constants();
static_assert(round_constants[0] == 0x428a2f98 && round_constants[63] == 0xc67178f2);

// 5.3.3: the same of the square roots of the first eight primes.
constexpr u32 initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

u32 load_big_endian(const u8* p) {
    return u32{p[0]} << 24 | u32{p[1]} << 16 | u32{p[2]} << 8 | u32{p[3]};
}

} // namespace

Sha256::Sha256() {
    for (int i = 0; i < 8; ++i)
        state_[i] = initial_state[i];
}

void Sha256::compress(const u8* block) {
    u32 w[64];
    for (int i = 0; i < 16; ++i)
        w[i] = load_big_endian(block + 4 * i);
    for (int i = 16; i < 64; ++i) {
        const u32 s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        const u32 s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 a = state_[0], b = state_[1], c = state_[2], d = state_[3];
    u32 e = state_[4], f = state_[5], g = state_[6], h = state_[7];
    for (int i = 0; i < 64; ++i) {
        const u32 big1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const u32 t1 = h + big1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
        const u32 big0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const u32 t2 = big0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d;
    state_[4] += e, state_[5] += f, state_[6] += g, state_[7] += h;
}

void Sha256::update(std::span<const u8> bytes) {
    for (u8 byte : bytes) {
        buffer_[length_++ % 64] = byte;
        if (length_ % 64 == 0)
            compress(buffer_);
    }
}

Sha256Digest Sha256::finish() {
    const u64 bits = length_ * 8;
    const u8 one = 0x80, zero = 0;
    update({&one, 1});
    while (length_ % 64 != 56)
        update({&zero, 1});
    for (int i = 7; i >= 0; --i) {
        const u8 byte = static_cast<u8>(bits >> (8 * i));
        update({&byte, 1});
    }
    Sha256Digest digest;
    for (usize i = 0; i < 32; ++i)
        digest[i] = static_cast<u8>(state_[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

Sha256Digest sha256(std::span<const u8> bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

} // namespace base
