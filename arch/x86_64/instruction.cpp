// SPDX-License-Identifier: BSD-2-Clause
// SDM volume 2: 2.1 (formats), 2.2.1 (REX), A.3 (opcode maps).
#include "arch/x86_64/instruction.h"

namespace arch {
namespace {

enum : u8 {
    bad = 0,
    plain = 1,
    modrm = 2,
    byte = 4,   // an immediate of 1 byte
    word = 8,   // of 4, of 2 with the operand-size prefix
    test = 16,  // of its operand's size if the ModRM register field is 0 or 1
    value = 32, // of 4, of 8 with REX.W
};

// One-byte opcodes; the rows of arithmetic below 0x40 are alike.
u8 shape_of_one(u32 op) {
    constexpr u8 arithmetic[8] = {modrm, modrm, modrm, modrm, byte, word, bad, bad};
    if (op < 0x40)
        return arithmetic[op & 7];
    if (op < 0x50)
        return bad; // REX, seen before
    if (op < 0x60)
        return plain;
    switch (op) {
    case 0x63: return modrm;
    case 0x68: return word;
    case 0x69: return modrm | word;
    case 0x6a: return byte;
    case 0x6b: return modrm | byte;
    case 0x80:
    case 0x83: return modrm | byte;
    case 0x81: return modrm | word;
    case 0x82:
    case 0x9a: return bad;
    case 0xa8: return byte;
    case 0xa9: return word;
    case 0xc0:
    case 0xc1: return modrm | byte;
    case 0xc3:
    case 0xc9:
    case 0xcc: return plain;
    case 0xc6: return modrm | byte;
    case 0xc7: return modrm | word;
    case 0xe8:
    case 0xe9: return word;
    case 0xeb: return byte;
    case 0xf6: return modrm | test | byte;
    case 0xf7: return modrm | test | word;
    case 0xfe:
    case 0xff: return modrm;
    default: break;
    }
    if (op >= 0x70 && op < 0x80)
        return byte;
    if (op >= 0x84 && op < 0x90)
        return modrm;
    if (op >= 0x90 && op < 0xa0)
        return plain;
    if (op >= 0xa4 && op < 0xb0)
        return plain; // string operations
    if (op >= 0xb0 && op < 0xb8)
        return byte;
    if (op >= 0xb8 && op < 0xc0)
        return value;
    if (op >= 0xd0 && op < 0xd4)
        return modrm;
    if (op >= 0xf8 && op < 0xfe)
        return plain;
    return bad;
}

u8 shape_of_two(u32 op) {
    switch (op) {
    case 0x05:
    case 0x0b:
    case 0x31:
    case 0xa2: return plain;
    case 0xa4:
    case 0xac:
    case 0xba: return modrm | byte;
    default: break;
    }
    if (op >= 0xc8 && op < 0xd0)
        return plain; // bswap
    if (op >= 0x80 && op < 0x90)
        return word;
    const bool known = op == 0x18 || op == 0x1e || op == 0x1f || (op >= 0x40 && op < 0x50) ||
                       (op >= 0x90 && op < 0xa0) || (op >= 0xa3 && op < 0xc8);
    return known ? modrm : bad;
}

bool is_prefix(u8 byte_value) {
    switch (byte_value) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3: return true;
    default: return false;
    }
}

// What follows a ModRM byte to name memory: SIB and displacement (tables 2-2 and 2-3).
u32 address_bytes(u8 mod_and_operand, u8 scale_byte) {
    const u32 mod = mod_and_operand >> 6, operand = mod_and_operand & 7;
    if (mod == 3)
        return 0;
    const bool scaled = operand == 4;
    const bool without_base = mod == 0 && (scaled ? scale_byte & 7 : operand) == 5;
    return scaled + (mod == 1 ? 1 : mod == 2 || without_base ? 4 : 0);
}

} // namespace

std::optional<Instruction> decode_instruction(std::span<const u8> bytes) {
    constexpr usize longest = 15;
    u8 copy[longest + 9] = {}; // reads past the end find zeros
    const usize have = bytes.size() < longest ? bytes.size() : longest;
    for (usize i = 0; i < have; ++i)
        copy[i] = bytes[i];
    u32 at = 0;
    bool short_operand = false;
    for (; at < 8 && is_prefix(copy[at]); ++at)
        short_operand |= copy[at] == 0x66;
    const bool wide = (copy[at] & 0xf8) == 0x48;
    if ((copy[at] & 0xf0) == 0x40)
        ++at;
    Instruction is;
    is.opcode = copy[at];
    u8 shape = shape_of_one(is.opcode);
    if (is.opcode == 0x0f) {
        ++at;
        is.opcode = 0x0f00 | copy[at];
        shape = shape_of_two(copy[at]);
    }
    is.opcode_at = at++;
    if (shape == bad)
        return {};
    if (shape & modrm) {
        is.modrm_at = at;
        if ((shape & test) && (copy[at] & 0x38) > 0x08)
            shape = modrm;
        at += 1 + address_bytes(copy[at], copy[at + 1]);
    }
    at += shape & byte ? 1 : 0;
    at += shape & word ? (short_operand ? 2 : 4) : 0;
    at += shape & value ? (wide ? 8 : short_operand ? 2 : 4) : 0;
    if (at > have)
        return {};
    is.length = at;
    return is;
}

} // namespace arch
