// SPDX-License-Identifier: BSD-2-Clause
// Whole volumes: what mke2fs makes is read right, what this writes e2fsck finds nothing wrong with.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "components/fs/ext4/name_hash.h"
#include "tests/ext4/test_volume.h"

namespace ext4_test {

namespace {

std::string text_of(usize length, u32 seed) {
    std::string text(length, 0);
    for (char& c : text)
        c = static_cast<char>('a' + (seed = seed * 1103515245 + 12345) / 65536 % 26);
    return text;
}

struct Format {
    const char* name;
    const char* options;
};
std::ostream& operator<<(std::ostream& out, const Format& format) { return out << format.name; }

const Format formats[] = {
    {"debian", "-t ext4"},
    {"blocks1k", "-t ext4 -b 1024"},
    {"blocks2k", "-t ext4 -b 2048"},
    {"no_checksum", "-t ext4 -O ^metadata_csum"},
    {"gdt_checksum", "-t ext4 -O ^metadata_csum,uninit_bg"},
    {"no_extents", "-t ext4 -O ^extent,^64bit"},
    {"ext3", "-t ext3"},
    {"ext3_1k", "-t ext3 -b 1024"},
    {"ext2", "-t ext2"},
    {"ext2_small_inodes", "-t ext2 -I 128 -b 1024"},
    {"ext4_small_inodes", "-t ext4 -I 128"},
    {"narrow", "-t ext4 -O ^64bit,^flex_bg"},
    {"no_index", "-t ext4 -O ^dir_index"},
    {"meta_groups", "-t ext4 -b 1024 -O meta_bg,^resize_inode"},
    {"checksum_seed", "-t ext4 -O metadata_csum_seed"},
    {"small_groups", "-t ext4 -b 1024 -g 1024"},
    {"no_journal", "-t ext4 -O ^has_journal"},
    {"no_file_type", "-t ext2 -O ^filetype"},
    {"tea", "-t ext4 -E hash_seed=6f9b2a3e-8f3a-4b7d-9b55-0d2f6a7c1e01"},
};

class AllFormats : public testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Formats, AllFormats, testing::ValuesIn(formats),
                         [](const auto& info) { return std::string(info.param.name); });

void expect_clean(TestVolume& volume) {
    auto unmounted = volume.unmount();
    ASSERT_TRUE(unmounted.has_value()) << base::errno_name(unmounted.error());
    EXPECT_EQ(check_image(volume.source), "");
}

#define MUST_HOLD(expression)                                                                      \
    ({                                                                                             \
        auto result_ = (expression);                                                               \
        if (!result_)                                                                              \
            ADD_FAILURE() << #expression ": " << base::errno_name(result_.error());                \
        if (!result_)                                                                              \
            return;                                                                                \
        *std::move(result_);                                                                       \
    })

} // namespace

TEST(NameHash, AgreesWithDebugfs) {
    for (const char* version : {"legacy", "half_md4", "tea"}) {
        for (const char* name : {"a", "lost+found", "some-rather-long-name-that-takes-two-rounds",
                                 "0123456789abcdef0123456789abcdef", "x.y"}) {
            std::string output;
            shell(std::string("debugfs -R 'dx_hash -h ") + version + " " + name + "' /dev/null",
                  &output);
            const usize at = output.find("is 0x");
            ASSERT_NE(at, std::string::npos) << output;
            u32 major = 0, minor = 0;
            ASSERT_EQ(std::sscanf(output.c_str() + at, "is 0x%x (minor 0x%x)", &major, &minor), 2)
                << output;
            const HashVersion which = version[0] == 'l'   ? HashVersion::legacy
                                      : version[0] == 'h' ? HashVersion::half_md4
                                                          : HashVersion::tea;
            const u32 seed[4] = {};
            const NameHash hash = hash_name(name, which, false, seed);
            EXPECT_EQ(hash.major, major) << version << " " << name;
            EXPECT_EQ(hash.minor, minor) << version << " " << name;
        }
    }
}

