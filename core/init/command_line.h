// SPDX-License-Identifier: BSD-2-Clause
// The kernel's command line: words separated by spaces, "name" or "name=value"; quotes keep spaces.
// What stands after "--" is for init.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/types.h"

namespace core {

std::string_view command_line();
// The value of the last "name=value" (empty for a bare "name"); nothing if the word is absent.
std::optional<std::string_view> boot_option(std::string_view name);
bool has_boot_option(std::string_view name);
// The same as a number (decimal, 0x…); `otherwise` if absent or malformed.
u64 boot_option_number(std::string_view name, u64 otherwise);
// The two above for any line and any text. A number beyond 64 bits is malformed.
std::optional<std::string_view> find_option(std::string_view line, std::string_view name);
std::optional<u64> parse_number(std::string_view text);
// Calls visit(word, argument) for each word before "--", then (after_dashes true) for each after
// it.
void for_each_boot_word(void (*visit)(std::string_view word, bool after_dashes, void* argument),
                        void* argument);

} // namespace core
