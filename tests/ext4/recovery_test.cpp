// SPDX-License-Identifier: BSD-2-Clause
// Logs that others left (debugfs writes them in every version of the format) are recovered as
// e2fsck recovers them, to the byte; what is damaged is noticed, and nothing of it comes home.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/journal/format.h"
#include "tests/ext4/test_volume.h"

namespace ext4_test {

namespace {

struct LogFormat {
    const char* name;
    const char* image;
    const char* open; // debugfs's command
};
std::ostream& operator<<(std::ostream& out, const LogFormat& format) { return out << format.name; }

const LogFormat formats[] = {
    {"plain", "-t ext4 -b 1024", "jo"},
    {"narrow", "-t ext4 -b 1024 -O ^64bit", "jo"},
    {"checksums2", "-t ext4 -b 1024", "jo -c -v 2"},
    {"checksums2_narrow", "-t ext4 -b 1024 -O ^64bit", "jo -c -v 2"},
    {"checksums3", "-t ext4 -b 4096", "jo -c -v 3"},
    {"checksums3_narrow", "-t ext4 -b 1024 -O ^64bit", "jo -c -v 3"},
    {"ext3", "-t ext3 -b 1024", "jo"},
};

constexpr u32 file_blocks = 48;

class Logs : public testing::TestWithParam<LogFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, Logs, testing::ValuesIn(formats),
                         [](const auto& info) { return std::string(info.param.name); });

void write_file(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary).write(text.data(), static_cast<long>(text.size()));
}

// A volume with one file of `file_blocks` blocks, each full of one letter, and a log.
struct Prepared {
    std::vector<u8> image;
    std::vector<u64> blocks; // of the file
    u32 block_size = 0;

    // The letters of the file's blocks.
    std::string letters(const std::vector<u8>& bytes) const {
        std::string result;
        for (u32 i = 0; i < file_blocks; ++i)
            result += static_cast<char>(bytes[(blocks[i] + 1) * block_size - 1]);
        return result;
    }
};

Prepared prepare(const LogFormat& format) {
    const std::string folder = scratch_path("tree");
    std::filesystem::create_directory(folder);
    Prepared made;
    made.block_size = std::strstr(format.image, "4096") ? 4096 : 1024;
    write_file(folder + "/file", std::string(file_blocks * made.block_size, 'o'));
    // The smallest log has 1024 blocks.
    made.image = make_image(format.image, made.block_size == 4096 ? 24 : 8, folder);
    std::filesystem::remove_all(folder);
    TestVolume volume(made.image);
    EXPECT_TRUE(volume.mount(mount_flag::read_only).has_value());
    const auto extents = volume.extents(volume.walk("file").value_or(0));
    for (const FileExtent& extent : *extents)
        for (u32 i = 0; i < extent.length; ++i)
            made.blocks.push_back(extent.physical + i);
    EXPECT_EQ(made.blocks.size(), file_blocks);
    return made;
}

// One line of debugfs that writes a transaction: blocks of the file get a letter, others are
// revoked. `end` may be "-c": no commit block.
class Script {
public:
    Script(Prepared& prepared, const LogFormat& format) : prepared_(prepared) {
        text_ = std::string(format.open) + "\n";
    }
    Script& write(u32 from, u32 count, char letter, const std::string& options = "") {
        const std::string data = scratch_path(std::string("data-") + letter);
        std::string bytes(count * prepared_.block_size, letter);
        // The first word of each fourth block is the log's magic number: it must be escaped.
        for (u32 i = 0; i < count; i += 4)
            bytes.replace(i * prepared_.block_size, 4, "\xc0\x3b\x39\x98");
        write_file(data, bytes);
        files_.push_back(data);
        text_ += "jw -b " + list(from, count) + " " + options + " " + data + "\n";
        return *this;
    }
    Script& revoke(const std::string& blocks) {
        text_ += "jw -r " + blocks + "\n";
        return *this;
    }
    std::string list(u32 from, u32 count) const {
        std::string result;
        for (u32 i = from; i < from + count; ++i)
            result += (i == from ? "" : ",") + std::to_string(prepared_.blocks[i]);
        return result;
    }
    void run() {
        const std::string path = scratch_path("log.img"), script = scratch_path("script");
        ImageSource(prepared_.image).save(path);
        write_file(script, text_ + "jc\n");
        std::string output;
        EXPECT_EQ(shell("/sbin/debugfs -w -f " + script + " " + path, &output), 0) << output;
        prepared_.image = ImageSource::load(path);
        files_.push_back(path);
        files_.push_back(script);
        for (const std::string& file : files_)
            std::filesystem::remove(file);
    }

private:
    Prepared& prepared_;
    std::string text_;
    std::vector<std::string> files_;
};