TEST_P(AllFormats, ReadsWhatMke2fsMade) {
    namespace fs = std::filesystem;
    const fs::path tree = scratch_path("tree");
    fs::remove_all(tree);
    fs::create_directories(tree / "many");
    fs::create_directories(tree / "deep/er/still");
    for (int i = 0; i < 600; ++i)
        std::ofstream(tree / "many" / ("file-number-" + std::to_string(i))) << i;
    const std::string big = text_of(3'000'000, 7);
    std::ofstream(tree / "big", std::ios::binary) << big;
    fs::create_symlink("short", tree / "link");
    fs::create_symlink(std::string(200, 'l'), tree / "long_link");
    std::ofstream(tree / "deep/er/still/here") << "found";

    TestVolume volume(make_image(GetParam().options, 24, tree.string()));
    MUST_HOLD(volume.mount(mount_flag::read_only));
    EXPECT_EQ(MUST_HOLD(volume.read_all(MUST_HOLD(volume.walk("big")))), big);
    EXPECT_EQ(MUST_HOLD(volume.read_all(MUST_HOLD(volume.walk("deep/er/still/here")))), "found");
    EXPECT_EQ(MUST_HOLD(volume.read_link(MUST_HOLD(volume.walk("link")))), "short");
    EXPECT_EQ(MUST_HOLD(volume.read_link(MUST_HOLD(volume.walk("long_link")))),
              std::string(200, 'l'));
    const u64 many = MUST_HOLD(volume.walk("many"));
    std::set<std::string> seen;
    for (const DirectoryItem& item : MUST_HOLD(volume.list(many, 400)))
        EXPECT_TRUE(seen.insert(item.name).second) << item.name;
    EXPECT_EQ(seen.size(), 602u);
    for (int i = 0; i < 600; ++i) {
        const u64 inode = MUST_HOLD(volume.lookup(many, "file-number-" + std::to_string(i))).inode;
        EXPECT_EQ(MUST_HOLD(volume.read_all(inode)), std::to_string(i));
    }
    EXPECT_EQ(volume.lookup(many, "absent").error(), Errno::noent);
    fs::remove_all(tree);
}

TEST_P(AllFormats, MountsAndUnmountsClean) {
    TestVolume volume(make_image(GetParam().options, 24));
    MUST_HOLD(volume.mount());
    MUST_HOLD(volume.sync());
    const std::string path = scratch_path("busy.img");
    volume.source.save(path);
    std::string output;
    shell("/sbin/dumpe2fs -h " + path, &output);
    // With a journal it is the log that tells of a crash, not the state.
    const bool has_journal = output.find("has_journal") != std::string::npos;
    EXPECT_NE(output.find(has_journal ? "needs_recovery" : "not clean"), std::string::npos)
        << output;
    std::remove(path.c_str());
    expect_clean(volume);
}

