// SPDX-License-Identifier: BSD-2-Clause
// links: base/compression/lz4.cpp base/compression/xxhash.cpp base/compression/output.cpp
// links: host/test/base_port.cpp
// What lz4(1) packs in either frame comes back; damaged data is refused and never overruns.
#include "base/compression/lz4.h"

#include "base/compression/compression_test.h"
#include "base/compression/xxhash.h"

namespace base::compression {
namespace {

using Lz4Test = PackerTest;

TEST_F(Lz4Test, everyLevelAndKindOfLegacyFrames) {
    for (const Bytes& plain : kinds_of_data()) {
        for (const char* level : {"-1", "-9", "-12"})
            expect_unpacks(unpack_lz4_legacy, pack(plain, std::string("lz4 -qlc plain ") + level),
                           plain);
    }
}

TEST_F(Lz4Test, everyKindOfModernFrames) {
    for (const Bytes& plain : kinds_of_data()) {
        for (const char* options : {"", "-9", "-BD", "-B4", "-B5 -BX", "--no-frame-crc",
                                    "--content-size -BD -BX", "-12 -BD -B7"})
            expect_unpacks(unpack_lz4, pack(plain, std::string("lz4 -qc plain ") + options), plain);
    }
}

TEST_F(Lz4Test, severalLegacyBlocks) {
    Bytes plain = mixed(17 << 20);
    const Bytes tail = noise(300'000);
    plain.insert(plain.end(), tail.begin(), tail.end());
    expect_unpacks(unpack_lz4_legacy, pack(plain, "lz4 -qlc plain"), plain);
}

TEST_F(Lz4Test, legacyFramesEndWhereNoBlockFollows) {
    const Bytes plain = mixed(5'000);
    Bytes packed = pack(plain, "lz4 -qlc plain");
    const usize length = packed.size();
    for (const std::string& next :
         {std::string(8, '\0'), std::string("070701"),
          std::string("\xfd"
                      "7zXZ"),
          std::string("\x28\xb5\x2f\xfd"), std::string("\x02\x21\x4c\x18")}) {
        packed.resize(length);
        packed.insert(packed.end(), next.begin(), next.end());
        const Outcome outcome = unpacked(unpack_lz4_legacy, packed);
        ASSERT_TRUE(outcome.consumed.has_value()) << outcome.complaint;
        EXPECT_EQ(*outcome.consumed, length);
        EXPECT_TRUE(outcome.plain == plain);
    }
}

TEST_F(Lz4Test, cutShortIsRefused) {
    expect_cuts_refused(unpack_lz4, pack(mixed(20'000), "lz4 -9qc plain"));
    // A legacy frame cut at its magic number is one without blocks.
    const Bytes legacy = pack(mixed(20'000), "lz4 -qlc plain");
    for (usize length = 8; length < legacy.size(); length += 1 + length / 60)
        EXPECT_FALSE(unpacked(unpack_lz4_legacy, std::span(legacy).first(length)).consumed)
            << length;
}

TEST_F(Lz4Test, flippedBitsDoNoHarm) {
    const Bytes plain = mixed(2'000);
    expect_flips_harmless(unpack_lz4, pack(plain, "lz4 -9qc plain"), plain);
}

TEST_F(Lz4Test, damageNeverOverruns) {
    try_damaged(unpack_lz4, pack(mixed(3'000), "lz4 -9qc --no-frame-crc plain"), 5'000);
    try_damaged(unpack_lz4_legacy, pack(mixed(3'000), "lz4 -9qlc plain"), 20'000);
}

TEST_F(Lz4Test, aDictionaryIsRefusedAsSuch) {
    const Bytes packed = pack(mixed(3'000), "head -c 1000 plain > words; lz4 -qc -D words plain");
    const Outcome outcome = unpacked(unpack_lz4, packed);
    // lz4(1) leaves the dictionary's number out: what is noticed is the copy from before the start.
    ASSERT_FALSE(outcome.consumed.has_value());
    EXPECT_NE(outcome.complaint, "");
}

TEST(XxHash, knownSums) {
    // XXH64 and XXH32 of the empty text and of "a", "abc" (xxHash's own sanity tests, seed 0).
    const auto sum = [](auto hash, std::string_view text) {
        hash.update({reinterpret_cast<const u8*>(text.data()), text.size()});
        return hash.value();
    };
    EXPECT_EQ(sum(XxHash64(), ""), 0xef46db3751d8e999u);
    EXPECT_EQ(sum(XxHash64(), "a"), 0xd24ec4f1a98c6e5bu);
    EXPECT_EQ(sum(XxHash64(), "abc"), 0x44bc2cf5ad770999u);
    EXPECT_EQ(sum(XxHash32(), ""), 0x02cc5d05u);
    EXPECT_EQ(sum(XxHash32(), "a"), 0x550d7456u);
    EXPECT_EQ(sum(XxHash32(), "abc"), 0x32d153ffu);
}

TEST(XxHash, piecesMakeTheWhole) {
    const Bytes data = noise(1'000);
    std::mt19937 random(3);
    for (int round = 0; round < 200; ++round) {
        XxHash64 wide;
        XxHash32 narrow;
        for (usize at = 0; at < data.size();) {
            const usize piece = std::min<usize>(random() % 80, data.size() - at);
            wide.update(std::span(data).subspan(at, piece));
            narrow.update(std::span(data).subspan(at, piece));
            at += piece;
        }
        EXPECT_EQ(wide.value(), xxhash<XxHash64>(data));
        EXPECT_EQ(narrow.value(), xxhash<XxHash32>(data));
    }
}

} // namespace
} // namespace base::compression
