// SPDX-License-Identifier: BSD-2-Clause
// Placing the kernel: a position-independent ELF64 file with RELA and RELR relocations (ELF gABI;
// RELR as in the gABI proposal of 2018).
#include "boot/x86_64/elf.h"
#include "boot/x86_64/loader.h"

namespace boot {
namespace {

const elf::Header& header_of(const KernelFile& kernel) {
    return *reinterpret_cast<const elf::Header*>(kernel.bytes.data());
}
std::span<const elf::ProgramHeader> segments_of(const KernelFile& kernel) {
    const elf::Header& header = header_of(kernel);
    return {
        reinterpret_cast<const elf::ProgramHeader*>(kernel.bytes.data() + header.program_offset),
        header.program_count};
}

struct Relocations {
    u64 rela = 0, rela_size = 0;
    u64 relr = 0, relr_size = 0;
};

Relocations find_relocations(const KernelFile& kernel) {
    Relocations found;
    for (const elf::ProgramHeader& segment : segments_of(kernel)) {
        if (segment.type != elf::segment_dynamic)
            continue;
        const auto* entry =
            reinterpret_cast<const elf::Dynamic*>(kernel.bytes.data() + segment.offset);
        for (; entry->tag != 0; ++entry) {
            switch (entry->tag) {
            case 7: found.rela = entry->value; break;
            case 8: found.rela_size = entry->value; break;
            case 36: found.relr = entry->value; break;
            case 35: found.relr_size = entry->value; break;
            default: break;
            }
        }
    }
    return found;
}

} // namespace

KernelFile inspect_kernel(std::span<const u8> file) {
    KernelFile kernel{file, ~u64{0}, 0, 0};
    const elf::Header& header = header_of(kernel);
    if (file.size() < sizeof(elf::Header) || header.magic != elf::magic)
        fail("the kernel in this image is no ELF file");
    for (const elf::ProgramHeader& segment : segments_of(kernel)) {
        if (segment.type != elf::segment_load)
            continue;
        if (segment.offset + segment.file_size > file.size())
            fail("the kernel in this image is cut short");
        if (segment.address < kernel.link_start)
            kernel.link_start = segment.address;
        if (segment.address + segment.memory_size > kernel.link_end)
            kernel.link_end = segment.address + segment.memory_size;
    }
    kernel.entry = header.entry;
    return kernel;
}

void place_kernel(const KernelFile& kernel, u64 physical, u64 slide) {
    auto place = [&](u64 address) { return physical + (address - kernel.link_start); };
    for (const elf::ProgramHeader& segment : segments_of(kernel)) {
        if (segment.type != elf::segment_load)
            continue;
        u8* target = reinterpret_cast<u8*>(place(segment.address));
        __builtin_memcpy(target, kernel.bytes.data() + segment.offset, segment.file_size);
        __builtin_memset(target + segment.file_size, 0, segment.memory_size - segment.file_size);
    }
    const Relocations relocations = find_relocations(kernel);
    const auto* rela = reinterpret_cast<const elf::Rela*>(place(relocations.rela));
    for (u64 i = 0; i < relocations.rela_size / sizeof(elf::Rela); ++i) {
        if ((rela[i].info & 0xffff'ffff) != 8) // R_X86_64_RELATIVE
            fail("the kernel needs a relocation the loader does not know");
        *reinterpret_cast<u64*>(place(rela[i].offset)) = static_cast<u64>(rela[i].addend) + slide;
    }
    // RELR: an even word is an address to relocate; an odd one a bitmap of the 63 words after it.
    const auto* relr = reinterpret_cast<const u64*>(place(relocations.relr));
    u64* next = nullptr;
    for (u64 i = 0; i < relocations.relr_size / 8; ++i) {
        if ((relr[i] & 1) == 0) {
            next = reinterpret_cast<u64*>(place(relr[i]));
            *next++ += slide;
            continue;
        }
        for (unsigned bit = 1; bit < 64; ++bit) {
            if (relr[i] >> bit & 1)
                next[bit - 1] += slide;
        }
        next += 63;
    }
}

namespace {

constexpr u64 present = 1, writable = 2, huge = 0x80, global = 0x100, no_execute = 1ull << 63;

u64* table(u64 entry) { return reinterpret_cast<u64*>(entry & 0x000f'ffff'ffff'f000); }

u64* next_table(u64* entry, BumpRegion& region) {
    if (!(*entry & present))
        *entry = region.take(4096) | present | writable;
    return table(*entry);
}

void map_page(u64* root, u64 address, u64 bits, BumpRegion& region) {
    u64* level = root;
    for (unsigned shift = 39; shift > 12; shift -= 9)
        level = next_table(level + (address >> shift & 511), region);
    level[address >> 12 & 511] = bits;
}

struct CpuFeatures {
    bool gigabyte_pages, no_execute;
};
CpuFeatures cpu_features() {
    u32 a = 0x8000'0001, b, c = 0, d;
    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return {(d & (1u << 26)) != 0, (d & (1u << 20)) != 0};
}

void enable_no_execute() {
    u32 low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc000'0080));
    asm volatile("wrmsr" ::"a"(low | (1u << 11)), "d"(high), "c"(0xc000'0080));
}

// All of physical memory in the largest pages there are.
void map_physical(u64* root, const BootInfo& info, u64 nx, bool gigabyte_pages,
                  BumpRegion& region) {
    for (u64 physical = 0; physical < info.physical_map_size; physical += 1ull << 30) {
        const u64 address = info.physical_map_virtual + physical;
        u64* pdpt = next_table(root + (address >> 39 & 511), region) + (address >> 30 & 511);
        if (gigabyte_pages) {
            *pdpt = physical | present | writable | huge | global | nx;
            continue;
        }
        u64* directory = next_table(pdpt, region);
        for (u64 i = 0; i < 512; ++i)
            directory[i] = (physical + (i << 21)) | present | writable | huge | global | nx;
    }
}

} // namespace

u64 BumpRegion::take(u64 size) {
    const u64 place = next_;
    next_ += (size + 0xfff) & ~0xfffull;
    if (next_ > end_)
        fail("out of room for the first page tables");
    __builtin_memset(reinterpret_cast<void*>(place), 0, next_ - place);
    return place;
}

u64 build_page_tables(const KernelFile& kernel, const BootInfo& info, BumpRegion& region) {
    const CpuFeatures features = cpu_features();
    const u64 nx = features.no_execute ? no_execute : 0;
    if (features.no_execute)
        enable_no_execute();
    const u64 root_address = region.take(4096);
    u64* root = reinterpret_cast<u64*>(root_address);
    for (const elf::ProgramHeader& segment : segments_of(kernel)) {
        if (segment.type != elf::segment_load)
            continue;
        u64 bits = present | global;
        if (segment.flags & elf::flag_write)
            bits |= writable;
        if (!(segment.flags & elf::flag_execute))
            bits |= nx;
        const u64 first = segment.address & ~0xfffull;
        for (u64 page = first; page < segment.address + segment.memory_size; page += 4096)
            map_page(root, page + info.kernel_slide,
                     (info.image_start + (page - kernel.link_start)) | bits, region);
    }
    map_physical(root, info, nx, features.gigabyte_pages, region);
    // The jump itself and the loader's stack run here still.
    u64* low = reinterpret_cast<u64*>(region.take(4096));
    root[0] = reinterpret_cast<u64>(low) | present | writable;
    for (u64 i = 0; i < 4; ++i) {
        u64* directory = reinterpret_cast<u64*>(region.take(4096));
        low[i] = reinterpret_cast<u64>(directory) | present | writable;
        for (u64 j = 0; j < 512; ++j)
            directory[j] = ((i << 30) + (j << 21)) | present | writable | huge;
    }
    return root_address;
}

} // namespace boot
