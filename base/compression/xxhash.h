// SPDX-License-Identifier: BSD-2-Clause
// xxHash, 64 and 32 bits wide (XXH64 and XXH32 of the xxHash specification 0.1.1), seed 0.
#pragma once

#include "base/compression/output.h"

namespace base::compression {

// What either width has: its words and how far they are turned.
struct XxHash64Kind {
    using Word = u64;
    static constexpr Word primes[5] = {0x9e37'79b1'85eb'ca87, 0xc2b2'ae3d'27d4'eb4f,
                                       0x1656'67b1'9e37'79f9, 0x85eb'ca77'c2b2'ae63,
                                       0x27d4'eb2f'1656'67c5};
    static constexpr int turn = 31;
    static Word finish(Word sum, std::span<const u8> rest);
    static Word converge(const Word lanes[4]);
};
struct XxHash32Kind {
    using Word = u32;
    static constexpr Word primes[5] = {0x9e37'79b1, 0x85eb'ca77, 0xc2b2'ae3d, 0x27d4'eb2f,
                                       0x1656'67b1};
    static constexpr int turn = 13;
    static Word finish(Word sum, std::span<const u8> rest);
    static Word converge(const Word lanes[4]);
};

template <typename Kind>
class XxHash final : public Check {
public:
    using Word = typename Kind::Word;

    void restart();
    void update(std::span<const u8> bytes) override;
    // Of everything since the start; more may follow.
    Word value() const;

private:
    static constexpr usize stripe = 4 * sizeof(Word);
    void take_stripe(const u8* bytes);

    Word lanes_[4] = {Kind::primes[0] + Kind::primes[1], Kind::primes[1], 0,
                      Word{0} - Kind::primes[0]};
    u64 length_ = 0;
    u8 held_[stripe] = {}; // length_ % stripe bytes
};

using XxHash64 = XxHash<XxHash64Kind>;
using XxHash32 = XxHash<XxHash32Kind>;

template <typename Hash>
typename Hash::Word xxhash(std::span<const u8> bytes) {
    Hash hash;
    hash.update(bytes);
    return hash.value();
}

} // namespace base::compression
