// SPDX-License-Identifier: BSD-2-Clause
// Thousands of random operations, compared after each with a model in memory; then e2fsck. Half of
// the runs let another request in at every read from the disk, as a waiting handler does.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>

#include "tests/ext4/test_volume.h"

namespace ext4_test {

namespace {

using component::RenameFlags;

struct Node {
    u32 mode = 0;
    u32 links = 0;
    std::string content; // or a link's target
    std::map<std::string, std::shared_ptr<Node>> entries;
    std::map<std::string, std::string> xattrs;
    u64 inode = 0;
    Node* parent = nullptr;
    bool is_directory() const { return (mode & 0170000) == 0040000; }
    bool is_file() const { return (mode & 0170000) == 0100000; }
};
using NodeRef = std::shared_ptr<Node>;

class Play {
public:
    Play(TestVolume& volume, u32 seed) : volume_(volume), random_(seed) {
        root_->mode = 040755;
        root_->links = 3;
        root_->inode = root_inode;
        NodeRef lost = std::make_shared<Node>();
        lost->mode = 040700;
        lost->links = 2;
        lost->inode = 11;
        lost->parent = root_.get();
        root_->entries["lost+found"] = lost;
    }

    void step();
    void compare();
    void compare(const Node& node);
    u64 full = 0; // operations that ended with nospc

private:
    u32 number(u32 below) { return static_cast<u32>(random_() % below); }
    std::string name() {
        static const usize lengths[] = {1, 3, 8, 20, 60, 255};
        const usize length = lengths[number(6)];
        std::string result = "n" + std::to_string(number(60));
        result.resize(std::max(result.size(), length), 'x');
        return result;
    }
    std::string bytes(usize length) {
        std::string result(length, 0);
        u32 state = static_cast<u32>(random_());
        for (char& c : result)
            c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
        return result;
    }
    Node& directory() {
        Node* at = root_.get();
        for (u32 i = number(4); i > 0; --i) {
            std::vector<Node*> below;
            for (auto& [unused, node] : at->entries)
                if (node->is_directory())
                    below.push_back(node.get());
            if (below.empty())
                break;
            at = below[number(static_cast<u32>(below.size()))];
        }
        return *at;
    }
    std::pair<std::string, NodeRef> entry_of(Node& dir) {
        if (dir.entries.empty())
            return {};
        auto at = dir.entries.begin();
        std::advance(at, number(static_cast<u32>(dir.entries.size())));
        return *at;
    }
    NodeRef file() {
        auto [unused, node] = entry_of(directory());
        return node && node->is_file() ? node : nullptr;
    }
    template <typename T>
    bool expect(const Result<T>& result, Errno expected, const char* what) {
        const Errno got = result ? Errno{} : result.error();
        if (got == Errno::nospc && expected == Errno{}) {
            ++full;
            return false;
        }
        EXPECT_EQ(base::errno_name(got), base::errno_name(expected)) << what;
        return static_cast<bool>(result) && expected == Errno{};
    }
    bool expect_any(const char* what, bool fine) {
        EXPECT_TRUE(fine) << what;
        return fine;
    }

    void create();
    void remove();
    void link();
    void rename();
    void write();
    void truncate();
    void space();
    void attributes();
    void xattrs();

