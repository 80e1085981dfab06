// SPDX-License-Identifier: BSD-2-Clause
// The three handovers. Layouts: Linux Documentation/arch/x86/boot.rst and zero-page.rst
// (boot_params), Xen public/arch-x86/hvm/start_info.h (PVH), Multiboot2 specification 3.6. Nothing
// in them is trusted more than a boot loader must be; sizes are bounded.
#include "boot/x86_64/loader.h"

namespace boot {
namespace {

template <typename T>
T read_at(u64 address) {
    T value;
    __builtin_memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
    return value;
}

MemoryKind kind_of(u32 type) {
    return type >= 1 && type <= 5 ? static_cast<MemoryKind>(type) : MemoryKind::reserved;
}

usize bounded_length(u64 address) {
    usize length = 0;
    while (length < command_line_size && read_at<u8>(address + length) != 0)
        ++length;
    return length;
}

} // namespace

void take_bzimage(BootInfo& info, u64 params) {
    const u32 entries = read_at<u8>(params + 0x1e8);
    for (u32 i = 0; i < entries && i < 128; ++i) {
        const u64 entry = params + 0x2d0 + i * 20;
        add_range(info, read_at<u64>(entry), read_at<u64>(entry + 8),
                  kind_of(read_at<u32>(entry + 16)));
    }
    if (entries == 0) { // no E820: the old extended-memory size, in KiB above 1 MiB
        add_range(info, 0, 0x9fc00, MemoryKind::usable);
        add_range(info, 0x10'0000, u64{read_at<u32>(params + 0x1e0)} << 10, MemoryKind::usable);
    }
    info.initrd_start = read_at<u32>(params + 0x218) | (u64{read_at<u32>(params + 0x0c0)} << 32);
    info.initrd_size = read_at<u32>(params + 0x21c) | (u64{read_at<u32>(params + 0x0c4)} << 32);
    const u64 line = read_at<u32>(params + 0x228) | (u64{read_at<u32>(params + 0x0c8)} << 32);
    if (line != 0)
        set_command_line(info, reinterpret_cast<const char*>(line), bounded_length(line));
    info.rsdp = read_at<u64>(params + 0x070);
    const u8 video = read_at<u8>(params + 0x00f); // screen_info.orig_video_isVGA
    if (video == 0x23 || video == 0x70) {         // VESA linear framebuffer, EFI framebuffer
        Framebuffer& screen = info.framebuffer;
        screen.address = read_at<u32>(params + 0x018) | (u64{read_at<u32>(params + 0x03a)} << 32);
        screen.width = read_at<u16>(params + 0x012);
        screen.height = read_at<u16>(params + 0x014);
        screen.bits_per_pixel = read_at<u16>(params + 0x016);
        screen.pitch = read_at<u16>(params + 0x024);
        screen.red_size = read_at<u8>(params + 0x026);
        screen.red_position = read_at<u8>(params + 0x027);
        screen.green_size = read_at<u8>(params + 0x028);
        screen.green_position = read_at<u8>(params + 0x029);
        screen.blue_size = read_at<u8>(params + 0x02a);
        screen.blue_position = read_at<u8>(params + 0x02b);
    }
    info.efi_system_table =
        read_at<u32>(params + 0x1c0) == 0x34364c45 /* "EL64" */
            ? read_at<u32>(params + 0x1c4) | (u64{read_at<u32>(params + 0x1d8)} << 32)
            : 0;
}

void take_pvh(BootInfo& info, u64 start) {
    constexpr u32 start_magic = 0x336e'c578;
    if (read_at<u32>(start) != start_magic)
        fail("PVH start info without its magic number");
    const u32 version = read_at<u32>(start + 4);
    const u32 modules = read_at<u32>(start + 12);
    if (modules > 0) {
        const u64 module = read_at<u64>(start + 16);
        info.initrd_start = read_at<u64>(module);
        info.initrd_size = read_at<u64>(module + 8);
    }
    const u64 line = read_at<u64>(start + 24);
    if (line != 0)
        set_command_line(info, reinterpret_cast<const char*>(line), bounded_length(line));
    info.rsdp = read_at<u64>(start + 32);
    if (version < 1)
        fail("PVH start info of version 0 has no memory map");
    const u64 map = read_at<u64>(start + 40);
    const u32 entries = read_at<u32>(start + 48);
    for (u32 i = 0; i < entries && i < maximum_ranges; ++i) {
        const u64 entry = map + i * 24;
        add_range(info, read_at<u64>(entry), read_at<u64>(entry + 8),
                  kind_of(read_at<u32>(entry + 16)));
    }
}

namespace {

void take_multiboot_memory(BootInfo& info, u64 tag, u32 size) {
    const u32 entry_size = read_at<u32>(tag + 8);
    if (entry_size < 24)
        return;
    for (u64 entry = tag + 16; entry + entry_size <= tag + size; entry += entry_size)
        add_range(info, read_at<u64>(entry), read_at<u64>(entry + 8),
                  kind_of(read_at<u32>(entry + 16)));
}

void take_multiboot_framebuffer(BootInfo& info, u64 tag) {
    if (read_at<u8>(tag + 29) != 1) // 1: direct RGB; text mode and palettes are of no use
        return;
    Framebuffer& screen = info.framebuffer;
    screen.address = read_at<u64>(tag + 8);
    screen.pitch = read_at<u32>(tag + 16);
    screen.width = read_at<u32>(tag + 20);
    screen.height = read_at<u32>(tag + 24);
    screen.bits_per_pixel = read_at<u8>(tag + 28);
    screen.red_position = read_at<u8>(tag + 32);
    screen.red_size = read_at<u8>(tag + 33);
    screen.green_position = read_at<u8>(tag + 34);
    screen.green_size = read_at<u8>(tag + 35);
    screen.blue_position = read_at<u8>(tag + 36);
    screen.blue_size = read_at<u8>(tag + 37);
}

void take_multiboot_rsdp(BootInfo& info, u64 tag, u32 size) {
    const u32 length = size - 8 < sizeof info.rsdp_copy ? size - 8 : sizeof info.rsdp_copy;
    __builtin_memcpy(info.rsdp_copy, reinterpret_cast<const void*>(tag + 8), length);
    info.rsdp = reinterpret_cast<u64>(info.rsdp_copy);
}

} // namespace

void take_multiboot2(BootInfo& info, u64 tags) {
    const u32 total = read_at<u32>(tags);
    u64 tag = tags + 8;
    while (tag + 8 <= tags + total) {
        const u32 type = read_at<u32>(tag);
        const u32 size = read_at<u32>(tag + 4);
        if (type == 0 || size < 8)
            break;
        switch (type) {
        case 1: set_command_line(info, reinterpret_cast<const char*>(tag + 8), size - 8); break;
        case 3:
            if (info.initrd_size == 0) {
                info.initrd_start = read_at<u32>(tag + 8);
                info.initrd_size = read_at<u32>(tag + 12) - info.initrd_start;
            }
            break;
        case 6: take_multiboot_memory(info, tag, size); break;
        case 8: take_multiboot_framebuffer(info, tag); break;
        case 14:
        case 15: take_multiboot_rsdp(info, tag, size); break;
        default: break;
        }
        tag += (size + 7) & ~7u;
    }
}

} // namespace boot
