// SPDX-License-Identifier: BSD-2-Clause
// The loader: runs once, in long mode on identity-mapped memory, places the kernel and jumps to it.
// All parts share these declarations. No allocation but the bump region behind the kernel; no
// interrupts.
#pragma once

#include <span>
#include <string_view>

#include "abi/boot/boot_info.h"
#include "base/types.h"

namespace boot {

// Prints to the first serial port and stops the machine.
[[noreturn]] void fail(std::string_view message);
void print(std::string_view text);

// Each fills ranges, initrd, command line, framebuffer and rsdp from its protocol's structure.
void take_bzimage(BootInfo& info, u64 boot_params);
void take_pvh(BootInfo& info, u64 start_info);
void take_multiboot2(BootInfo& info, u64 tags);

// Adds a range as the firmware gave it; sort_ranges() then sorts, and cuts overlaps in favour of
// what is not usable.
void add_range(BootInfo& info, u64 start, u64 size, MemoryKind kind);
void sort_ranges(BootInfo& info);
void set_command_line(BootInfo& info, const char* text, usize length);

// Numbers from RDRAND or, failing that, the cycle counter's low bits mixed. Not for keys on their
// own.
u64 random_number();

// Where memory of `size` bytes, 2 MiB aligned, is free of everything handed over; placed at random
// when `randomise`. Fails the boot if there is none.
u64 choose_place(const BootInfo& info, u64 size, bool randomise);

// LZ4 block format; stops the machine on bad input. Returns the bytes written.
usize decompress_lz4(std::span<const u8> input, std::span<u8> output);

// The kernel's ELF file in memory.
struct KernelFile {
    std::span<const u8> bytes;
    u64 link_start, link_end; // virtual addresses its segments span
    u64 entry;
};
KernelFile inspect_kernel(std::span<const u8> file);
// Copies the segments to `physical`, clears the rest, applies relocations for `slide`.
void place_kernel(const KernelFile& kernel, u64 physical, u64 slide);

// Pages behind the kernel, handed out once. Zeroed.
class BumpRegion {
public:
    BumpRegion(u64 start, u64 end) : next_(start), end_(end) {}
    u64 take(u64 size);
    u64 used_end() const { return next_; }

private:
    u64 next_, end_;
};
// The kernel's first page tables: its segments with their own rights, all RAM at the physical map,
// the low 4 GiB one to one until the kernel drops them. Returns the root.
u64 build_page_tables(const KernelFile& kernel, const BootInfo& info, BumpRegion& region);

} // namespace boot
