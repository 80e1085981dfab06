// SPDX-License-Identifier: BSD-2-Clause
// What every way of booting hands to the kernel. The loader (boot/) fills it from bzImage
// boot_params, PVH start info or Multiboot2 tags, places the kernel, and jumps to it with the
// address of this structure. Plain data; addresses are physical unless the name says otherwise.
#pragma once

#include "base/types.h"

namespace boot {

enum class MemoryKind : u32 { usable = 1, reserved = 2, acpi_tables = 3, acpi_nvs = 4, bad = 5 };

struct MemoryRange {
    u64 start;
    u64 size;
    MemoryKind kind;
    u32 padding;
};

struct Framebuffer {
    u64 address; // 0: none
    u32 width, height, pitch, bits_per_pixel;
    u8 red_position, red_size, green_position, green_size, blue_position, blue_size;
    u8 padding[2];
};

enum class Protocol : u32 { bzimage, pvh, multiboot2 };

inline constexpr u32 maximum_ranges = 256;
inline constexpr u32 command_line_size = 4096;
inline constexpr u64 magic = 0x5069'7468'426f'6f74; // "PithBoot"

struct BootInfo {
    u64 magic;
    Protocol protocol;
    u32 range_count;
    MemoryRange ranges[maximum_ranges]; // sorted by start, not overlapping
    u64 initrd_start, initrd_size;      // size 0: none
    u64 rsdp;                           // 0: unknown, search the BIOS areas
    u8 rsdp_copy[40];                   // what `rsdp` points to if the memory it was in goes
    Framebuffer framebuffer;
    // Where the kernel lies: image_start..image_end is its segments, then the loader's tables up to
    // tables_end (page tables in use, this structure).
    u64 image_start, image_end, tables_end;
    u64 kernel_base_virtual; // address of the image's first byte; link address plus the KASLR slide
    u64 kernel_slide;
    u64 physical_map_virtual; // where all RAM is mapped
    u64 physical_map_size;
    u64 page_table;                       // the root in use
    u64 seed[4];                          // entropy the loader could gather
    u64 entry_timestamp;                  // cycle counter at the loader's first instruction
    u64 efi_system_table;                 // 0: not booted through EFI
    char command_line[command_line_size]; // NUL-terminated
};

// Link address of the kernel, and how far the slide may go.
inline constexpr u64 kernel_link_base = 0xffff'ffff'8000'0000;
inline constexpr u64 kernel_window = 0x4000'0000; // 1 GiB

} // namespace boot
