// SPDX-License-Identifier: BSD-2-Clause
// ELF64 relocatable objects, as far as components use them (System V ABI, chapter 4; x86-64 psABI
// 4.4).
#pragma once

#include "base/types.h"

namespace core::elf {

struct Header {
    u8 ident[16];
    u16 type, machine;
    u32 version;
    u64 entry, program_offset, section_offset;
    u32 flags;
    u16 header_size, program_entry_size, program_count;
    u16 section_entry_size, section_count, name_section;
};
static_assert(sizeof(Header) == 64);

struct Section {
    u32 name, type;
    u64 flags, address, offset, size;
    u32 link, info;
    u64 alignment, entry_size;
};
static_assert(sizeof(Section) == 64);

struct Symbol {
    u32 name;
    u8 info, other;
    u16 section;
    u64 value, size;
};
static_assert(sizeof(Symbol) == 24);

struct Relocation {
    u64 offset, info;
    i64 addend;
    u32 type() const { return static_cast<u32>(info); }
    u32 symbol() const { return static_cast<u32>(info >> 32); }
};
static_assert(sizeof(Relocation) == 24);

inline constexpr u16 type_relocatable = 1;
inline constexpr u16 machine_x86_64 = 62;
inline constexpr u32 section_program = 1, section_symbols = 2, section_relocations = 4,
                     section_zeroed = 8;
inline constexpr u64 flag_write = 1, flag_allocate = 2, flag_execute = 4, flag_tls = 0x400;
inline constexpr u16 index_undefined = 0, index_absolute = 0xfff1, index_common = 0xfff2;
inline constexpr u32 relocation_64 = 1, relocation_pc32 = 2, relocation_plt32 = 4,
                     relocation_pc64 = 24;

} // namespace core::elf
