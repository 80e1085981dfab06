// SPDX-License-Identifier: BSD-2-Clause
#include "user/pithctl/facts.h"

#include "base/memory_functions.h"

namespace pithctl {

using runtime::Call;
using runtime::File;

namespace {

using PathText = base::Text<160>;

// A NUL at the end, as the kernel wants it.
PathText path_of(std::string_view folder, std::string_view name, std::string_view file) {
    return PathText("{}/{}/{}{}", folder, name, file, '\0');
}

// linux_dirent64 (getdents64(2)).
struct DirectoryRecord {
    u64 inode;
    u64 next;
    u16 length;
    u8 type;
    char name[5];
};
constexpr usize name_offset = 19;

} // namespace

Result<Fact> Fact::read(std::string_view folder, std::string_view name, std::string_view file) {
    const PathText path = path_of(folder, name, file);
    const File opened = TRY(File::open(path.view().data(), File::Mode::read));
    Fact fact;
    fact.length_ = TRY(opened.read(fact.text_));
    while (fact.length_ > 0 && fact.text_[fact.length_ - 1] == '\n')
        --fact.length_;
    return fact;
}

std::string_view Fact::word(std::string_view name) const {
    std::string_view rest = text();
    while (!rest.empty()) {
        const usize end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
        if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ')
            return line.substr(name.size() + 1);
    }
    return {};
}

u64 Fact::number(std::string_view name) const {
    u64 value = 0;
    for (const char c : word(name)) {
        if (c < '0' || c > '9')
            return 0;
        value = value * 10 + static_cast<u64>(c - '0');
    }
    return value;
}

Result<> write_fact(std::string_view name, std::string_view file, std::string_view text) {
    const PathText path = path_of(instances, name, file);
    const File opened = TRY(File::open(path.view().data(), File::Mode::write));
    return opened.write(text);
}

Result<> Names::read(std::string_view folder) {
    const base::Text<64> path("{}{}", folder, '\0');
    const File opened = TRY(File::open(path.view().data(), File::Mode::read));
    alignas(8) char buffer[2048];
    while (true) {
        const u64 filled = TRY(runtime::checked(runtime::raw_call(
            Call::getdents64, opened.number(), runtime::address_of(buffer), sizeof buffer)));
        if (filled == 0)
            return {};
        for (u64 at = 0; at < filled;) {
            const auto& record = *reinterpret_cast<const DirectoryRecord*>(buffer + at);
            const std::string_view name(buffer + at + name_offset);
            at += record.length;
            if (name == "." || name == ".." || name.size() > sizeof names_[0].bytes ||
                count_ == capacity)
                continue;
            Stored& stored = names_[count_++];
            stored.length = static_cast<u8>(name.copy(stored.bytes, sizeof stored.bytes));
        }
    }
}

} // namespace pithctl
