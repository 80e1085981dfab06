// SPDX-License-Identifier: BSD-2-Clause
// ELF for 64 bits (System V ABI, "Object Files"; Linux include/uapi/linux/elf.h).
#pragma once

#include "base/types.h"

namespace linux::elf {

inline constexpr u8 magic[4] = {0x7f, 'E', 'L', 'F'};
inline constexpr u8 class_64 = 2, little_endian = 1;
inline constexpr u16 type_executable = 2, type_shared = 3, type_core = 4;
inline constexpr u16 machine_x86_64 = 62;

struct Header {
    u8 identification[16];
    u16 type, machine;
    u32 version;
    u64 entry, program_offset, section_offset;
    u32 flags;
    u16 header_size, program_size, program_count, section_size, section_count, names_index;
};
static_assert(sizeof(Header) == 64);

enum SegmentType : u32 {
    segment_null = 0,
    segment_load = 1,
    segment_dynamic = 2,
    segment_interpreter = 3,
    segment_note = 4,
    segment_program_headers = 6,
    segment_gnu_stack = 0x6474'e551,
};
inline constexpr u32 flag_execute = 1, flag_write = 2, flag_read = 4;

struct Segment {
    u32 type, flags;
    u64 offset, address, physical, file_size, memory_size, alignment;
};
static_assert(sizeof(Segment) == 56);

struct Note {
    u32 name_size, content_size, type;
};
inline constexpr u32 note_status = 1, note_float = 2, note_process = 3, note_auxiliary = 6;
inline constexpr u32 note_siginfo = 0x5349'4749, note_files = 0x4649'4c45, note_xstate = 0x202;

} // namespace linux::elf
