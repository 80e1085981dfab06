// SPDX-License-Identifier: BSD-2-Clause
// ELF64 structures the loader reads (ELF gABI, chapters 4 and 5).
#pragma once

#include "base/types.h"

namespace boot::elf {

inline constexpr u32 magic = 0x464c'457f;
inline constexpr u32 segment_load = 1, segment_dynamic = 2;
inline constexpr u32 flag_execute = 1, flag_write = 2;

struct Header {
    u32 magic;
    u8 identification[12];
    u16 type, machine;
    u32 version;
    u64 entry, program_offset, section_offset;
    u32 flags;
    u16 header_size, program_entry_size, program_count;
    u16 section_entry_size, section_count, section_names;
};
struct ProgramHeader {
    u32 type, flags;
    u64 offset, address, physical, file_size, memory_size, alignment;
};
struct Dynamic {
    u64 tag, value;
};
struct Rela {
    u64 offset, info;
    i64 addend;
};

} // namespace boot::elf
