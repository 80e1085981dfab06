// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/mount_options.h"

namespace linux {

bool next_mount_option(std::string_view& rest, MountOption& option) {
    while (!rest.empty()) {
        const usize comma = rest.find(',');
        const std::string_view one = rest.substr(0, comma);
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        if (one.empty())
            continue;
        const usize equals = one.find('=');
        option.key = one.substr(0, equals);
        option.value =
            equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1);
        return true;
    }
    return false;
}

Result<u64> parse_number(std::string_view text, u32 base) {
    u64 value = 0;
    if (text.empty())
        return Failure(Errno::inval);
    for (const char c : text) {
        const u32 digit = static_cast<u32>(c - '0');
        if (c < '0' || digit >= base || value > (~u64{0} - digit) / base)
            return Failure(Errno::inval);
        value = value * base + digit;
    }
    return value;
}

Result<u64> parse_size(std::string_view text, u64 whole) {
    if (text.empty())
        return Failure(Errno::inval);
    u32 shift = 0;
    const char last = text.back();
    if (last == '%') {
        const u64 percent = TRY(parse_number(text.substr(0, text.size() - 1)));
        return whole / 100 * percent;
    }
    switch (last | 0x20) {
    case 'k': shift = 10; break;
    case 'm': shift = 20; break;
    case 'g': shift = 30; break;
    case 't': shift = 40; break;
    default: break;
    }
    const u64 value = TRY(parse_number(shift ? text.substr(0, text.size() - 1) : text));
    if (value > ~u64{0} >> shift)
        return Failure(Errno::inval);
    return value << shift;
}

} // namespace linux