TEST_P(AllFormats, AllKindsOfNodes) {
    TestVolume volume(make_image(GetParam().options, 24));
    MUST_HOLD(volume.mount());
    const u64 dir = MUST_HOLD(volume.create(root_inode, "dir", 040755)).inode;
    const u64 file = MUST_HOLD(volume.create(dir, "file", 0100644)).inode;
    MUST_HOLD(volume.write(file, 0, "hello"));
    MUST_HOLD(volume.create(dir, "short", 0120777, "target"));
    MUST_HOLD(volume.create(dir, "long", 0120777, std::string(300, 't')));
    MUST_HOLD(volume.create(dir, "fifo", 010600));
    MUST_HOLD(volume.create(dir, "socket", 0140600));
    MUST_HOLD(volume.create(dir, "null", 020666, {}, 1, 3));
    MUST_HOLD(volume.create(dir, "disk", 060660, {}, 259, 70000));
    MUST_HOLD(volume.link(root_inode, "hard", file));
    EXPECT_EQ(volume.create(dir, "file", 0100644).error(), Errno::exist);
    EXPECT_EQ(MUST_HOLD(volume.lookup(root_inode, "hard")).links, 2u);
    const FileAttributes disk = MUST_HOLD(volume.lookup(dir, "disk"));
    EXPECT_EQ(disk.device_major, 259u);
    EXPECT_EQ(disk.device_minor, 70000u);
    EXPECT_EQ(disk.uid, 70000u);
    EXPECT_EQ(MUST_HOLD(volume.read_link(MUST_HOLD(volume.walk("dir/long")))),
              std::string(300, 't'));
    EXPECT_EQ(volume.rmdir(root_inode, "dir").error(), Errno::notempty);
    MUST_HOLD(volume.unlink(dir, "file"));
    EXPECT_EQ(MUST_HOLD(volume.read_all(file)), "hello");
    MUST_HOLD(volume.rename(dir, "short", root_inode, "moved"));
    const u64 sub = MUST_HOLD(volume.create(dir, "sub", 040700)).inode;
    MUST_HOLD(volume.rename(dir, "sub", root_inode, "sub"));
    EXPECT_EQ(MUST_HOLD(volume.lookup(sub, "..")).inode, u64{root_inode});
    MUST_HOLD(volume.rename(root_inode, "sub", dir, "fifo2"));
    MUST_HOLD(volume.rename(dir, "fifo2", root_inode, "hard", component::RenameFlags::exchange));
    expect_clean(volume);
}

// What would have to have an effect, and has none here, is refused: programs then use chmod.
TEST(Attributes, AccessControlListsAreRefused) {
    TestVolume volume(make_image("-t ext4", 16));
    ASSERT_TRUE(volume.mount().has_value());
    const u64 inode = volume.create(root_inode, "f", 0100700)->inode;
    for (const char* name : {"system.posix_acl_access", "system.posix_acl_default", "system.x"}) {
        EXPECT_EQ(volume.set_xattr(inode, name, "value").error(), Errno::opnotsupp) << name;
        EXPECT_EQ(volume.get_xattr(inode, name).error(), Errno::opnotsupp) << name;
        EXPECT_EQ(volume.remove_xattr(inode, name).error(), Errno::opnotsupp) << name;
    }
    EXPECT_EQ(volume.set_xattr(inode, "user.", "value").error(), Errno::inval);
    EXPECT_TRUE(volume.list_xattr(inode)->empty());
    expect_clean(volume);
}

TEST_P(AllFormats, LargeFilesGrowShrinkAndHaveHoles) {
    TestVolume volume(make_image(GetParam().options, 48));
    MUST_HOLD(volume.mount());
    const u64 before = volume.volume->free_blocks;
    const u64 file = MUST_HOLD(volume.create(root_inode, "file", 0100644)).inode;
    const std::string text = text_of(9'000'000, 3);
    MUST_HOLD(volume.write(file, 0, text));
    MUST_HOLD(volume.flush_data(file));
    EXPECT_EQ(MUST_HOLD(volume.read_all(file)), text);
    // Every other block of a second file: as many extents as blocks.
    const u64 sparse = MUST_HOLD(volume.create(root_inode, "sparse", 0100644)).inode;
    const u32 size = volume.volume->block_size;
    for (u32 i = 0; i < 3000; ++i) {
        const u32 at = i * 7919 % 3000;
        MUST_HOLD(volume.write(sparse, u64{at} * 2 * size, "block " + std::to_string(at)));
        if (i % 3 == 0)
            MUST_HOLD(volume.flush_data(sparse));
    }
    MUST_HOLD(volume.sync());
    EXPECT_EQ(check_image(volume.source).find("Inode"), std::string::npos)
        << check_image(volume.source);
    for (u32 at = 0; at < 3000; at += 13)
        EXPECT_EQ(MUST_HOLD(volume.read(sparse, u64{at} * 2 * size, 6 + std::to_string(at).size())),
                  "block " + std::to_string(at));
    MUST_HOLD(volume.truncate(file, 1'234'567));
    EXPECT_EQ(MUST_HOLD(volume.read_all(file)), text.substr(0, 1'234'567));
    MUST_HOLD(volume.truncate(file, 2'000'000));
    EXPECT_EQ(MUST_HOLD(volume.read(file, 1'234'560, 20)),
              text.substr(1'234'560, 7) + std::string(13, '\0'));
    MUST_HOLD(volume.truncate(sparse, 1000 * size + 5));
    MUST_HOLD(volume.sync());
    const std::string path = scratch_path("busy.img");
    MUST_HOLD(volume.unlink(root_inode, "file"));
    MUST_HOLD(volume.unlink(root_inode, "sparse"));
    EXPECT_EQ(volume.volume->free_blocks, before);
    EXPECT_GE(volume.instance.pieces, 3000u / 8 - 2); // of few extents each
    expect_clean(volume);
}

