// SPDX-License-Identifier: BSD-2-Clause
// links: linux/initramfs/archive.cpp host/test/base_port.cpp
// Archives made by cpio(1) are read as cpio would unpack them; damaged ones are refused.
#include "linux/initramfs/archive.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace linux {
namespace {

namespace fs = std::filesystem;
using Image = std::vector<u8>;

class ArchiveTest : public testing::Test {
protected:
    ArchiveTest() {
        char name[] = "/tmp/archive_test.XXXXXX";
        folder_ = mkdtemp(name);
    }
    ~ArchiveTest() override { fs::remove_all(folder_); }

    void write(const std::string& name, const std::string& text) {
        fs::create_directories((folder_ / "tree" / name).parent_path());
        std::ofstream(folder_ / "tree" / name) << text;
    }
    // What `find | cpio` makes of the tree.
    Image pack(const std::string& options = "-H newc") {
        const fs::path target = folder_ / "archive";
        const std::string command = "cd " + (folder_ / "tree").string() +
                                    " && find . | sort | cpio --quiet -o " + options + " > " +
                                    target.string();
        EXPECT_EQ(std::system(command.c_str()), 0);
        std::ifstream in(target, std::ios::binary);
        return Image(std::istreambuf_iterator<char>(in), {});
    }
    fs::path folder_;
};

std::map<std::string, ArchiveEntry> read_all(std::span<const u8> image) {
    std::map<std::string, ArchiveEntry> found;
    ArchiveReader reader(image);
    ArchiveEntry entry;
    for (;;) {
        auto more = reader.next(entry);
        EXPECT_TRUE(more.has_value());
        if (!more || !*more)
            return found;
        found[std::string(entry.name)] = entry;
    }
}

std::string text(const ArchiveEntry& entry) {
    return {reinterpret_cast<const char*>(entry.content.data()), entry.content.size()};
}

TEST_F(ArchiveTest, readsWhatCpioWrote) {
    for (int size = 0; size < 9; ++size) // every padding, of names and of contents
        write("d/" + std::string(static_cast<usize>(size) + 1, 'n'), std::string(size, 'x'));
    fs::create_symlink("d/n", folder_ / "tree/link");
    fs::create_hard_link(folder_ / "tree/d/nn", folder_ / "tree/second");
    chmod((folder_ / "tree/d/n").c_str(), 04751);
    const Image image = pack();
    auto entries = read_all(image);
    ASSERT_EQ(entries.size(), 13u); // the top, d, nine files, two links
    for (int size = 0; size < 9; ++size) {
        const auto& entry = entries["d/" + std::string(static_cast<usize>(size) + 1, 'n')];
        if (size != 1) // linked: cpio may put its bytes under its other name
            EXPECT_EQ(text(entry), std::string(size, 'x'));
    }
    EXPECT_TRUE(S_ISDIR(entries[""].mode));
    EXPECT_TRUE(S_ISDIR(entries["d"].mode));
    EXPECT_EQ(entries["d/n"].mode, S_IFREG | 04751u);
    EXPECT_EQ(entries["d/n"].user, getuid());
    EXPECT_TRUE(S_ISLNK(entries["link"].mode));
    EXPECT_EQ(text(entries["link"]), "d/n");
    EXPECT_EQ(entries["second"].links, 2u);
    EXPECT_EQ(entries["second"].number, entries["d/nn"].number);
    EXPECT_EQ(text(entries["second"]) + text(entries["d/nn"]), "x");
    EXPECT_EQ(entries["d/n"].modified,
              [&] {
                  struct stat file;
                  stat((folder_ / "tree/d/n").c_str(), &file);
                  return file.st_mtime;
              }());
}

TEST_F(ArchiveTest, readsTheKindWithChecksums) {
    write("a", "hello");
    const Image image = pack("-H crc");
    EXPECT_EQ(text(read_all(image)["a"]), "hello");
}

TEST_F(ArchiveTest, goesOnAfterTheTrailer) {
    write("a", "one");
    Image image = pack();
    fs::remove(folder_ / "tree/a");
    write("b", "two");
    const Image second = pack();
    image.insert(image.end(), second.begin(), second.end());
    ArchiveReader reader(image);
    ArchiveEntry entry;
    std::vector<std::string> names;
    for (int archive = 0; archive < 2; ++archive) {
        while (*reader.next(entry))
            names.emplace_back(entry.name);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"", "a", "", "b"}));
    EXPECT_FALSE(*reader.next(entry));
}

TEST_F(ArchiveTest, cutShortIsDamagedOrAtAnEnd) {
    write("a", std::string(300, 'a'));
    const Image image = pack();
    for (usize length = 0; length < image.size(); ++length) {
        const Image cut(image.begin(), image.begin() + static_cast<isize>(length));
        ArchiveReader reader(cut);
        ArchiveEntry entry;
        for (;;) {
            auto more = reader.next(entry);
            if (!more)
                EXPECT_EQ(more.error(), Errno::badmsg);
            if (!more || !*more)
                break;
        }
    }
}

TEST_F(ArchiveTest, anyDamageEndsTheReading) {
    write("a/b", std::string(100, 'a'));
    write("c", "c");
    const Image image = pack();
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        Image damaged = image;
        for (u32 i = 0; i < 1 + random() % 4; ++i)
            damaged[random() % damaged.size()] = static_cast<u8>(random());
        ArchiveReader reader(damaged);
        ArchiveEntry entry;
        int count = 0;
        for (auto more = reader.next(entry); more && *more; more = reader.next(entry)) {
            u8 sum = 0; // reads every byte it was given
            for (char c : entry.name)
                sum = static_cast<u8>(sum + static_cast<u8>(c));
            for (u8 byte : entry.content)
                sum = static_cast<u8>(sum + byte);
            ASSERT_LT(++count + (sum & 0), 100);
        }
    }
}

TEST_F(ArchiveTest, refusesNamesWithoutEnd) {
    write("a", "x");
    Image image = pack();
    const std::string no_name = "00000000";
    std::copy(no_name.begin(), no_name.end(), image.begin() + 6 + 11 * 8);
    ArchiveReader reader(image);
    ArchiveEntry entry;
    EXPECT_EQ(reader.next(entry).error(), Errno::badmsg);
}

} // namespace
} // namespace linux
