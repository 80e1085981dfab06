// SPDX-License-Identifier: BSD-2-Clause
// The memory map while it is being collected, and the choice of a place in it.
#include "boot/x86_64/loader.h"

extern "C" {
extern u8 loader_begin[];
extern u8 loader_end[];
}

namespace boot {
namespace {

constexpr u64 two_mib = 0x20'0000;

void insert(BootInfo& info, u32 at, const MemoryRange& range) {
    if (info.range_count == maximum_ranges)
        return; // the map's tail is lost, never its order; 256 ranges are more than firmware gives
    for (u32 i = info.range_count; i > at; --i)
        info.ranges[i] = info.ranges[i - 1];
    info.ranges[at] = range;
    ++info.range_count;
}

bool overlaps(u64 start, u64 end, u64 other_start, u64 other_size) {
    return start < other_start + other_size && other_start < end;
}

// The end of something in use that overlaps start..end, or 0.
u64 conflict(const BootInfo& info, u64 start, u64 end) {
    const u64 loader_start = reinterpret_cast<u64>(loader_begin);
    const u64 loader_size = static_cast<u64>(loader_end - loader_begin);
    if (overlaps(start, end, loader_start, loader_size))
        return loader_start + loader_size;
    if (info.initrd_size != 0 && overlaps(start, end, info.initrd_start, info.initrd_size))
        return info.initrd_start + info.initrd_size;
    for (u32 i = 0; i < info.range_count; ++i) {
        const MemoryRange& range = info.ranges[i];
        if (range.kind != MemoryKind::usable && overlaps(start, end, range.start, range.size))
            return range.start + range.size;
    }
    return 0;
}

// Calls visit(place) for each free 2 MiB aligned place below 4 GiB; stops when it returns true.
template <typename Visit>
bool for_each_place(const BootInfo& info, u64 size, Visit visit) {
    for (u32 i = 0; i < info.range_count; ++i) {
        const MemoryRange& range = info.ranges[i];
        if (range.kind != MemoryKind::usable)
            continue;
        const u64 end =
            range.start + range.size < 0x1'0000'0000 ? range.start + range.size : 0x1'0000'0000;
        u64 place = (range.start < 0x10'0000 ? 0x10'0000 : range.start) + two_mib - 1;
        place &= ~(two_mib - 1);
        while (place + size <= end) {
            if (const u64 next = conflict(info, place, place + size)) {
                place = (next + two_mib - 1) & ~(two_mib - 1);
                continue;
            }
            if (visit(place))
                return true;
            place += two_mib;
        }
    }
    return false;
}

} // namespace

void add_range(BootInfo& info, u64 start, u64 size, MemoryKind kind) {
    if (size == 0 || start + size < start)
        return;
    u32 at = 0;
    while (at < info.range_count && info.ranges[at].start <= start)
        ++at;
    insert(info, at, {start, size, kind, 0});
}

void sort_ranges(BootInfo& info) {
    // add_range keeps them sorted; what remains is to cut usable memory where something else
    // overlaps.
    for (u32 i = 0; i + 1 < info.range_count; ++i) {
        MemoryRange& range = info.ranges[i];
        MemoryRange& next = info.ranges[i + 1];
        const u64 end = range.start + range.size;
        if (end <= next.start)
            continue;
        const u64 next_end = next.start + next.size;
        if (range.kind != MemoryKind::usable && next.kind == MemoryKind::usable) {
            next.start = end < next_end ? end : next_end;
            next.size = next_end - next.start;
            continue;
        }
        range.size = next.start - range.start;
        if (end > next_end)
            add_range(info, next_end, end - next_end, range.kind);
    }
}

void set_command_line(BootInfo& info, const char* text, usize length) {
    usize at = 0;
    while (at < length && at + 1 < command_line_size && text[at] != 0) {
        info.command_line[at] = text[at];
        ++at;
    }
    info.command_line[at] = 0;
}

u64 choose_place(const BootInfo& info, u64 size, bool randomise) {
    u64 count = 0;
    for_each_place(info, size, [&](u64) {
        ++count;
        return false;
    });
    if (count == 0)
        fail("no free memory for the kernel below 4 GiB");
    u64 wanted = randomise ? random_number() % count : 0;
    u64 chosen = 0;
    for_each_place(info, size, [&](u64 place) {
        chosen = place;
        return wanted-- == 0;
    });
    return chosen;
}

} // namespace boot
