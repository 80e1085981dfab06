// SPDX-License-Identifier: BSD-2-Clause
// Scripts: "#!interpreter argument" on the first line, at most 255 bytes of it.
#include "linux/exec/loader.h"

namespace linux {

namespace {

constexpr std::string_view blanks = " \t";

std::string_view trim_front(std::string_view text) {
    const usize at = text.find_first_not_of(blanks);
    return at == text.npos ? std::string_view() : text.substr(at);
}
std::string_view trim_back(std::string_view text) {
    const usize at = text.find_last_not_of(blanks);
    return at == text.npos ? std::string_view() : text.substr(0, at + 1);
}

} // namespace

Result<> read_script_line(OpenFile& file, ScriptLine& line) {
    IoCursor cursor(std::span<u8>(reinterpret_cast<u8*>(line.buffer), sizeof(line.buffer) - 1));
    usize got = 0;
    while (!cursor.empty()) {
        const usize part = TRY(file.read(cursor, got, IoFlags{}));
        if (part == 0)
            break;
        got += part;
    }
    std::string_view text(line.buffer, got);
    if (!text.starts_with("#!"))
        return Failure(Errno::noexec);
    text.remove_prefix(2);
    const usize end = text.find_first_of(std::string_view("\n\0", 2));
    const bool cut = end == text.npos && got == sizeof(line.buffer) - 1;
    text = trim_front(trim_back(text.substr(0, end)));
    const usize name_end = text.find_first_of(blanks);
    if (text.empty() || (cut && name_end == text.npos)) // the name itself may be cut off
        return Failure(Errno::noexec);
    line.interpreter = text.substr(0, name_end);
    line.argument = name_end == text.npos ? std::string_view() : trim_front(text.substr(name_end));
    return {};
}

} // namespace linux
