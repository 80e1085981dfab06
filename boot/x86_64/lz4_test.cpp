// SPDX-License-Identifier: BSD-2-Clause
// links: boot/x86_64/lz4.cpp
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include <sys/wait.h>

#include <gtest/gtest.h>

#include "boot/x86_64/loader.h"

namespace boot {

void fail(std::string_view message) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
    std::_Exit(3);
}

namespace {

using Bytes = std::vector<u8>;

// Writes sequences as the format says; what they contain is the test's.
class Packer {
public:
    // Offset 0: the last sequence, without a match.
    void add(std::span<const u8> literals, usize offset, usize matched) {
        const usize rest = offset ? matched - 4 : 0;
        packed.push_back(static_cast<u8>(std::min<usize>(literals.size(), 15) << 4 |
                                         std::min<usize>(rest, 15)));
        add_length(literals.size());
        packed.insert(packed.end(), literals.begin(), literals.end());
        plain.insert(plain.end(), literals.begin(), literals.end());
        if (!offset)
            return;
        packed.push_back(static_cast<u8>(offset));
        packed.push_back(static_cast<u8>(offset >> 8));
        add_length(rest);
        for (usize i = 0; i < matched; ++i)
            plain.push_back(plain[plain.size() - offset]);
    }

    Bytes packed, plain;

private:
    void add_length(usize length) {
        if (length < 15)
            return;
        for (length -= 15; length >= 255; length -= 255)
            packed.push_back(255);
        packed.push_back(static_cast<u8>(length));
    }
};

Packer make(u32 seed) {
    std::mt19937 random(seed);
    const auto below = [&](u32 limit) { return random() % limit; };
    Packer made;
    for (u32 left = 1 + below(60); left > 0; --left) {
        Bytes literals(below(8) == 0 ? below(700) : below(18));
        for (u8& byte : literals)
            byte = static_cast<u8>(random());
        const usize reach = made.plain.size() + literals.size();
        const usize offset = std::min<usize>(reach, 1 + (below(2) ? below(20) : below(65535)));
        if (left > 1 && offset != 0)
            made.add(literals, offset, 4 + (below(8) == 0 ? below(600) : below(20)));
        else if (left == 1)
            made.add(literals, 0, 0);
    }
    return made;
}

// In memory of exactly their sizes, so that one byte too far is seen.
usize unpack(const Bytes& packed, usize size, Bytes& plain) {
    const std::unique_ptr<u8[]> in(new u8[packed.size()]), out(new u8[size]);
    std::copy(packed.begin(), packed.end(), in.get());
    const usize made = decompress_lz4({in.get(), packed.size()}, {out.get(), size});
    plain.assign(out.get(), out.get() + std::min(made, size));
    return made;
}

TEST(Lz4OfTheBoot, unpacksEverySequence) {
    for (u32 seed = 0; seed < 3000; ++seed) {
        const Packer made = make(seed);
        Bytes plain;
        ASSERT_EQ(unpack(made.packed, made.plain.size(), plain), made.plain.size()) << seed;
        ASSERT_EQ(plain, made.plain) << seed;
    }
}

TEST(Lz4OfTheBoot, repeatsEveryPeriod) {
    for (usize period = 1; period <= 24; ++period) {
        for (usize matched = 4; matched < 60; ++matched) {
            Packer made;
            Bytes literals;
            for (usize i = 0; i < period; ++i)
                literals.push_back(static_cast<u8>(i * 37 + 1));
            made.add(literals, period, matched);
            made.add(literals, 0, 0);
            Bytes plain;
            ASSERT_EQ(unpack(made.packed, made.plain.size(), plain), made.plain.size());
            ASSERT_EQ(plain, made.plain) << period << ' ' << matched;
        }
    }
}

TEST(Lz4OfTheBootDeathTest, stopsAtWhatIsDamaged) {
    const auto expect_end = [](const Bytes& packed, usize size, const char* message) {
        Bytes plain;
        EXPECT_EXIT(unpack(packed, size, plain), testing::ExitedWithCode(3), message);
    };
    expect_end({0x10}, 1, "damaged");                             // a literal that is not there
    expect_end({0x10, 7, 1}, 9, "cut short");                     // half an offset
    expect_end({0xf0}, 300, "cut short");                         // half a length
    expect_end({0x10, 7, 2, 0, 0x00}, 9, "damaged");              // from before the beginning
    expect_end({0x10, 7, 0, 0, 0x00}, 9, "damaged");              // from where it is
    expect_end({0x10, 7, 1, 0, 0x10, 7}, 4, "damaged");           // no room for the match
    expect_end({0x40, 1, 2, 3, 4}, 3, "damaged");                 // nor for the literals
    Bytes wrong(40, 0);                                           // short sequences: offset 0
    wrong[0] = 0x80;
    expect_end(wrong, 400, "damaged");
}

// Whatever the bytes, it ends, within its memory.
TEST(Lz4OfTheBootDeathTest, survivesNoise) {
    const auto ended = [](int status) {
        return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3);
    };
    for (u32 seed = 0; seed < 200; ++seed) {
        Packer made = make(seed);
        made.packed[seed * 7919 % made.packed.size()] ^= static_cast<u8>(1 + seed % 255);
        const usize room = made.plain.size() / (1 + seed % 2) + 1;
        EXPECT_EXIT(
            {
                Bytes plain;
                (void)unpack(made.packed, room, plain);
                std::_Exit(0);
            },
            ended, "");
    }
}

} // namespace
} // namespace boot
