// SPDX-License-Identifier: BSD-2-Clause
#include "base/format.h"

namespace base {
namespace {

struct Field {
    bool alternate = false;
    bool left = false;
    char fill = ' ';
    char type = 0;
    usize width = 0;
};

// Parses what stands between ':' and '}'.
Field parse_field(std::string_view spec) {
    Field field;
    usize at = 0;
    if (at < spec.size() && (spec[at] == '<' || spec[at] == '>'))
        field.left = spec[at++] == '<';
    if (at < spec.size() && spec[at] == '#') {
        field.alternate = true;
        ++at;
    }
    if (at < spec.size() && spec[at] == '0') {
        field.fill = '0';
        ++at;
    }
    for (; at < spec.size() && spec[at] >= '0' && spec[at] <= '9'; ++at)
        field.width = field.width * 10 + static_cast<usize>(spec[at] - '0');
    if (at < spec.size())
        field.type = spec[at];
    return field;
}

void pad(FormatSink& sink, char fill, usize count) {
    for (usize i = 0; i < count; ++i)
        sink.write({&fill, 1});
}

void write_padded(FormatSink& sink, const Field& field, std::string_view text) {
    const usize missing = field.width > text.size() ? field.width - text.size() : 0;
    if (!field.left)
        pad(sink, ' ', missing);
    sink.write(text);
    if (field.left)
        pad(sink, ' ', missing);
}

void write_integer(FormatSink& sink, const Field& field, u64 magnitude, bool negative) {
    char digits[66];
    usize at = sizeof digits;
    const bool hexadecimal = field.type == 'x' || field.type == 'X';
    const char ten = field.type == 'X' ? 'A' : 'a';
    const u64 radix = hexadecimal ? 16 : field.type == 'o' ? 8 : field.type == 'b' ? 2 : 10;
    do {
        const u64 digit = magnitude % radix;
        digits[--at] = static_cast<char>(digit < 10 ? '0' + digit : ten + digit - 10);
        magnitude /= radix;
    } while (magnitude != 0);
    const std::string_view text(digits + at, sizeof digits - at);
    const std::string_view prefix = negative                           ? "-"
                                    : field.alternate && (radix == 16) ? "0x"
                                    : field.alternate && (radix == 8)  ? "0"
                                                                       : "";
    const usize length = prefix.size() + text.size();
    const usize missing = field.width > length ? field.width - length : 0;
    if (!field.left && field.fill == ' ')
        pad(sink, ' ', missing);
    sink.write(prefix);
    if (!field.left && field.fill == '0')
        pad(sink, '0', missing);
    sink.write(text);
    if (field.left)
        pad(sink, ' ', missing);
}

void write_argument(FormatSink& sink, Field field, const FormatArgument& argument) {
    using Kind = FormatArgument::Kind;
    switch (argument.kind) {
    case Kind::signed_integer: {
        const i64 value = static_cast<i64>(argument.bits);
        const bool negative = value < 0 && field.type != 'x' && field.type != 'X';
        write_integer(sink, field, negative ? 0 - argument.bits : argument.bits, negative);
        break;
    }
    case Kind::unsigned_integer:
        if (field.type == 'c') {
            const char c = static_cast<char>(argument.bits);
            write_padded(sink, field, {&c, 1});
        } else {
            write_integer(sink, field, argument.bits, false);
        }
        break;
    case Kind::character: {
        const char c = static_cast<char>(argument.bits);
        write_padded(sink, field, {&c, 1});
        break;
    }
    case Kind::boolean: write_padded(sink, field, argument.bits ? "true" : "false"); break;
    case Kind::text:
        write_padded(sink, field, {reinterpret_cast<const char*>(argument.bits), argument.length});
        break;
    case Kind::pointer:
        field.type = 'x';
        field.alternate = true;
        write_integer(sink, field, argument.bits, false);
        break;
    }
}

} // namespace

void format_arguments(FormatSink& sink, std::string_view pattern,
                      std::span<const FormatArgument> arguments) {
    usize next = 0;
    usize at = 0;
    while (at < pattern.size()) {
        const usize brace = pattern.find_first_of("{}", at);
        if (brace == std::string_view::npos) {
            sink.write(pattern.substr(at));
            return;
        }
        sink.write(pattern.substr(at, brace - at));
        if (brace + 1 < pattern.size() && pattern[brace + 1] == pattern[brace]) {
            sink.write(pattern.substr(brace, 1)); // a doubled brace stands for itself
            at = brace + 2;
            continue;
        }
        const usize close = pattern.find('}', brace);
        if (close == std::string_view::npos)
            return;
        std::string_view spec = pattern.substr(brace + 1, close - brace - 1);
        if (!spec.empty() && spec[0] == ':')
            spec.remove_prefix(1);
        if (next < arguments.size())
            write_argument(sink, parse_field(spec), arguments[next++]);
        else
            sink.write("{?}");
        at = close + 1;
    }
}

} // namespace base