std::vector<u8> recovered_by_e2fsck(const std::vector<u8>& image) {
    const std::string path = scratch_path("fsck.img");
    ImageSource(image).save(path);
    std::string output;
    EXPECT_LE(shell("/sbin/e2fsck -fy " + path, &output), 1) << output;
    std::vector<u8> result = ImageSource::load(path);
    std::filesystem::remove(path);
    return result;
}

// The same but for what says when: the superblock, and the log itself.
void expect_same_volume(const Prepared& prepared, std::vector<u8> a, std::vector<u8> b) {
    TestVolume volume(a);
    volume.host.quiet = true;
    ASSERT_TRUE(volume.mount(mount_flag::read_only).has_value());
    const auto log = volume.extents(journal_inode);
    ASSERT_TRUE(log.has_value());
    for (std::vector<u8>* one : {&a, &b}) {
        std::memset(one->data() + superblock_offset, 0, 1024);
        for (const FileExtent& piece : *log)
            std::memset(one->data() + piece.physical * prepared.block_size, 0,
                        piece.length * prepared.block_size);
    }
    for (u64 at = 0; at < a.size(); at += prepared.block_size)
        ASSERT_EQ(std::memcmp(&a[at], &b[at], prepared.block_size), 0)
            << "block " << at / prepared.block_size;
}

// Where a byte of the log lies.
u64 place_in(const std::vector<FileExtent>& log, const Prepared& prepared, u64 at) {
    for (const FileExtent& piece : log)
        if (at / prepared.block_size - piece.logical < piece.length)
            return piece.physical * prepared.block_size + at - piece.logical * prepared.block_size;
    return 0;
}

// Mounts read-only, which recovers, and answers what the file holds then.
std::string recover(const Prepared& prepared, TestVolume& volume) {
    volume.host.quiet = true;
    const Result<> mounted = volume.mount(mount_flag::read_only);
    return mounted ? prepared.letters(volume.source.bytes)
                   : std::string(base::errno_name(mounted.error()));
}

} // namespace

TEST_P(Logs, AreRecoveredAsByE2fsck) {
    Prepared prepared = prepare(GetParam());
    Script script(prepared, GetParam());
    script.write(0, 8, 'a').write(4, 8, 'b').write(20, 2, 'c');
    script.write(30, 1, 'd').revoke(script.list(20, 1) + "," + script.list(5, 2));
    script.write(5, 1, 'e').write(40, 4, 'x', "-c");
    script.run();
    TestVolume volume(prepared.image);
    EXPECT_EQ(recover(prepared, volume), "aaaabeobbbbb"
                                         "oooooooo"
                                         "oc"
                                         "oooooooo"
                                         "d"
                                         "ooooooooooooooooo");
    expect_same_volume(prepared, volume.source.bytes, recovered_by_e2fsck(prepared.image));
    EXPECT_EQ(check_image(volume.source), "");
    // Nothing is left to recover; and it can be written to.
    TestVolume again(volume.source.bytes);
    again.host.quiet = true;
    ASSERT_TRUE(again.mount().has_value());
    EXPECT_TRUE(again.host.messages.empty());
    ASSERT_TRUE(again.create(root_inode, "new", 0100644).has_value());
    ASSERT_TRUE(again.unmount().has_value());
    EXPECT_EQ(check_image(again.source), "");
}

