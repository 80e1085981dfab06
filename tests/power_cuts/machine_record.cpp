// SPDX-License-Identifier: BSD-2-Clause
#include "tests/power_cuts/machine_record.h"

#include <cstring>
#include <map>

#include "tests/power_cuts/operations.h"

namespace power_cuts {

using namespace ext4_test;

namespace {

// The format of dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst).
struct LogSuper {
    u64 magic;
    u64 version;
    u64 entries;
    u32 sector_size;
};
constexpr u64 log_magic = 0x6a736677736872;
struct LogEntry {
    u64 sector;
    u64 sectors;
    u64 flags;
    u64 data_length;
};
constexpr u64 flag_flush = 1, flag_through = 2, flag_discard = 4;

using Files = std::map<std::string, std::string>;
using Makers = std::map<std::string, u64>; // which operation made the file of that name

Makers after(u64 number) {
    Makers files;
    for (u64 i = 1; i <= number; ++i) {
        const power_cut_operation one = power_cut_operation_at(i);
        char path[16], other[16];
        power_cut_path(path, one.name);
        power_cut_path(other, one.other);
        if (one.kind == power_cut_replace) {
            files[path] = i;
        } else if (one.kind == power_cut_unlink) {
            files.erase(path);
        } else if (files.contains(path) && one.name != one.other) {
            files[other] = files[path];
            files.erase(path);
        }
    }
    return files;
}

bool is_what_was_made(const Files& files, const Makers& makers) {
    if (files.size() != makers.size())
        return false;
    for (const auto& [path, bytes] : files) {
        const auto maker = makers.find(path);
        if (maker == makers.end())
            return false;
        std::string expected(power_cut_operation_at(maker->second).size, 0);
        power_cut_fill(expected.data(), static_cast<u32>(expected.size()), maker->second);
        if (bytes != expected)
            return false;
    }
    return true;
}

// What is found, without the files on their way to a name.
Result<Files> found_on(TestVolume& volume) {
    Files files;
    for (const DirectoryItem& folder : TRY(volume.list(root_inode))) {
        if (folder.name[0] != 'd')
            continue;
        for (const DirectoryItem& item : TRY(volume.list(folder.inode)))
            if (item.name[0] == 'f')
                files[folder.name + "/" + item.name] = TRY(volume.read_all(item.inode));
    }
    return files;
}

} // namespace

MachineRecord::MachineRecord(const std::string& base, const std::string& log) {
    record_.before = ImageSource::load(base);
    record_.before.resize(POWER_CUT_VOLUME);
    const std::vector<u8> bytes = ImageSource::load(log);
    LogSuper super{};
    if (bytes.size() < sector)
        return;
    std::memcpy(&super, bytes.data(), sizeof(super));
    if (super.magic != log_magic || super.sector_size != sector)
        return;
    u64 at = sector;
    for (u64 i = 0; i < super.entries && at + sector <= bytes.size(); ++i) {
        LogEntry entry;
        std::memcpy(&entry, bytes.data() + at, sizeof(entry));
        at += sector;
        const u64 length = entry.flags & flag_discard ? 0 : entry.sectors * sector;
        if (length > bytes.size() - at)
            return;
        const u8* data = bytes.data() + at;
        at += length;
        if (entry.flags & flag_flush)
            record_.events.push_back({Event::Kind::flush, 0, {}, record_.mark});
        if (entry.sector * sector >= POWER_CUT_VOLUME) {
            power_cut_record told;
            if (length < sizeof(told))
                continue;
            std::memcpy(&told, data, sizeof(told));
            record_.mark = told.durable << 32 | told.begun;
            operations_ = told.begun;
        } else if (length != 0) {
            const bool through = entry.flags & flag_through;
            record_.events.push_back({through ? Event::Kind::write_through : Event::Kind::write,
                                      entry.sector * sector, std::vector<u8>(data, data + length),
                                      record_.mark});
        }
    }
}

std::string MachineRecord::check(TestVolume& volume, usize at) const {
    const u64 mark = at < record_.events.size() ? record_.events[at].mark : record_.mark;
    const u64 from = mark >> 32, to = mark & 0xffff'ffff;
    const Result<Files> found = found_on(volume);
    if (!found)
        return "cannot be read: " + std::string(base::errno_name(found.error()));
    for (u64 number = from; number <= to; ++number)
        if (is_what_was_made(*found, after(number)))
            return "";
    return "the files are of no moment from operation " + std::to_string(from) + " to " +
           std::to_string(to);
}

} // namespace power_cuts
