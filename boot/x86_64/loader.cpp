// SPDX-License-Identifier: BSD-2-Clause
#include "boot/x86_64/loader.h"

extern "C" {
extern const u8 payload_begin[];
extern const u8 payload_end[];
extern const u64 payload_unpacked_size; // 0: stored as it is
extern u8 loader_begin[];
extern u8 loader_end[];
extern u32 entry_timestamp_low;
extern u32 entry_timestamp_high;
}

namespace boot {
namespace {

constinit BootInfo g_info{};

bool has_word(std::string_view line, std::string_view word) {
    usize at = line.find(word);
    while (at != std::string_view::npos) {
        const bool starts = at == 0 || line[at - 1] == ' ';
        const usize end = at + word.size();
        if (starts && (end == line.size() || line[end] == ' '))
            return true;
        at = line.find(word, at + 1);
    }
    return false;
}

u64 highest_ram_end(const BootInfo& info) {
    u64 end = 1ull << 32; // devices below 4 GiB are reached through the same map's neighbours
    for (u32 i = 0; i < info.range_count; ++i) {
        const MemoryRange& range = info.ranges[i];
        if (range.kind == MemoryKind::usable && range.start + range.size > end)
            end = range.start + range.size;
    }
    return (end + 0x3fff'ffff) & ~0x3fff'ffffull;
}

// Space for page tables: the kernel's own, and the physical map in 2 MiB pages at worst.
u64 table_space(u64 map_size) { return 0x40000 + (map_size >> 30) * 0x1000; }

void take_handover(Protocol protocol, u64 handover) {
    switch (protocol) {
    case Protocol::bzimage: take_bzimage(g_info, handover); break;
    case Protocol::pvh: take_pvh(g_info, handover); break;
    case Protocol::multiboot2: take_multiboot2(g_info, handover); break;
    }
    sort_ranges(g_info);
    if (g_info.range_count == 0)
        fail("the boot loader gave no memory map");
}

// The payload as an ELF file: in place, or unpacked to free memory.
std::span<const u8> unpack_payload(u64& scratch_end) {
    const std::span<const u8> packed(payload_begin, payload_end);
    scratch_end = 0;
    if (payload_unpacked_size == 0)
        return packed;
    const u64 place = choose_place(g_info, payload_unpacked_size, false);
    const std::span<u8> target(reinterpret_cast<u8*>(place), payload_unpacked_size);
    if (decompress_lz4(packed, target) != payload_unpacked_size)
        fail("the kernel in this image is damaged");
    scratch_end = place + payload_unpacked_size;
    // The kernel must not be placed over its own file.
    add_range(g_info, place, payload_unpacked_size, MemoryKind::reserved);
    return target;
}

} // namespace

extern "C" [[noreturn]] void loader_main(Protocol protocol, u64 handover) {
    g_info.magic = magic;
    g_info.protocol = protocol;
    g_info.entry_timestamp = (u64{entry_timestamp_high} << 32) | entry_timestamp_low;
    take_handover(protocol, handover);
    const bool randomise = !has_word(g_info.command_line, "nokaslr");
    for (u64& word : g_info.seed)
        word = random_number();

    u64 scratch_end = 0;
    const u32 ranges_before = g_info.range_count;
    const KernelFile kernel = inspect_kernel(unpack_payload(scratch_end));
    const u64 image_size = (kernel.link_end - kernel.link_start + 0xfff) & ~0xfffull;

    g_info.physical_map_size = highest_ram_end(g_info);
    const u64 tables = table_space(g_info.physical_map_size);
    const u64 physical = choose_place(g_info, image_size + tables, randomise);
    g_info.range_count = ranges_before; // the unpacked file's memory is free again

    const u64 slots = (kernel_window - image_size) >> 21;
    g_info.kernel_slide = randomise ? (random_number() % slots) << 21 : 0;
    g_info.kernel_base_virtual = kernel.link_start + g_info.kernel_slide;
    // 64 TiB window at 0xffff888000000000, in steps of 1 GiB; the kernel's other areas lie above
    // it.
    g_info.physical_map_virtual =
        0xffff'8880'0000'0000 + (randomise ? (random_number() & 0x3fff) << 30 : 0);
    g_info.image_start = physical;
    g_info.image_end = physical + image_size;

    place_kernel(kernel, physical, g_info.kernel_slide);
    BumpRegion region(g_info.image_end, g_info.image_end + tables);
    auto* handed = reinterpret_cast<BootInfo*>(region.take(sizeof(BootInfo)));
    g_info.page_table = build_page_tables(kernel, g_info, region);
    g_info.tables_end = (region.used_end() + 0xfff) & ~0xfffull;
    *handed = g_info;
    if (g_info.rsdp == reinterpret_cast<u64>(g_info.rsdp_copy))
        handed->rsdp = reinterpret_cast<u64>(handed->rsdp_copy);

    const u64 entry = kernel.entry + g_info.kernel_slide;
    const u64 info_virtual = g_info.physical_map_virtual + reinterpret_cast<u64>(handed);
    asm volatile("movq %0, %%cr3\n\t"
                 "xorl %%ebp, %%ebp\n\t"
                 "jmp *%1" ::"r"(g_info.page_table),
                 "r"(entry), "D"(info_virtual)
                 : "memory");
    __builtin_unreachable();
}

} // namespace boot

namespace base {
void panic_at(const char*, int, const char* message) { boot::fail(message); }
} // namespace base