    TestVolume& volume_;
    std::mt19937 random_;
    NodeRef root_ = std::make_shared<Node>();
};

void Play::create() {
    Node& dir = directory();
    const std::string called = name();
    static const u32 modes[] = {0100644, 0100600, 0040755, 0120777, 0010600};
    const u32 mode = modes[number(5)];
    std::string target = mode == 0120777 ? bytes(1 + number(900)) : "";
    for (char& c : target)
        c = static_cast<char>('a' + static_cast<u8>(c) % 26);
    const auto made = volume_.create(dir.inode, called, mode, target);
    const bool there = dir.entries.contains(called);
    if (!expect(made, there ? Errno::exist : Errno{}, "create"))
        return;
    auto node = std::make_shared<Node>();
    node->mode = mode;
    node->content = target;
    node->links = node->is_directory() ? 2 : 1;
    node->inode = made->inode;
    node->parent = &dir;
    dir.entries[called] = node;
    if (node->is_directory())
        ++dir.links;
}

void Play::remove() {
    Node& dir = directory();
    auto [called, node] = entry_of(dir);
    if (!node || called == "lost+found")
        return;
    if (node->is_directory()) {
        EXPECT_EQ(volume_.unlink(dir.inode, called).error(), Errno::isdir);
        const Errno expected = node->entries.empty() ? Errno{} : Errno::notempty;
        if (expect(volume_.rmdir(dir.inode, called), expected, "rmdir")) {
            dir.entries.erase(called);
            --dir.links;
        }
        return;
    }
    const bool keep_open = node->is_file() && number(3) == 0;
    if (keep_open)
        volume_.hold(node->inode);
    if (expect(volume_.unlink(dir.inode, called), Errno{}, "unlink")) {
        dir.entries.erase(called);
        --node->links;
    }
    if (keep_open) {
        const auto content = volume_.read_all(node->inode);
        EXPECT_TRUE(content && *content == node->content);
        expect(volume_.release(node->inode), Errno{}, "release");
    }
}

void Play::link() {
    auto [unused, node] = entry_of(directory());
    Node& dir = directory();
    const std::string called = name();
    if (!node || node->is_directory())
        return;
    const Errno expected = dir.entries.contains(called) ? Errno::exist : Errno{};
    if (!expect(volume_.link(dir.inode, called, node->inode), expected, "link"))
        return;
    ++node->links;
    dir.entries[called] = node;
}

void Play::rename() {
    Node& from = directory();
    Node& to = directory();
    auto [called, node] = entry_of(from);
    if (!node || called == "lost+found")
        return;
    std::string target = number(2) ? name() : entry_of(to).first;
    if (target.empty() || target == "lost+found")
        return;
    for (Node* up = &to; up; up = up->parent)
        if (up == node.get())
            return; // the caller's check
    const NodeRef victim = to.entries.contains(target) ? to.entries[target] : nullptr;
    for (Node* up = &from; up; up = up->parent)
        if (victim && up == victim.get())
            return;
    static const RenameFlags kinds[] = {RenameFlags::none, RenameFlags::none,
                                        RenameFlags::no_replace, RenameFlags::exchange};
    const RenameFlags flags = kinds[number(4)];
    Errno expected{};
    if (flags == RenameFlags::no_replace && victim)
        expected = Errno::exist;
    else if (flags == RenameFlags::exchange && !victim)
        expected = Errno::noent;
    else if (flags == RenameFlags::none && victim && victim != node) {
        if (node->is_directory() && !victim->is_directory())
            expected = Errno::notdir;
        else if (!node->is_directory() && victim->is_directory())
            expected = Errno::isdir;
        else if (victim->is_directory() && !victim->entries.empty())
            expected = Errno::notempty;
    }
    if (!expect(volume_.rename(from.inode, called, to.inode, target, flags), expected, "rename"))
        return;
    if (victim == node)
        return;
    if (flags == RenameFlags::exchange) {
        from.entries[called] = victim;
        to.entries[target] = node;
        if (victim->is_directory())
            --to.links, ++from.links, victim->parent = &from;
    } else {
        from.entries.erase(called);
        to.entries[target] = node;
        if (victim) {
            --victim->links;
            if (victim->is_directory())
                --to.links;
        }
    }
    if (node->is_directory())
        --from.links, ++to.links, node->parent = &to;
}

void Play::write() {
    const NodeRef node = file();
    if (!node)
        return;
    static const u32 reach[] = {100, 5000, 100'000, 2'000'000};
    const u64 offset = number(reach[number(4)]);
    const std::string data = bytes(1 + number(number(10) ? 3000 : 200'000));
    const u64 before = volume_.size_of(node->inode);
    const auto done = volume_.write(node->inode, offset, data);
    if (!done) {
        // What was accepted before the volume was full is kept: find out how much.
        EXPECT_EQ(done.error(), Errno::nospc);
        ++full;
        const u64 size = volume_.size_of(node->inode);
        const auto now = volume_.read_all(node->inode);
        EXPECT_TRUE(now.has_value() && size >= before);
        if (now)
            node->content = *now;
        return;
    }
    if (node->content.size() < offset + data.size())
        node->content.resize(offset + data.size(), '\0');
    node->content.replace(offset, data.size(), data);
    if (number(2)) {
        const auto flushed = volume_.flush_data(node->inode);
        if (!flushed) {
            EXPECT_EQ(flushed.error(), Errno::nospc);
            ++full;
        }
    }
}

void Play::truncate() {
    const NodeRef node = file();
    if (!node)
        return;
    const u64 size = number(4) == 0 ? 0 : number(300'000);
    if (expect(volume_.truncate(node->inode, size), Errno{}, "truncate"))
        node->content.resize(size, '\0');
}

void Play::space() {
    const NodeRef node = file();
    if (!node)
        return;
    const u64 from = number(200'000), length = 1 + number(100'000);
    if (!volume_.flush_data(node->inode))
        return;
    if (number(2)) {
        const bool keep = number(2);
        const auto done = volume_.allocate(node->inode, from, length, keep);
        if (!done && (done.error() == Errno::opnotsupp || done.error() == Errno::nospc))
            return;
        expect(done, Errno{}, "allocate");
        if (!keep && node->content.size() < from + length)
            node->content.resize(from + length, '\0');
    } else {
        const u32 block = volume_.volume->block_size;
        const u64 first = (from + block - 1) / block * block, end = (from + length) / block * block;
        if (expect(volume_.punch(node->inode, from, length), Errno{}, "punch"))
            for (u64 i = first; i < end && i < node->content.size(); ++i)
                node->content[i] = '\0';
    }
}

void Play::attributes() {
    auto [unused, node] = entry_of(directory());
    if (!node)
        return;
    FileAttributes wanted;
    wanted.mode = number(010000);
    wanted.uid = number(2) ? 0x12345678 : 3;
    if (expect(volume_.set(node->inode, wanted, component::attribute::mode), Errno{}, "chmod"))
        node->mode = (node->mode & 0170000) | wanted.mode;
    expect(volume_.set(node->inode, wanted, component::attribute::uid), Errno{}, "chown");
    const auto now = volume_.attributes(node->inode);
    EXPECT_TRUE(now && now->uid == wanted.uid);
}

void Play::xattrs() {
    auto [unused, node] = entry_of(directory());
    if (!node || node->inode == root_inode)
        return;
    static const char* const names[] = {"user.a", "user.some_longer_name", "security.selinux",
                                        "trusted.t", "user.b"};
    const std::string called = names[number(5)];
    if (number(4) == 0) {
        const bool there = node->xattrs.contains(called);
        if (expect(volume_.remove_xattr(node->inode, called), there ? Errno{} : Errno::nodata,
                   "remove_xattr"))
            node->xattrs.erase(called);
        return;
    }
    const std::string value = bytes(number(number(5) ? 60 : 700));
    const auto done = volume_.set_xattr(node->inode, called, value);
    if (expect(done, Errno{}, "set_xattr"))
        node->xattrs[called] = value;
}

void Play::step() {
    switch (number(20)) {
    case 0 ... 5: return create();
    case 6 ... 7: return remove();
    case 8: return link();
    case 9 ... 10: return rename();
    case 11 ... 14: return write();
    case 15: return truncate();
    case 16: return space();
    case 17: return attributes();
    default: return xattrs();
    }
}

void Play::compare(const Node& node) {
    const auto now = volume_.attributes(node.inode);
    ASSERT_TRUE(now.has_value()) << base::errno_name(now.error());
    EXPECT_EQ(now->mode, node.mode);
    EXPECT_EQ(now->links, node.links);
    const auto names = volume_.list_xattr(node.inode);
    ASSERT_TRUE(names.has_value());
    EXPECT_EQ(names->size(), node.xattrs.size());
    for (auto& [called, value] : node.xattrs) {
        const auto found = volume_.get_xattr(node.inode, called);
        EXPECT_TRUE(found && *found == value) << called;
    }
    if (node.is_file()) {
        const auto content = volume_.read_all(node.inode);
        ASSERT_TRUE(content.has_value());
        EXPECT_TRUE(*content == node.content) << "inode " << node.inode;
    } else if (node.mode >> 12 == 012) {
        const auto target = volume_.read_link(node.inode);
        EXPECT_TRUE(target && *target == node.content);
    }
    if (!node.is_directory())
        return;
    const auto items = volume_.list(node.inode, 1024);
    ASSERT_TRUE(items.has_value());
    EXPECT_EQ(items->size(), node.entries.size() + 2);
    for (const DirectoryItem& item : *items) {
        if (item.name == "." || item.name == "..")
            continue;
        auto found = node.entries.find(item.name);
        ASSERT_TRUE(found != node.entries.end()) << item.name;
        EXPECT_EQ(item.inode, found->second->inode);
        const auto looked_up = volume_.lookup(node.inode, item.name);
        EXPECT_TRUE(looked_up && looked_up->inode == item.inode);
        compare(*found->second);
    }
}

void Play::compare() { compare(*root_); }

struct RandomCase {
    const char* name;
    const char* options;
    u32 megabytes;
    bool interfere;
};
std::ostream& operator<<(std::ostream& out, const RandomCase& value) { return out << value.name; }
const RandomCase cases[] = {
    {"debian", "-t ext4", 64, false},
    {"blocks4k", "-t ext4 -b 4096", 64, false},
    {"blocks4k_interfered", "-t ext4 -b 4096 -g 1024", 64, true},
    {"ext3", "-t ext3 -b 1024", 64, false},
    {"ext2_small", "-t ext2 -I 128", 32, true},
    {"gdt_checksum", "-t ext4 -O ^metadata_csum,uninit_bg", 64, false},
    {"no_index", "-t ext4 -O ^dir_index", 32, true},
    {"full", "-t ext4 -O ^has_journal", 3, false},
    {"full4k", "-t ext4 -b 4096 -O ^has_journal -N 200", 3, true},
    {"full_ext2", "-t ext2 -N 120", 2, false},
};

class Random : public testing::TestWithParam<RandomCase> {};
INSTANTIATE_TEST_SUITE_P(Cases, Random, testing::ValuesIn(cases),
                         [](const auto& info) { return std::string(info.param.name); });

} // namespace

TEST_P(Random, AgreesWithTheModel) {
    const char* steps_text = std::getenv("RANDOM_STEPS");
    const char* seed_text = std::getenv("RANDOM_SEED");
    const int steps = steps_text ? std::atoi(steps_text) : 3000;
    const u32 seed = seed_text ? static_cast<u32>(std::atoi(seed_text)) : 1;
    TestVolume volume(make_image(GetParam().options, GetParam().megabytes));
    volume.host.quiet = true;
    ASSERT_TRUE(volume.mount().has_value());
    u64 interruptions = 0;
    if (GetParam().interfere) {
        volume.state.cache.limit = 40;
        volume.source.on_read = [&, inside = false]() mutable {
            if (inside || ++interruptions % 3)
                return;
            inside = true;
            // Touches the root directory and the allocator, as any other request would.
            const auto made = volume.create_temporary(root_inode, 0100600);
            if (made)
                (void)volume.request(Operation::evict, {.inode = made->inode});
            inside = false;
        };
    }
    Play play(volume, seed);
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
        // Now and then the instance dies, somewhere in a request; its successor goes on from what
        // was published.
        if (GetParam().interfere && i % 5 == 4)
            volume.instance.dies_at = volume.instance.calls + 1 + static_cast<u32>(i * 7919) % 97;
        play.step();
        ASSERT_FALSE(volume.volume->damaged) << "step " << i << ": " << volume.host.messages.back();
        if (i % 1000 == 999) {
            play.compare();
            (void)volume.sync();
        }
    }
    play.compare();
    volume.source.on_read = nullptr;
    const auto done = volume.unmount();
    if (!done && done.error() == Errno::nospc)
        ADD_FAILURE() << "delayed data found no room";
    EXPECT_EQ(check_image(volume.source), "");
    // Once more from the disk alone.
    if (play.full == 0) {
        TestVolume again(volume.source.bytes);
        ASSERT_TRUE(again.mount(mount_flag::read_only).has_value());
        EXPECT_EQ(again.volume->free_blocks, volume.volume->free_blocks);
    }
    RecordProperty("full", static_cast<int>(play.full));
    RecordProperty("conflicts", static_cast<int>(volume.instance.conflicts));
    std::fprintf(stderr, "    %d steps, %llu ran out of space, %llu conflicts, %llu deaths\n",
                 steps, static_cast<unsigned long long>(play.full),
                 static_cast<unsigned long long>(volume.instance.conflicts),
                 static_cast<unsigned long long>(volume.instance.deaths));
}

} // namespace ext4_test
