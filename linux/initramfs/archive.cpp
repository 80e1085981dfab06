// SPDX-License-Identifier: BSD-2-Clause
#include "linux/initramfs/archive.h"

namespace linux {
namespace {

constexpr usize header_size = 110; // magic and 13 fields of 8 hexadecimal digits
constexpr usize longest_name = 4096;

enum Field {
    number,
    mode,
    user,
    group,
    links,
    modified,
    size,
    major,
    minor,
    device_major,
    device_minor,
    name_size,
    checksum
};

bool is_magic(std::span<const u8> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), 6);
    return text == "070701" || text == "070702";
}

// Field `index` of a header; false for a character that is no digit.
bool read_field(std::span<const u8> header, Field index, u32& value) {
    value = 0;
    for (usize i = 0; i < 8; ++i) {
        const u8 c = header[6 + index * 8 + i];
        const u32 digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : 16;
        if (digit == 16)
            return false;
        value = value << 4 | digit;
    }
    return true;
}

usize padded(usize length) { return (length + 3) & ~usize{3}; }

} // namespace

Result<bool> ArchiveReader::next(ArchiveEntry& entry) {
    while (!rest_.empty() && rest_[0] == 0)
        rest_ = rest_.subspan(1);
    if (rest_.size() < header_size || !is_magic(rest_))
        return false;
    u32 fields[13];
    for (unsigned i = 0; i < 13; ++i) {
        if (!read_field(rest_, static_cast<Field>(i), fields[i]))
            return Failure(Errno::badmsg);
    }
    const usize name_length = fields[name_size];
    if (name_length == 0 || name_length > longest_name)
        return Failure(Errno::badmsg);
    const usize content_at = padded(header_size + name_length);
    const usize end = content_at + fields[size];
    if (content_at > rest_.size() || end > rest_.size())
        return Failure(Errno::badmsg);
    std::string_view name(reinterpret_cast<const char*>(rest_.data()) + header_size,
                          name_length - 1);
    const std::span<const u8> content = rest_.subspan(content_at, fields[size]);
    rest_ = rest_.subspan(padded(end) < rest_.size() ? padded(end) : rest_.size());
    if (name == "TRAILER!!!")
        return false;
    while (name.starts_with("/") || name.starts_with("./"))
        name.remove_prefix(name.front() == '/' ? 1 : 2);
    entry = {.name = name == "." ? std::string_view() : name,
             .mode = fields[mode],
             .user = fields[user],
             .group = fields[group],
             .links = fields[links],
             .number = fields[number],
             .device_major = fields[device_major],
             .device_minor = fields[device_minor],
             .modified = fields[modified],
             .content = content};
    return true;
}

} // namespace linux