// In the order of their making, which is the wrong one for a list that has its head at the end.
TEST(Orphans, ManyAreFreedWithoutWalks) {
    constexpr u32 count = 600;
    TestVolume volume(make_image("-t ext4", 48));
    MUST_HOLD(volume.mount());
    const u32 before = volume.volume->free_inodes;
    std::vector<u64> files;
    for (u32 i = 0; i < count; ++i) {
        const std::string name = std::to_string(i);
        files.push_back(MUST_HOLD(volume.create(root_inode, name, 0100644)).inode);
        volume.hold(files.back());
        MUST_HOLD(volume.unlink(root_inode, name));
    }
    EXPECT_EQ(volume.volume->free_inodes, before - count);
    const u64 calls = volume.instance.calls;
    for (const u64 file : files)
        MUST_HOLD(volume.release(file));
    EXPECT_LT(volume.instance.calls - calls, count * 60); // a walk each: 300 on the average
    EXPECT_EQ(volume.volume->free_inodes, before);
    expect_clean(volume);
}

TEST_P(AllFormats, TwentyThousandNames) {
    TestVolume volume(make_image(std::string(GetParam().options) + " -N 30000", 64));
    MUST_HOLD(volume.mount());
    const u64 dir = MUST_HOLD(volume.create(root_inode, "dir", 040755)).inode;
    const u64 file = MUST_HOLD(volume.create(dir, "first", 0100644)).inode;
    // A directory without index takes quadratic time.
    const bool indexed = volume.volume->compatible & compatible::directory_index;
    const int count = indexed ? 20000 : 1500;
    auto name = [](int i) { return "name-" + std::to_string(i * 7919 % 100003); };
    for (int i = 0; i < count; ++i) {
        if (i % 10 == 0)
            MUST_HOLD(volume.create(dir, name(i), 0100600));
        else if (i % 60000 != 0)
            MUST_HOLD(volume.create(dir, name(i), 0120777, "x"));
    }
    (void)file;
    std::set<std::string> seen;
    for (const DirectoryItem& item : MUST_HOLD(volume.list(dir, 4096)))
        EXPECT_TRUE(seen.insert(item.name).second) << item.name;
    EXPECT_EQ(seen.size(), static_cast<usize>(count) + 3);
    for (int i = 0; i < count; ++i)
        EXPECT_TRUE(volume.lookup(dir, name(i)).has_value()) << name(i);
    MUST_HOLD(volume.sync());
    for (int i = 0; i < count; i += 2)
        MUST_HOLD(volume.unlink(dir, name(i)));
    for (int i = 0; i < count; ++i)
        EXPECT_EQ(volume.lookup(dir, name(i)).has_value(), i % 2 == 1) << name(i);
    expect_clean(volume);
}

} // namespace ext4_test
