// SPDX-License-Identifier: BSD-2-Clause
#include "tests/power_cuts/workload.h"

#include <gtest/gtest.h>

namespace power_cuts {

using namespace ext4_test;

namespace {

// RecordingSource::mark: what was durable and what had happened.
u64 mark_of(u64 durable, u64 moment) { return durable << 32 | moment; }
u64 durable_of(u64 mark) { return mark >> 32; }
u64 moment_of(u64 mark) { return mark & 0xffff'ffff; }

std::string parent(const std::string& path) {
    const usize slash = path.rfind('/');
    return slash == path.npos ? "" : path.substr(0, slash);
}
std::string leaf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void must(const Result<>& result, const char* what) {
    ASSERT_TRUE(result.has_value()) << what << ": " << base::errno_name(result.error());
}

void must(bool done, const char* what) { ASSERT_TRUE(done) << what; }

Result<> read_tree(TestVolume& volume, u64 dir, const std::string& prefix, Tree& tree,
                   std::map<std::string, std::string>& bytes) {
    for (const DirectoryItem& item : TRY(volume.list(dir))) {
        if (item.name == "." || item.name == ".." || item.name == "lost+found")
            continue;
        const std::string path = prefix + item.name;
        const FileAttributes found = TRY(volume.attributes(item.inode));
        Entry& entry = tree[path];
        if ((found.mode & 0170000) == 040000) {
            entry.target = "/";
            TRY(read_tree(volume, item.inode, path + "/", tree, bytes));
        } else if ((found.mode & 0170000) == 0120000) {
            entry.target = TRY(volume.read_link(item.inode));
        } else {
            entry.size = found.size;
            bytes[path] = TRY(volume.read_all(item.inode));
        }
    }
    return {};
}

} // namespace

Workload::Workload(u32 seed) : volume_(make_image("-t ext4 -b 1024 -N 512", 8)), chance_(seed) {
    volume_.host.quiet = true;
    must(volume_.mount(), "mount");
    // Some names and data are there from the beginning.
    for (int i = 0; i < 6; ++i)
        make();
    happened();
    fsync();
    record_.record(volume_.source);
    record_.mark = mark_of(durable_, moments_.size() - 1);
}

void Workload::run(int operations, bool drops_flushes) {
    record_.drops_flushes = drops_flushes;
    for (int i = 0; i < operations; ++i) {
        step();
        happened();
    }
    ASSERT_EQ(volume_.instance.full, 0u) << "commits come only where this expects them";
}

void Workload::happened() {
    moments_.push_back(now_);
    record_.mark = mark_of(durable_, moments_.size() - 1);
}

void Workload::step() {
    switch (chance_() % 16) {
    case 0:
    case 1:
    case 2: make(); break;
    case 3:
    case 4:
    case 5:
    case 6: write(); break;
    case 7:
    case 8: rename(); break;
    case 9:
    case 10:
    case 11: remove(); break;
    case 12: truncate(); break;
    default: fsync(); break;
    }
}

std::string Workload::any_name(bool of_file) {
    std::vector<std::string> names;
    for (const auto& [path, entry] : now_)
        if (!of_file || entry.id != 0)
            names.push_back(path);
    return names.empty() ? "" : names[chance_() % names.size()];
}

std::string Workload::new_name() {
    std::vector<std::string> folders{""};
    for (const auto& [path, entry] : now_)
        if (entry.target == "/" && std::count(path.begin(), path.end(), '/') < 2)
            folders.push_back(path + "/");
    return folders[chance_() % folders.size()] + "n" + std::to_string(next_name_++) +
           std::string(chance_() % 40, 'x');
}

u64 Workload::directory_of(const std::string& path) {
    return volume_.walk(parent(path)).value_or(0);
}

void Workload::make() {
    const std::string path = new_name();
    const u64 dir = directory_of(path);
    switch (now_.size() > 40 ? 0 : chance_() % 5) {
    case 0:
        must(volume_.create(dir, leaf(path), 040755).has_value(), "mkdir");
        now_[path].target = "/";
        break;
    case 1: {
        const std::string target(chance_() % 2 ? 20 : 200, 't');
        must(volume_.create(dir, leaf(path), 0120777, target).has_value(), "symlink");
        now_[path].target = target;
        break;
    }
    default: {
        const u64 id = next_id_++;
        must(volume_.create(dir, leaf(path), 0100644).has_value(), "create");
        now_[path].id = id;
        files_[id] = {id, ""};
        versions_[id].push_back({moments_.size(), ""});
        break;
    }
    }
}

void Workload::write() {
    const std::string path = any_name(true);
    if (path.empty())
        return;
    File& file = files_[now_[path].id];
    const u64 offset = file.bytes.empty() ? 0 : chance_() % (file.bytes.size() + 1);
    const std::string data(1 + chance_() % 9000, static_cast<char>('a' + chance_() % 26));
    if (file.bytes.size() < offset + data.size())
        file.bytes.resize(offset + data.size());
    file.bytes.replace(offset, data.size(), data);
    const u64 inode = volume_.walk(path).value_or(0);
    must(volume_.write(inode, offset, data), "write");
    if (chance_() % 2)
        flushed(path);
}

// The file's data goes to the disk.
void Workload::flushed(const std::string& path) {
    Entry& entry = now_[path];
    const std::string& bytes = files_[entry.id].bytes;
    versions_[entry.id].push_back({moments_.size(), bytes});
    for (auto& [other, one] : now_)
        if (one.id == entry.id)
            one.size = bytes.size();
    record_.mark = mark_of(durable_, moments_.size());
    must(volume_.flush_data(volume_.walk(path).value_or(0)), "write-back");
}

void Workload::rename() {
    const std::string from = any_name(true);
    if (from.empty())
        return;
    std::string to = chance_() % 2 ? any_name(true) : new_name();
    if (to == from || now_[from].id == now_[to].id)
        to = new_name();
    must(volume_.rename(directory_of(from), leaf(from), directory_of(to), leaf(to)), "rename");
    now_[to] = now_[from];
    now_.erase(from);
}

void Workload::remove() {
    const std::string path = any_name(false);
    if (path.empty())
        return;
    if (now_[path].target != "/") {
        must(volume_.unlink(directory_of(path), leaf(path)), "unlink");
    } else {
        for (const auto& [other, entry] : now_)
            if (other.starts_with(path + "/"))
                return;
        must(volume_.rmdir(directory_of(path), leaf(path)), "rmdir");
    }
    now_.erase(path);
}

void Workload::truncate() {
    const std::string path = any_name(true);
    if (path.empty())
        return;
    File& file = files_[now_[path].id];
    const u64 size = file.bytes.empty() ? 3000 : chance_() % file.bytes.size();
    flushed(path);
    file.bytes.resize(size);
    must(volume_.truncate(volume_.walk(path).value_or(0), size), "truncate");
    flushed(path);
}

void Workload::fsync() {
    if (const std::string path = any_name(true); !path.empty())
        flushed(path);
    happened();
    must(volume_.commit(), "commit");
    ++commits;
    durable_ = moments_.size() - 1;
}

// Each sector as it was at some moment from `from` to `to`.
std::string Workload::check_data(const Entry& entry, const std::string& bytes, u64 from,
                                 u64 to) const {
    const std::vector<Version>& versions = versions_.at(entry.id);
    for (u64 at = 0; at < bytes.size(); at += sector) {
        const u64 length = std::min<u64>(sector, bytes.size() - at);
        bool is_allowed = false;
        for (usize i = 0; i < versions.size() && !is_allowed; ++i) {
            const bool was_over = i + 1 < versions.size() && versions[i + 1].moment <= from;
            if (was_over || versions[i].moment > to + 1)
                continue;
            // Behind the end of a version are zeroes.
            std::string expected =
                at < versions[i].bytes.size() ? versions[i].bytes.substr(at, length) : "";
            expected.resize(length);
            is_allowed = bytes.compare(at, length, expected) == 0;
        }
        if (!is_allowed)
            return "data at byte " + std::to_string(at) + " is of no allowed moment";
    }
    return "";
}

std::string Workload::check(TestVolume& volume, usize at) const {
    const u64 mark = at < record_.events.size() ? record_.events[at].mark : record_.mark;
    const u64 from = durable_of(mark), to = std::min<u64>(moment_of(mark), moments_.size() - 1);
    Tree tree;
    std::map<std::string, std::string> bytes;
    if (const Result<> read = read_tree(volume, root_inode, "", tree, bytes); !read)
        return "cannot be read: " + std::string(base::errno_name(read.error()));
    std::string wrong =
        "the tree is of no moment from " + std::to_string(from) + " to " + std::to_string(to);
    for (u64 moment = from; moment <= to; ++moment) {
        Tree expected = moments_[moment];
        const auto ids = expected;
        for (auto& [path, entry] : expected)
            entry.id = 0;
        if (tree != expected)
            continue;
        wrong = "";
        for (const auto& [path, entry] : ids)
            if (entry.id != 0 && wrong.empty())
                if (wrong = check_data(entry, bytes[path], from, to); !wrong.empty())
                    wrong = path + ": " + wrong;
        if (wrong.empty())
            return "";
    }
    return wrong;
}

} // namespace power_cuts