// More than one change set, and more revoked blocks than the table has room for.
TEST_P(Logs, MayBeLong) {
    Prepared prepared = prepare(GetParam());
    Script script(prepared, GetParam());
    for (int i = 0; i < 12; ++i)
        script.write(static_cast<u32>(i) * 2, file_blocks - static_cast<u32>(i) * 2,
                     static_cast<char>('a' + i));
    script.write(0, 1, 'z').revoke("4500-6000");
    script.run();
    TestVolume volume(prepared.image);
    EXPECT_EQ(recover(prepared, volume), "zabbccddeeffgghhiijjkk" + std::string(26, 'l'));
    expect_same_volume(prepared, volume.source.bytes, recovered_by_e2fsck(prepared.image));
}

// A machine that stops again while it recovers begins anew.
TEST_P(Logs, AreRecoveredWhereverItStops) {
    Prepared prepared = prepare(GetParam());
    Script script(prepared, GetParam());
    script.write(0, 8, 'a').write(4, 8, 'b').revoke(script.list(0, 2)).write(0, 1, 'c');
    script.run();
    TestVolume whole(prepared.image);
    const std::string expected = recover(prepared, whole);
    for (u64 writes = 0; writes < whole.source.writes; ++writes) {
        TestVolume cut(prepared.image);
        cut.source.writes_left = writes;
        cut.host.quiet = true;
        EXPECT_EQ(cut.mount(mount_flag::read_only).error(), Errno::io);
        TestVolume again(cut.source.bytes);
        ASSERT_EQ(recover(prepared, again), expected) << "after " << writes << " writes";
        ASSERT_EQ(check_image(again.source), "");
    }
}

// Each damaged bit of the log costs at most what came from there on.
TEST_P(Logs, StopWhereTheyAreDamaged) {
    if (!std::strstr(GetParam().open, "-c"))
        GTEST_SKIP() << "nothing to notice it by";
    Prepared prepared = prepare(GetParam());
    Script script(prepared, GetParam());
    script.write(0, 8, 'a').write(4, 8, 'b').write(8, 8, 'c');
    script.run();
    const std::string stages[] = {std::string(48, 'o'), "aaaaaaaa" + std::string(40, 'o'),
                                  "aaaabbbbbbbb" + std::string(36, 'o'),
                                  "aaaabbbbcccccccc" + std::string(32, 'o')};
    TestVolume sound(prepared.image);
    sound.host.quiet = true;
    ASSERT_TRUE(sound.mount(mount_flag::read_only | mount_flag::no_recovery).has_value());
    const auto log = sound.extents(journal_inode);
    u32 counts[4] = {};
    for (u64 at = prepared.block_size; at < 34u * prepared.block_size; at += 1009) {
        TestVolume volume(prepared.image);
        u8& byte = volume.source.bytes[place_in(*log, prepared, at)];
        byte = static_cast<u8>(byte ^ 0x10);
        const std::string found = recover(prepared, volume);
        bool is_a_stage = false;
        for (int i = 0; i < 4; ++i)
            if (found == stages[i]) {
                is_a_stage = true;
                ++counts[i];
            }
        ASSERT_TRUE(is_a_stage) << found << " at " << at;
    }
    EXPECT_GT(counts[0], 5u);
    EXPECT_GT(counts[1], 5u);
    EXPECT_GT(counts[2], 5u);
}

