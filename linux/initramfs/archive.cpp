// SPDX-License-Identifier: BSD-2-Clause
#include "linux/initramfs/archive.h"

#include "abi/linux/types.h"
#include "base/bits.h"
#include "base/memory_functions.h"

namespace linux {
namespace {

// 8 hexadecimal digits; false for a character that is none.
bool read_field(const u8* digits, u32& value) {
    value = 0;
    for (usize i = 0; i < 8; ++i) {
        const u8 c = digits[i];
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

usize padding_behind(usize length) { return -length & 3; }

std::string_view text_of(const u8* bytes, usize length) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), length);
    return text.substr(0, text.find('\0'));
}

} // namespace

// Copies towards the stage's bytes; true once they are all there.
bool ArchiveParser::collect(std::span<const u8>& bytes, u8* into) {
    const usize count = base::minimum(wanted_ - have_, bytes.size());
    if (count > 0)
        memcpy(into + have_, bytes.data(), count);
    bytes = bytes.subspan(count);
    have_ += count;
    return have_ == wanted_;
}

// Steps over the stage's bytes.
bool ArchiveParser::pass(std::span<const u8>& bytes) {
    const usize count = base::minimum(wanted_ - have_, bytes.size());
    bytes = bytes.subspan(count);
    have_ += count;
    return have_ == wanted_;
}

Result<usize> ArchiveParser::parse(std::span<const u8> bytes) {
    std::span<const u8> rest = bytes;
    while (!rest.empty() && TRY(step(rest))) {
    }
    return bytes.size() - rest.size();
}

// One stage, as far as the bytes go; false where something else begins.
Result<bool> ArchiveParser::step(std::span<const u8>& bytes) {
    switch (stage_) {
    case Stage::start:
        while (!bytes.empty() && bytes[0] == 0)
            bytes = bytes.subspan(1);
        if (bytes.empty())
            return true;
        if (bytes[0] != '0')
            return false;
        expect(Stage::header, header_size);
        return true;
    case Stage::padding:
        if (pass(bytes))
            stage_ = Stage::start;
        return true;
    case Stage::header:
        if (collect(bytes, header_))
            TRY(take_header());
        return true;
    case Stage::name:
        if (collect(bytes, name_))
            expect(Stage::name_padding, padding_behind(header_size + fields_[name_size]));
        else
            return true;
        [[fallthrough]]; // there may be no padding
    case Stage::name_padding:
        if (pass(bytes))
            TRY(take_name());
        return true;
    case Stage::target:
        if (collect(bytes, target_)) {
            entry_.target = text_of(target_, wanted_);
            TRY(consumer_.begin(entry_));
            TRY(end_entry());
        }
        return true;
    case Stage::content: TRY(take_content(bytes)); return true;
    }
    return false;
}

Result<> ArchiveParser::take_header() {
    const std::string_view magic = text_of(header_, 6);
    if (magic == "070707")
        return fail("an archive of the old format: make it with cpio -H newc");
    if (magic != "070701" && magic != "070702")
        return fail("damaged: a header was expected");
    has_sum_ = magic == "070702";
    sum_ = 0;
    for (usize i = 0; i < sizeof fields_ / sizeof fields_[0]; ++i) {
        if (!read_field(header_ + 6 + i * 8, fields_[i]))
            return fail("a damaged header");
    }
    if (fields_[name_size] == 0 || fields_[name_size] > longest_text)
        return fail("a name of an impossible length");
    expect(Stage::name, fields_[name_size]);
    return {};
}

Result<> ArchiveParser::take_name() {
    if (name_[fields_[name_size] - 1] != 0)
        return fail("a name without an end");
    std::string_view name = text_of(name_, fields_[name_size]);
    if (name == "TRAILER!!!") {
        consumer_.end_archive();
        expect(Stage::padding, fields_[size] + padding_behind(fields_[size]));
        return {};
    }
    while (name.starts_with("/") || name.starts_with("./"))
        name.remove_prefix(name.front() == '/' ? 1 : 2);
    entry_ = {.name = name == "." ? std::string_view() : name,
              .target = {},
              .mode = fields_[mode],
              .user = fields_[user],
              .group = fields_[group],
              .links = fields_[links],
              .number = fields_[number],
              .volume_major = fields_[volume_major],
              .volume_minor = fields_[volume_minor],
              .device_major = fields_[device_major],
              .device_minor = fields_[device_minor],
              .modified = fields_[modified],
              .size = fields_[size]};
    if ((entry_.mode & file_mode::type_mask) == file_mode::symlink) {
        if (fields_[size] == 0 || fields_[size] > longest_text)
            return fail("a link's target of an impossible length");
        expect(Stage::target, fields_[size]);
        return {};
    }
    TRY(consumer_.begin(entry_));
    expect(Stage::content, fields_[size]);
    return fields_[size] == 0 ? end_entry() : Result<>();
}

Result<> ArchiveParser::take_content(std::span<const u8>& bytes) {
    const auto piece = bytes.first(base::minimum(wanted_ - have_, bytes.size()));
    if (has_sum_) {
        for (u8 byte : piece)
            sum_ += byte;
    }
    TRY(consumer_.content(piece));
    bytes = bytes.subspan(piece.size());
    have_ += piece.size();
    return have_ == wanted_ ? end_entry() : Result<>();
}

Result<> ArchiveParser::end_entry() {
    const bool has_content = (fields_[mode] & file_mode::type_mask) == file_mode::regular;
    if (has_sum_ && has_content && sum_ != fields_[checksum])
        return fail("a file's checksum does not match");
    TRY(consumer_.end());
    expect(Stage::padding, padding_behind(fields_[size]));
    return {};
}

} // namespace linux
