// SPDX-License-Identifier: BSD-2-Clause
#include "core/memory/physical.h"

#include "arch/api/kernel_table.h"
#include "core/memory/buddy.h"
#include "core/memory/kernel_map.h"
#include "core/observe/log.h"

extern "C" {
extern u8 kernel_image_start[];
extern u8 kernel_image_end[];
}

namespace core {
namespace {

constinit u64 g_map_size = 0;
constinit u64 g_image_physical = 0;
constinit u64 g_frame_limit = 0;

struct Hole {
    u64 start, end;
};

// Calls visit(start, end) for the parts of start..end outside the holes, which are sorted.
template <usize N, typename Visit>
void outside(u64 start, u64 end, const Hole (&holes)[N], Visit visit) {
    for (const Hole& hole : holes) {
        if (hole.end <= start || hole.start >= end)
            continue;
        if (hole.start > start)
            visit(start, hole.start);
        start = hole.end;
        if (start >= end)
            return;
    }
    visit(start, end);
}

template <usize N>
void sort(Hole (&holes)[N]) {
    for (usize i = 1; i < N; ++i) {
        for (usize j = i; j > 0 && holes[j].start < holes[j - 1].start; --j)
            std::swap(holes[j], holes[j - 1]);
    }
}

u64 page_down(u64 value) { return value & ~(page_size - 1); }
u64 page_up(u64 value) { return (value + page_size - 1) & ~(page_size - 1); }

// Room for the page records: the highest free place that is large enough.
u64 place_records(const boot::BootInfo& info, u64 size, const Hole (&holes)[3]) {
    u64 best = 0;
    for (u32 i = 0; i < info.range_count; ++i) {
        const boot::MemoryRange& range = info.ranges[i];
        if (range.kind != boot::MemoryKind::usable)
            continue;
        outside(page_up(range.start), page_down(range.start + range.size), holes,
                [&](u64 start, u64 end) {
                    if (end > start && end - start >= size && end - size > best)
                        best = end - size;
                });
    }
    VERIFY(best != 0);
    return best;
}

u64 highest_usable(const boot::BootInfo& info) {
    u64 highest = 0;
    for (u32 i = 0; i < info.range_count; ++i) {
        const boot::MemoryRange& range = info.ranges[i];
        if (range.kind == boot::MemoryKind::usable && range.start + range.size > highest)
            highest = range.start + range.size;
    }
    return highest;
}

} // namespace

constinit u8* g_physical_map = nullptr;
constinit Page* g_pages = nullptr;

u8* physical_view(PhysAddr address) { return g_physical_map + address.value; }
bool is_mapped_memory(PhysAddr address, u64 size) {
    return size <= g_map_size && address.value <= g_map_size - size;
}
u8* kernel_text_view(KernelVirt address) {
    return g_physical_map + g_image_physical +
           (address.value - reinterpret_cast<u64>(kernel_image_start));
}
PhysAddr physical_of(KernelVirt address) {
    return PhysAddr(arch::kernel_page_address(address.value));
}

u64 frame_limit() { return g_frame_limit; }
void retain_memory(PhysAddr start, u64 size) {
    for (PhysAddr at = start.page_down(); at.value < start.value + size; at = at + page_size)
        (void)PageRef::share(page_of(at)).release();
}

Page& page_of(PhysAddr address) { return g_pages[address.value >> page_shift]; }
Page& page_of_kernel(const void* address) {
    return g_pages[static_cast<u64>(static_cast<const u8*>(address) - g_physical_map) >>
                   page_shift];
}
PhysAddr Page::physical() const { return PhysAddr(static_cast<u64>(this - g_pages) << page_shift); }
u8* Page::bytes() const { return g_physical_map + physical().value; }

void start_physical_memory(const boot::BootInfo& info) {
    g_physical_map = reinterpret_cast<u8*>(info.physical_map_virtual);
    g_map_size = info.physical_map_size;
    g_image_physical = info.image_start;
    Hole holes[3] = {{0, 0x10'0000}, // real-mode memory: firmware data, the other CPUs' trampoline
                     {info.image_start, page_up(info.tables_end)},
                     {page_down(info.initrd_start), page_up(info.initrd_start + info.initrd_size)}};
    sort(holes);
    // One block more than there are frames: prepare_records clears whole blocks.
    g_frame_limit = highest_usable(info) >> page_shift;
    const u64 frames = (highest_usable(info) >> page_shift) + (u64{2} << maximum_order);
    const u64 records_size = page_up(frames * sizeof(Page));
    const u64 records = place_records(info, records_size, holes);
    g_pages = reinterpret_cast<Page*>(g_physical_map + records);
    const Hole own[1] = {{records, records + records_size}};
    auto for_each_free = [&](auto visit) {
        for (u32 i = 0; i < info.range_count; ++i) {
            const boot::MemoryRange& range = info.ranges[i];
            if (range.kind != boot::MemoryKind::usable)
                continue;
            outside(page_up(range.start), page_down(range.start + range.size), holes,
                    [&](u64 start, u64 end) {
                        outside(start, end, own, [&](u64 from, u64 to) {
                            if (from < to)
                                visit(from >> page_shift, to >> page_shift);
                        });
                    });
        }
    };
    for_each_free(prepare_records);
    for_each_free(add_frames);
    LOG_INFO("memory: {} MiB in {} frames", frame_counts().total >> 8, frame_counts().total);
}

void release_boot_memory(PhysAddr start, u64 size) {
    const u64 first = page_up(start.value), last = page_down(start.value + size);
    if (first < last)
        add_frames(first >> page_shift, last >> page_shift);
}

} // namespace core
