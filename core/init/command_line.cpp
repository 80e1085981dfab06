// SPDX-License-Identifier: BSD-2-Clause
#include "core/init/command_line.h"

#include "core/init/start.h"

namespace core {
namespace {

// Takes the next word off `line`; empty at the end. Quotes stay part of the word.
std::string_view next_word(std::string_view& line) {
    while (!line.empty() && line.front() == ' ')
        line.remove_prefix(1);
    usize end = 0;
    bool quoted = false;
    while (end < line.size() && (quoted || line[end] != ' ')) {
        if (line[end] == '"')
            quoted = !quoted;
        ++end;
    }
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

std::string_view unquoted(std::string_view value) {
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        return value.substr(1, value.size() - 2);
    return value;
}

} // namespace

std::string_view command_line() { return boot_info().command_line; }

std::optional<std::string_view> boot_option(std::string_view name) {
    return find_option(command_line(), name);
}

std::optional<std::string_view> find_option(std::string_view line, std::string_view name) {
    std::optional<std::string_view> found;
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
        if (word == "--")
            break;
        if (word == name)
            found = std::string_view();
        else if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=')
            found = unquoted(word.substr(name.size() + 1));
    }
    return found;
}

bool has_boot_option(std::string_view name) { return boot_option(name).has_value(); }

u64 boot_option_number(std::string_view name, u64 otherwise) {
    const auto text = boot_option(name);
    return text ? parse_number(*text).value_or(otherwise) : otherwise;
}

std::optional<u64> parse_number(std::string_view text) {
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal)
        text.remove_prefix(2);
    if (text.empty())
        return {};
    const u64 radix = hexadecimal ? 16 : 10;
    u64 value = 0;
    for (char c : text) {
        const u64 digit = c >= '0' && c <= '9'                  ? static_cast<u64>(c - '0')
                          : hexadecimal && c >= 'a' && c <= 'f' ? static_cast<u64>(c - 'a' + 10)
                                                                : 99;
        if (digit == 99 || value > (~u64{0} - digit) / radix)
            return {};
        value = value * radix + digit;
    }
    return value;
}

void for_each_boot_word(void (*visit)(std::string_view word, bool after_dashes, void* argument),
                        void* argument) {
    std::string_view line = command_line();
    bool after = false;
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
        if (word == "--" && !after)
            after = true;
        else
            visit(word, after, argument);
    }
}

} // namespace core