// Whatever a log without checksums says: it is refused or recovered, in time, and what comes of it
// can be walked.
TEST(Recovery, SurvivesAnyLog) {
    const LogFormat format{"believed", "-t ext4 -b 1024 -O ^metadata_csum", "jo"};
    Prepared prepared = prepare(format);
    Script script(prepared, format);
    script.write(0, 8, 'a').revoke("3000-3300").write(4, 8, 'b').write(8, 8, 'c').run();
    TestVolume sound(prepared.image);
    sound.host.quiet = true;
    ASSERT_TRUE(sound.mount(mount_flag::read_only | mount_flag::no_recovery).has_value());
    const auto log = sound.extents(journal_inode);
    std::mt19937 chance(1);
    u32 mounted = 0;
    constexpr int rounds = 300;
    for (int round = 0; round < rounds; ++round) {
        TestVolume volume(prepared.image);
        volume.host.quiet = true;
        for (u32 i = chance() % 4 + 1; i > 0; --i) {
            // Records begin their blocks: most patches go there.
            const u64 at = chance() % 40 * prepared.block_size + chance() % 24 * 4;
            const u32 values[] = {0, ~u32{0}, static_cast<u32>(chance()),
                                  static_cast<u32>(0x0100'0000u * (chance() % 8))};
            std::memcpy(&volume.source.bytes[place_in(*log, prepared, at)], &values[chance() % 4],
                        4);
        }
        if (!volume.mount())
            continue;
        ++mounted;
        (void)volume.list(root_inode);
        (void)volume.create(root_inode, "new", 0100644);
        (void)volume.unmount();
    }
    EXPECT_GT(mounted, 20u);
}

TEST(Recovery, IsNotDoneWhereItMayNot) {
    Prepared prepared = prepare(formats[4]);
    Script(prepared, formats[4]).write(0, 2, 'a').run();
    TestVolume device(prepared.image);
    device.host.quiet = true;
    EXPECT_EQ(device.mount(mount_flag::read_only | mount_flag::read_only_device).error(),
              Errno::rofs);
    TestVolume writable(prepared.image);
    writable.host.quiet = true;
    EXPECT_EQ(writable.mount(mount_flag::no_recovery).error(), Errno::inval);
    TestVolume volume(prepared.image);
    volume.host.quiet = true;
    ASSERT_TRUE(
        volume.mount(mount_flag::read_only | mount_flag::no_recovery | mount_flag::read_only_device)
            .has_value());
    EXPECT_EQ(prepared.letters(volume.source.bytes), std::string(file_blocks, 'o'));
    EXPECT_EQ(device.source.writes + writable.source.writes + volume.source.writes, 0u);
}

TEST(Recovery, RefusesLogsItDoesNotKnow) {
    const LogFormat& format = formats[4];
    Prepared prepared = prepare(format);
    Script(prepared, format).write(0, 2, 'a').run();
    TestVolume sound(prepared.image);
    ASSERT_TRUE(sound.mount(mount_flag::read_only | mount_flag::no_recovery).has_value());
    const u64 log = sound.extents(journal_inode)->front().physical * prepared.block_size;
    struct {
        usize field;
        u32 value;
    } cases[] = {
        {offsetof(journal::Superblock, header), 1},
        {offsetof(journal::Superblock, block_size), 512},
        {offsetof(journal::Superblock, blocks), 0xffff'ffff},
        {offsetof(journal::Superblock, first), 0},
        {offsetof(journal::Superblock, start), 0xffff'ffff},
        {offsetof(journal::Superblock, incompatible), 0x12 | 0x20},
        {offsetof(journal::Superblock, incompatible), 0x12 | 0x40},
        {offsetof(journal::Superblock, incompatible), 0x1a},
    };
    for (const auto& one : cases) {
        TestVolume volume(prepared.image);
        auto* super = reinterpret_cast<journal::Superblock*>(volume.source.bytes.data() + log);
        const journal::Big32 value(one.value);
        std::memcpy(reinterpret_cast<u8*>(super) + one.field, &value, sizeof(value));
        super->checksum = 0;
        super->checksum = crc32c_of(~u32{0}, *super);
        EXPECT_EQ(recover(prepared, volume), "inval") << one.field << " " << one.value;
        EXPECT_EQ(volume.source.writes, 0u);
    }
    // A wrong checksum alone.
    TestVolume volume(prepared.image);
    volume.source.bytes[log + offsetof(journal::Superblock, sequence) + 3] ^= 1;
    EXPECT_EQ(recover(prepared, volume), "inval");
}

} // namespace ext4_test
