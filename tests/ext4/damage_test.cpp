// SPDX-License-Identifier: BSD-2-Clause
// What must be refused, with which words; and that what checksums cover cannot change unnoticed.
#include <gtest/gtest.h>

#include <cstddef>

#include "components/fs/ext4/checksum.h"
#include "tests/ext4/test_volume.h"

namespace ext4_test {

namespace {

Superblock& super_of(std::vector<u8>& image) {
    return *reinterpret_cast<Superblock*>(image.data() + superblock_offset);
}

void seal_super(std::vector<u8>& image) {
    Superblock& super = super_of(image);
    super.checksum =
        crc32c(~u32{0}, {image.data() + superblock_offset, offsetof(Superblock, checksum)});
}

std::string first_message(TestVolume& volume) {
    return volume.host.messages.empty() ? "" : volume.host.messages.front();
}

} // namespace

TEST(Refusal, NamesUnknownFeatures) {
    struct {
        u32 bit;
        const char* word;
    } cases[] = {{0x10000, "encrypt"}, {0x20000, "casefold"}, {0x8000, "inline_data"},
                 {0x400, "ea_inode"},  {0x100, "mmp"},        {0x40000000, "0x40000000"}};
    const std::vector<u8> image = make_image("-t ext4", 8);
    for (const auto& one : cases) {
        TestVolume volume(image);
        volume.host.quiet = true;
        super_of(volume.source.bytes).incompatible |= one.bit;
        seal_super(volume.source.bytes);
        EXPECT_EQ(volume.mount().error(), Errno::inval);
        EXPECT_NE(first_message(volume).find(one.word), std::string::npos) << first_message(volume);
    }
}

TEST(Refusal, UnknownReadOnlyFeaturesMountReadOnly) {
    TestVolume volume(make_image("-t ext4", 8));
    volume.host.quiet = true;
    super_of(volume.source.bytes).read_only_compatible |= 0x100;
    seal_super(volume.source.bytes);
    ASSERT_TRUE(volume.mount().has_value());
    EXPECT_TRUE(volume.volume->read_only);
    EXPECT_NE(first_message(volume).find("quota"), std::string::npos);
    EXPECT_EQ(volume.create(root_inode, "x", 0100600).error(), Errno::rofs);
    EXPECT_EQ(volume.source.writes, 0u);
}

TEST(Refusal, BigClustersAndForeignBytes) {
    TestVolume clusters(make_image("-t ext4 -O bigalloc -C 16384 -b 4096", 24));
    clusters.host.quiet = true;
    EXPECT_EQ(clusters.mount().error(), Errno::inval);
    EXPECT_NE(first_message(clusters).find("bigalloc"), std::string::npos);
    TestVolume zeros(std::vector<u8>(1 << 20));
    zeros.host.quiet = true;
    EXPECT_EQ(zeros.mount().error(), Errno::inval);
    TestVolume nothing(std::vector<u8>(512));
    nothing.host.quiet = true;
    EXPECT_FALSE(nothing.mount().has_value());
    std::vector<u8> cut = make_image("-t ext4", 24);
    cut.resize(cut.size() / 2);
    TestVolume half(std::move(cut));
    half.host.quiet = true;
    EXPECT_EQ(half.mount().error(), Errno::inval);
}

// Orphans left by a crash are finished with at the next mount.
TEST(Orphans, AreReleasedAtMount) {
    TestVolume volume(make_image("-t ext4 -b 1024", 24));
    volume.host.quiet = true;
    ASSERT_TRUE(volume.mount().has_value());
    const u64 free_before = volume.volume->free_blocks;
    for (int i = 0; i < 5; ++i) {
        const u64 file = volume.create(root_inode, "f" + std::to_string(i), 0100600)->inode;
        ASSERT_TRUE(volume.write(file, 0, std::string(50'000, 'o')).has_value());
        ASSERT_TRUE(volume.flush_data(file).has_value());
        volume.hold(file);
        ASSERT_TRUE(volume.unlink(root_inode, "f" + std::to_string(i)).has_value());
    }
    ASSERT_TRUE(volume.sync().has_value());
    TestVolume again(volume.source.bytes); // as after a crash
    again.host.quiet = true;
    ASSERT_TRUE(again.mount().has_value());
    EXPECT_EQ(again.volume->free_blocks, free_before);
    ASSERT_TRUE(again.unmount().has_value());
    // The state stays "not clean", because it was so when mounted: e2fsck checks and finds nothing.
    EXPECT_EQ(check_image(again.source), "");
}

// Every single-bit flip in checksummed metadata is noticed, or harmless: what is read afterwards is
// right or an error, never wrong.
TEST(Damage, FlippedBitsAreNoticed) {
    TestVolume made(make_image("-t ext4 -b 1024 -O ^has_journal,^resize_inode -N 64", 1));
    made.host.quiet = true;
    ASSERT_TRUE(made.mount().has_value());
    const u64 dir = made.create(root_inode, "dir", 040755)->inode;
    std::map<std::string, u64> expected;
    for (int i = 0; i < 12; ++i) {
        const std::string name = "name" + std::to_string(i);
        expected[name] = made.create(dir, name, 0100644)->inode;
    }
    ASSERT_TRUE(made.unmount().has_value());
    const std::vector<u8> sound = made.source.bytes;
    u64 noticed = 0, flips = 0;
    for (usize at = 1024; at < sound.size(); at += 1) {
        if (sound[at] == 0)
            continue;
        std::vector<u8> image = sound;
        image[at] = static_cast<u8>(image[at] ^ 1u << at % 8);
        ++flips;
        TestVolume volume(std::move(image));
        volume.host.quiet = true;
        if (!volume.mount(mount_flag::read_only)) {
            ++noticed;
            continue;
        }
        bool failed = false;
        for (const auto& [name, inode] : expected) {
            const auto found = volume.walk("dir/" + name);
            failed |= !found;
            if (found)
                ASSERT_EQ(*found, inode) << "offset " << at;
            else
                ASSERT_NE(found.error(), Errno::noent) << "offset " << at;
        }
        noticed += failed;
    }
    EXPECT_GT(noticed, flips / 4) << flips;
    std::fprintf(stderr, "    %llu flips, %llu noticed by what was read\n",
                 static_cast<unsigned long long>(flips), static_cast<unsigned long long>(noticed));
}

} // namespace ext4_test
