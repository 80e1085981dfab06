// SPDX-License-Identifier: BSD-2-Clause
#include "arch/x86_64/hot_plug_buses.h"

#include <string_view>

#include "base/memory_functions.h"

namespace arch {
namespace {

constexpr u8 name_op = 0x08, byte_prefix = 0x0a, word_prefix = 0x0b, dword_prefix = 0x0c;
constexpr usize name_bytes = 4;

struct Number {
    u32 value = 0;
    bool found = false;
};

// A constant (20.2.3): Zero, One, or a prefix and its bytes.
Number read_number(std::span<const u8> code, usize at) {
    if (at >= code.size())
        return {};
    const u8 kind = code[at];
    if (kind <= 1)
        return {kind, true};
    const usize bytes = kind == byte_prefix    ? 1
                        : kind == word_prefix  ? 2
                        : kind == dword_prefix ? 4
                                               : 0;
    if (bytes == 0 || at + 1 + bytes > code.size())
        return {};
    u32 value = 0;
    memcpy(&value, code.data() + at + 1, bytes);
    return {value, true};
}

// A declaration `Name (NAME, number)` at `at`.
Number read_declaration(std::span<const u8> code, usize at, std::string_view name) {
    if (at + 1 + name_bytes > code.size() || code[at] != name_op ||
        memcmp(code.data() + at + 1, name.data(), name_bytes) != 0)
        return {};
    return read_number(code, at + 1 + name_bytes);
}

struct Function {
    usize end = 0; // of its package
    u8 place = 0;  // device << 3 | function
};

// DeviceOp, package length (20.2.4), name, and at once its _ADR: device << 16 | function.
Function read_device(std::span<const u8> code, usize at) {
    if (at + 3 > code.size() || code[at] != 0x5b || code[at + 1] != 0x82)
        return {};
    const usize start = at + 2;
    const usize more = code[start] >> 6;
    if (start + 1 + more > code.size())
        return {};
    usize length = more ? code[start] & 15u : code[start] & 63u;
    for (usize i = 0; i < more; ++i)
        length |= usize{code[start + 1 + i]} << (4 + 8 * i);
    const Number address = read_declaration(code, start + 1 + more + name_bytes, "_ADR");
    if (!address.found || (address.value >> 16) > 31 || (address.value & 0xffff) > 7)
        return {};
    return {start + length, static_cast<u8>(address.value >> 16 << 3 | (address.value & 7))};
}

// The devices around `offset`, from the outermost in; false when there are too many.
bool read_path(std::span<const u8> code, usize offset, HotPlugBus& bus) {
    bus.depth = 0;
    for (usize at = 0; at < offset; ++at) {
        const Function device = read_device(code, at);
        if (device.end <= offset)
            continue;
        if (bus.depth == std::size(bus.path))
            return false;
        bus.path[bus.depth++] = device.place;
    }
    return true;
}

} // namespace

usize find_hot_plug_buses(std::span<const u8> code, std::span<HotPlugBus> into) {
    usize count = 0;
    for (usize at = 0; at < code.size() && count < into.size(); ++at) {
        const Number selector = read_declaration(code, at, "BSEL");
        if (!selector.found)
            continue;
        HotPlugBus bus{};
        bus.selector = selector.value;
        if (read_path(code, at, bus))
            into[count++] = bus;
    }
    return count;
}

} // namespace arch
