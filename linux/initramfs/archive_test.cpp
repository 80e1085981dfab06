// SPDX-License-Identifier: BSD-2-Clause
// links: linux/initramfs/archive.cpp host/test/base_port.cpp
// Archives made by cpio(1) are read as cpio would unpack them; damaged ones are refused.
#include "linux/initramfs/archive.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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

struct Found {
    ArchiveEntry entry; // without its texts
    std::string target, content;
};

// Keeps what it is given.
class Keeper final : public EntryConsumer {
public:
    Result<> begin(const ArchiveEntry& entry) override {
        EXPECT_FALSE(open_);
        name_ = entry.name;
        names.push_back(name_);
        found[name_] = {entry, std::string(entry.target), {}};
        open_ = true;
        return {};
    }
    Result<> content(std::span<const u8> piece) override {
        found[name_].content.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        return {};
    }
    Result<> end() override {
        EXPECT_TRUE(open_);
        open_ = false;
        return {};
    }
    void end_archive() override { names.emplace_back("(end)"); }

    std::map<std::string, Found> found;
    std::vector<std::string> names;

private:
    std::string name_;
    bool open_ = false;
};

// Feeds the image in pieces of up to `piece` bytes, each at its exact length.
Result<usize> parse(ArchiveParser& parser, const Image& image, usize piece = 1 << 20) {
    usize done = 0;
    while (done < image.size()) {
        const usize count = std::min(piece, image.size() - done);
        const Image exact(image.begin() + static_cast<isize>(done),
                          image.begin() + static_cast<isize>(done + count));
        const usize used = TRY(parser.parse(exact));
        done += used;
        if (used < count)
            break;
    }
    return done;
}

std::map<std::string, Found> read_all(const Image& image, usize piece = 1 << 20) {
    Keeper keeper;
    ArchiveParser parser(keeper);
    EXPECT_EQ(parse(parser, image, piece), Result<usize>(image.size())) << parser.complaint();
    EXPECT_TRUE(parser.between_entries());
    return keeper.found;
}

TEST_F(ArchiveTest, readsWhatCpioWrote) {
    for (int size = 0; size < 9; ++size) // every padding, of names and of contents
        write("d/" + std::string(static_cast<usize>(size) + 1, 'n'), std::string(size, 'x'));
    fs::create_symlink("d/n", folder_ / "tree/link");
    fs::create_hard_link(folder_ / "tree/d/nn", folder_ / "tree/second");
    chmod((folder_ / "tree/d/n").c_str(), 04751);
    struct stat file;
    stat((folder_ / "tree/d/n").c_str(), &file);
    const Image image = pack();
    for (const usize piece : {1u << 20, 1u, 2u, 3u, 7u, 110u, 512u}) {
        auto found = read_all(image, piece);
        ASSERT_EQ(found.size(), 13u); // the top, d, nine files, two links
        for (int size = 0; size < 9; ++size) {
            const auto& each = found["d/" + std::string(static_cast<usize>(size) + 1, 'n')];
            if (size != 1) // linked: cpio may put its bytes under its other name
                EXPECT_EQ(each.content, std::string(size, 'x'));
        }
        EXPECT_TRUE(S_ISDIR(found[""].entry.mode));
        EXPECT_TRUE(S_ISDIR(found["d"].entry.mode));
        EXPECT_EQ(found["d/n"].entry.mode, S_IFREG | 04751u);
        EXPECT_EQ(found["d/n"].entry.user, getuid());
        EXPECT_TRUE(S_ISLNK(found["link"].entry.mode));
        EXPECT_EQ(found["link"].target, "d/n");
        EXPECT_EQ(found["second"].entry.links, 2u);
        EXPECT_EQ(found["second"].entry.number, found["d/nn"].entry.number);
        EXPECT_EQ(found["second"].content + found["d/nn"].content, "x");
        EXPECT_EQ(found["d/n"].entry.modified, file.st_mtime);
    }
}

TEST_F(ArchiveTest, checksumsAreLookedAt) {
    write("a", "hello");
    Image image = pack("-H crc");
    EXPECT_EQ(read_all(image)["a"].content, "hello");
    const std::string text = "hello";
    *std::search(image.begin(), image.end(), text.begin(), text.end()) = 'j';
    Keeper keeper;
    ArchiveParser parser(keeper);
    EXPECT_EQ(parse(parser, image).error(), Errno::badmsg);
    EXPECT_EQ(parser.complaint(), "a file's checksum does not match");
}

TEST_F(ArchiveTest, goesOnAfterTheTrailer) {
    write("a", "one");
    Image image = pack();
    fs::remove(folder_ / "tree/a");
    write("b", "two");
    const Image second = pack();
    image.insert(image.end(), second.begin(), second.end());
    Keeper keeper;
    ArchiveParser parser(keeper);
    EXPECT_EQ(*parse(parser, image), image.size());
    EXPECT_EQ(keeper.names, (std::vector<std::string>{"", "a", "(end)", "", "b", "(end)"}));
}

TEST_F(ArchiveTest, stopsBeforeWhatIsNoArchive) {
    write("a", "one");
    Image image = pack();
    const usize length = image.size();
    image.insert(image.end(), {0x1f, 0x8b, 8, 0});
    Keeper keeper;
    ArchiveParser parser(keeper);
    EXPECT_EQ(*parse(parser, image), length);
    EXPECT_TRUE(parser.between_entries());
}

TEST_F(ArchiveTest, oldArchivesAreNamed) {
    write("a", "one");
    Keeper keeper;
    ArchiveParser parser(keeper);
    EXPECT_EQ(parse(parser, pack("-H odc")).error(), Errno::badmsg);
    EXPECT_NE(parser.complaint().find("newc"), std::string_view::npos);
}

TEST_F(ArchiveTest, cutShortIsDamagedOrAtAnEnd) {
    write("a", std::string(300, 'a'));
    const Image image = pack();
    for (usize length = 0; length < image.size(); ++length) {
        const Image cut(image.begin(), image.begin() + static_cast<isize>(length));
        Keeper keeper;
        ArchiveParser parser(keeper);
        EXPECT_EQ(*parse(parser, cut), length);
        if (parser.between_entries() && keeper.found.contains("a"))
            EXPECT_EQ(keeper.found["a"].content, std::string(300, 'a'));
    }
}

TEST_F(ArchiveTest, damageEndsTheReading) {
    write("a/b", std::string(100, 'a'));
    write("c", "c");
    fs::create_symlink("c", folder_ / "tree/link");
    const Image image = pack();
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        Image damaged = image;
        for (u32 i = 0; i < 1 + random() % 4; ++i)
            damaged[random() % damaged.size()] = static_cast<u8>(random());
        Keeper keeper;
        ArchiveParser parser(keeper);
        const auto done = parse(parser, damaged, 1 + random() % 600);
        if (!done)
            EXPECT_NE(parser.complaint(), "");
        ASSERT_LT(keeper.names.size(), 100u);
    }
}

TEST_F(ArchiveTest, refusesNamesWithoutEnd) {
    write("a", "x");
    const Image image = pack();
    for (const std::string size : {"00000000", "00001001", "ffffffff", "00000001"}) {
        Image damaged = image;
        std::copy(size.begin(), size.end(), damaged.begin() + 6 + 11 * 8);
        Keeper keeper;
        ArchiveParser parser(keeper);
        EXPECT_EQ(parse(parser, damaged).error(), Errno::badmsg);
    }
}

} // namespace
} // namespace linux
