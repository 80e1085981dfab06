// SPDX-License-Identifier: BSD-2-Clause
// links: linux/initramfs/gzip.cpp host/test/byte_buffer.cpp host/test/base_port.cpp
// What gzip(1) packs at any level comes back; damaged data is refused and never overruns.
#include "linux/initramfs/gzip.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace linux {
namespace {

namespace fs = std::filesystem;
using Image = std::vector<u8>;

class GzipTest : public testing::Test {
protected:
    GzipTest() {
        char name[] = "/tmp/gzip_test.XXXXXX";
        folder_ = mkdtemp(name);
    }
    ~GzipTest() override { fs::remove_all(folder_); }

    Image pack(const Image& plain, const std::string& options) {
        std::ofstream(folder_ / "plain", std::ios::binary)
            .write(reinterpret_cast<const char*>(plain.data()),
                   static_cast<std::streamsize>(plain.size()));
        const std::string command = "cd " + folder_.string() + " && gzip -c " + options +
                                    " plain > packed";
        EXPECT_EQ(std::system(command.c_str()), 0);
        std::ifstream in(folder_ / "packed", std::ios::binary);
        return Image(std::istreambuf_iterator<char>(in), {});
    }
    fs::path folder_;
};

// Words that repeat, with noise between: literals, short and long matches.
Image mixed(usize size) {
    std::mt19937 random(11);
    Image plain;
    while (plain.size() < size) {
        const u32 kind = random() % 3;
        if (kind == 0)
            plain.insert(plain.end(), 1 + random() % 400, static_cast<u8>(random() % 4));
        else if (kind == 1)
            plain.push_back(static_cast<u8>(random()));
        else
            for (char c : std::string("the quick brown fox "))
                plain.push_back(static_cast<u8>(c));
    }
    plain.resize(size);
    return plain;
}

Image noise(usize size) {
    std::mt19937 random(5);
    Image plain(size);
    for (u8& byte : plain)
        byte = static_cast<u8>(random());
    return plain;
}

void expect_unpacks(const Image& packed, const Image& plain) {
    ByteBuffer output;
    auto consumed = unpack_gzip(packed, output);
    ASSERT_TRUE(consumed.has_value()) << errno_name(consumed.error());
    EXPECT_EQ(*consumed, packed.size());
    EXPECT_TRUE(std::ranges::equal(output.bytes(), plain));
}

TEST_F(GzipTest, everyLevel) {
    const Image plain = mixed(300'000);
    for (char level = '1'; level <= '9'; ++level)
        expect_unpacks(pack(plain, std::string("-") + level), plain);
}

TEST_F(GzipTest, storedBlocksAndSmallOnes) {
    expect_unpacks(pack(noise(200'000), "-6"), noise(200'000)); // cannot shrink: stored
    expect_unpacks(pack({}, "-9"), {});
    expect_unpacks(pack({'x'}, "-n"), {'x'}); // fixed codes, and no name in the header
    expect_unpacks(pack(Image(1'000'000, 0), "-9"), Image(1'000'000, 0));
}

TEST_F(GzipTest, membersFollowEachOther) {
    const Image one = mixed(5'000), two = noise(3'000);
    Image packed = pack(one, "-6");
    const usize first = packed.size();
    const Image second = pack(two, "-6");
    packed.insert(packed.end(), second.begin(), second.end());
    ByteBuffer output;
    ASSERT_EQ(*unpack_gzip(packed, output), first);
    ASSERT_EQ(*unpack_gzip(std::span(packed).subspan(first), output), second.size());
    Image both = one;
    both.insert(both.end(), two.begin(), two.end());
    EXPECT_TRUE(std::ranges::equal(output.bytes(), both));
}

TEST_F(GzipTest, cutShortIsRefused) {
    const Image packed = pack(mixed(20'000), "-9");
    for (usize length = 0; length < packed.size(); length += 1 + length / 50) {
        const Image cut(packed.begin(), packed.begin() + static_cast<isize>(length));
        ByteBuffer output;
        EXPECT_FALSE(unpack_gzip(cut, output).has_value()) << length;
    }
}

TEST_F(GzipTest, everyFlippedBitIsNoticed) {
    const Image plain = mixed(2'000);
    const Image packed = pack(plain, "-9n");
    for (usize bit = 8 * 10; bit < packed.size() * 8; ++bit) { // behind the header
        Image damaged = packed;
        damaged[bit / 8] = static_cast<u8>(damaged[bit / 8] ^ (1u << bit % 8));
        ByteBuffer output;
        auto consumed = unpack_gzip(damaged, output);
        EXPECT_FALSE(consumed.has_value() && !std::ranges::equal(output.bytes(), plain)) << bit;
        if (!consumed)
            EXPECT_EQ(consumed.error(), Errno::badmsg);
    }
}

TEST_F(GzipTest, noiseBehindAHeaderNeverOverruns) {
    std::mt19937 random(17);
    for (int round = 0; round < 20'000; ++round) {
        Image data(18 + random() % 200);
        for (u8& byte : data)
            byte = static_cast<u8>(random());
        data[0] = 0x1f, data[1] = 0x8b, data[2] = 8, data[3] &= 0x1f;
        ByteBuffer output;
        (void)unpack_gzip(data, output);
    }
}

TEST_F(GzipTest, whatIsNoGzipIsSaidToBeNone) {
    ByteBuffer output;
    EXPECT_EQ(unpack_gzip(Image{}, output).error(), Errno::inval);
    EXPECT_EQ(unpack_gzip(Image(100, 0), output).error(), Errno::inval);
}

} // namespace
} // namespace linux
