// SPDX-License-Identifier: BSD-2-Clause
// The component dies between any two of its calls on the core, in every operation; the replayed
// request must answer what it would have answered, and leave the volume the same to the byte.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/ext4/test_volume.h"

namespace ext4_test {

namespace {

using component::RenameFlags;
namespace attribute = component::attribute;

struct Scenario {
    const char* name;
    std::string (*act)(TestVolume&); // what the caller learns
};
std::ostream& operator<<(std::ostream& out, const Scenario& value) { return out << value.name; }

std::string said(const Result<>& result) {
    return result ? "done" : std::string(base::errno_name(result.error()));
}
std::string said(const Result<FileAttributes>& result) {
    if (!result)
        return std::string(base::errno_name(result.error()));
    return {reinterpret_cast<const char*>(&*result), sizeof(*result)};
}
u64 at(TestVolume& volume, const char* path) { return volume.walk(path).value_or(0); }

std::string resize(TestVolume& volume, u64 size) {
    FileAttributes wanted;
    wanted.size = size;
    return said(volume.set(at(volume, "sparse"), wanted, attribute::size));
}

std::string change(TestVolume& volume) {
    FileAttributes wanted;
    wanted.mode = 0601;
    wanted.uid = 100'000;
    wanted.modify = {1'234'567, 89, 0};
    return said(volume.set(at(volume, "sparse"), wanted,
                           attribute::mode | attribute::uid | attribute::modify));
}

std::string grow(TestVolume& volume) {
    FileAttributes wanted;
    wanted.size = 3'000'000'000;
    return said(volume.set(at(volume, "sparse"), wanted, attribute::grow_size));
}

std::string write(TestVolume& volume) {
    const u64 file = at(volume, "sparse");
    (void)volume.write(file, 12'345, std::string(40'000, 'w'));
    return said(volume.flush_data(file));
}

const Scenario scenarios[] = {
    {"create", [](TestVolume& v) { return said(v.create(root_inode, "new", 0100644)); }},
    {"create_in_tree", [](TestVolume& v) { return said(v.create(at(v, "dir"), "new", 0100644)); }},
    {"create_present", [](TestVolume& v) { return said(v.create(root_inode, "file", 0100644)); }},
    {"make_directory", [](TestVolume& v) { return said(v.create(root_inode, "new", 040755)); }},
    {"make_device",
     [](TestVolume& v) { return said(v.create(root_inode, "n", 060600, {}, 8, 1)); }},
    {"symlink", [](TestVolume& v) { return said(v.create(root_inode, "n", 0120777, "short")); }},
    {"long_symlink",
     [](TestVolume& v) { return said(v.create(root_inode, "n", 0120777, std::string(200, 't'))); }},
    {"temporary",
     [](TestVolume& v) {
         const auto made = v.create_temporary(root_inode, 0100600);
         return said(made) + said(v.link(root_inode, "named", made ? made->inode : 0));
     }},
    {"link", [](TestVolume& v) { return said(v.link(at(v, "dir"), "hard", at(v, "file"))); }},
    {"unlink", [](TestVolume& v) { return said(v.unlink(root_inode, "file")); }},
    {"unlink_fragmented", [](TestVolume& v) { return said(v.unlink(root_inode, "sparse")); }},
    {"unlink_absent", [](TestVolume& v) { return said(v.unlink(root_inode, "absent")); }},
    {"unlink_open",
     [](TestVolume& v) {
         const u64 file = at(v, "file");
         v.hold(file);
         return said(v.unlink(root_inode, "file")) + said(v.release(file));
     }},
    {"remove_directory", [](TestVolume& v) { return said(v.rmdir(root_inode, "empty")); }},
    {"rename", [](TestVolume& v) { return said(v.rename(root_inode, "file", at(v, "dir"), "f")); }},
    {"rename_directory",
     [](TestVolume& v) { return said(v.rename(root_inode, "empty", at(v, "dir"), "moved")); }},
    {"rename_over",
     [](TestVolume& v) { return said(v.rename(root_inode, "file", root_inode, "sparse")); }},
    {"rename_exchange",
     [](TestVolume& v) {
         return said(v.rename(root_inode, "file", root_inode, "empty", RenameFlags::exchange));
     }},
    {"change_attributes", change},
    {"grow_over_2_gib", grow},
    {"truncate", [](TestVolume& v) { return resize(v, 20'000); }},
    {"truncate_all", [](TestVolume& v) { return resize(v, 0); }},
    {"extend", [](TestVolume& v) { return resize(v, 5'000'000); }},
    {"write", write},
    {"preallocate",
     [](TestVolume& v) { return said(v.allocate(at(v, "sparse"), 0, 90'000, false)); }},
    {"punch", [](TestVolume& v) { return said(v.punch(at(v, "sparse"), 7'000, 50'000)); }},
    {"set_xattr",
     [](TestVolume& v) { return said(v.set_xattr(at(v, "file"), "user.new", "value")); }},
    {"set_large_xattr",
     [](TestVolume& v) {
         return said(v.set_xattr(at(v, "file"), "user.new", std::string(600, 'x')));
     }},
    {"create_xattr_twice",
     [](TestVolume& v) {
         return said(v.set_xattr(at(v, "file"), "user.once", "1", XattrMode::create)) +
                said(v.set_xattr(at(v, "file"), "user.once", "2", XattrMode::create));
     }},
    {"remove_xattr", [](TestVolume& v) { return said(v.remove_xattr(at(v, "file"), "user.a")); }},
    {"sync", [](TestVolume& v) { return said(v.sync()); }},
};

const std::vector<u8>& base_image() {
    static const std::vector<u8> image = [] {
        TestVolume volume(make_image("-t ext4 -b 1024 -O ^has_journal,^resize_inode -N 256", 2));
        (void)volume.mount();
        const u64 file = volume.create(root_inode, "file", 0100644)->inode;
        (void)volume.write(file, 0, std::string(30'000, 'f'));
        (void)volume.set_xattr(file, "user.a", "value");
        const u64 sparse = volume.create(root_inode, "sparse", 0100644)->inode;
        for (u64 i = 0; i < 40; ++i)
            (void)volume.write(sparse, i * 3 * 1024, "piece");
        const u64 pieces = volume.create(root_inode, "pieces", 0100644)->inode;
        for (u64 i = 0; i < 6; ++i)
            (void)volume.write(pieces, i * 3 * 1024, "piece");
        const u64 dir = volume.create(root_inode, "dir", 040755)->inode;
        for (int i = 0; i < 60; ++i)
            (void)volume.create(dir, "some-rather-long-name-" + std::to_string(i), 0120777, "x");
        (void)volume.create(root_inode, "empty", 040755);
        (void)volume.unmount();
        return volume.source.bytes;
    }();
    return image;
}

class Replay : public testing::TestWithParam<Scenario> {};
INSTANTIATE_TEST_SUITE_P(Cases, Replay, testing::ValuesIn(scenarios),
                         [](const auto& info) { return std::string(info.param.name); });

struct Course {
    std::string answer;
    std::vector<u8> image;
    u64 calls = 0;
    u64 deaths = 0;
};

// Dies before its `step`th call (0: not at all).
Course run_once(const Scenario& scenario, u64 step) {
    TestVolume volume(base_image());
    volume.host.is_still = true;
    Course run;
    EXPECT_TRUE(volume.mount().has_value());
    const u64 before = volume.instance.calls;
    volume.instance.dies_at = step ? before + step : 0;
    run.answer = scenario.act(volume);
    run.calls = volume.instance.calls - before;
    run.deaths = volume.instance.deaths;
    EXPECT_FALSE(volume.volume->damaged);
    EXPECT_TRUE(volume.unmount().has_value());
    run.image = std::move(volume.source.bytes);
    return run;
}

} // namespace

TEST_P(Replay, DoesOnceWhatWasAskedOnce) {
    const Course whole = run_once(GetParam(), 0);
    ASSERT_EQ(check_image(ImageSource(whole.image)), "");
    ASSERT_GT(whole.calls, 3u);
    for (u64 step = 1; step <= whole.calls; ++step) {
        const Course run = run_once(GetParam(), step);
        ASSERT_EQ(run.deaths, 1u) << "step " << step;
        ASSERT_TRUE(run.answer == whole.answer) << "step " << step << " of " << whole.calls;
        ASSERT_TRUE(run.image == whole.image) << "step " << step << " of " << whole.calls;
    }
}

// Mounting and unmounting as well, with orphans to be finished with on the way.
TEST(Replay, MountsAndUnmountsOnce) {
    std::vector<u8> image;
    {
        TestVolume volume(base_image());
        ASSERT_TRUE(volume.mount().has_value());
        for (const char* name : {"file", "pieces"}) {
            volume.hold(at(volume, name));
            ASSERT_TRUE(volume.unlink(root_inode, name).has_value());
        }
        ASSERT_TRUE(volume.sync().has_value());
        image = volume.source.bytes; // as after a crash of the machine
    }
    std::vector<u8> expected;
    u64 calls = 1;
    for (u64 step = 0; step <= calls; ++step) {
        TestVolume volume(image);
        volume.host.quiet = volume.host.is_still = true;
        volume.instance.dies_at = step;
        ASSERT_TRUE(volume.mount().has_value()) << "step " << step;
        ASSERT_TRUE(volume.unmount().has_value()) << "step " << step;
        if (step == 0) {
            calls = volume.instance.calls;
            expected = volume.source.bytes;
            ASSERT_EQ(check_image(volume.source), "");
        }
        ASSERT_EQ(volume.instance.deaths, step ? 1u : 0u);
        ASSERT_TRUE(volume.source.bytes == expected) << "step " << step << " of " << calls;
    }
}

} // namespace ext4_test
