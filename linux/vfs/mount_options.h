// SPDX-License-Identifier: BSD-2-Clause
// The comma-separated options of mount(2). Any context.
#pragma once

#include <string_view>

#include "base/result.h"

namespace linux {

struct MountOption {
    std::string_view key;
    std::string_view value; // empty without '='
};
// Takes the next option off the front; false at the end. Empty ones are skipped.
bool next_mount_option(std::string_view& rest, MountOption& option);
// A number in base 8 or 10. Errors: inval.
Result<u64> parse_number(std::string_view text, u32 base = 10);
// A size: digits with k, m, g, t, or a percentage of `whole`. Errors: inval.
Result<u64> parse_size(std::string_view text, u64 whole);

} // namespace linux
