// SPDX-License-Identifier: BSD-2-Clause
#include "core/memory/kernel_map.h"

#include "arch/api/kernel_table.h"
#include "base/box.h"
#include "base/tree.h"
#include "core/memory/frames.h"
#include "core/sync/guarded.h"

namespace core {
namespace {

struct Range : base::TreeHook<> {
    Range(u64 from, u64 to) : start(from), end(to) {}
    u64 start, end; // the guard page behind it included in end
};
struct ByStart {
    bool operator()(const Range& a, const Range& b) const { return a.start < b.start; }
    bool operator()(u64 address, const Range& b) const { return address < b.start; }
    bool operator()(const Range& a, u64 address) const { return a.start < address; }
};

// Addresses of the kernel area, handed out upwards and then around again.
struct Area {
    base::Tree<Range, ByStart> ranges;
    u64 cursor = arch::kernel_area_start;

    // First room of `size` at or after `from`; 0 if there is none before the area's end.
    u64 find_from(u64 from, u64 size) {
        auto next = ranges.lower_bound(from, ByStart{});
        if (next != ranges.begin()) {
            auto previous = next;
            --previous;
            if (previous->end > from)
                from = previous->end;
        }
        for (; next != ranges.end() && next->start - from < size; ++next)
            from = next->end;
        return from + size <= arch::kernel_area_end ? from : 0;
    }
};

Guarded<Area, lock_class::kernel_map>& area() {
    alignas(16) static constinit u8 storage[sizeof(Guarded<Area, lock_class::kernel_map>)]{};
    return *reinterpret_cast<Guarded<Area, lock_class::kernel_map>*>(storage);
}

Result<u64> take_addresses(u64 size) {
    const u64 with_guard = size + page_size;
    auto range = TRY(Box<Range>::create(0ull, 0ull));
    auto locked = area().lock();
    u64 start = locked->find_from(locked->cursor, with_guard);
    if (start == 0)
        start = locked->find_from(arch::kernel_area_start, with_guard);
    if (start == 0)
        return Failure(Errno::nomem);
    range->start = start;
    range->end = start + with_guard;
    locked->cursor = range->end;
    locked->ranges.insert(*range.release());
    return start;
}

void give_addresses(u64 start) {
    auto locked = area().lock();
    auto found = locked->ranges.find(start, ByStart{});
    VERIFY(found != locked->ranges.end());
    Range* range = &*found;
    locked->ranges.erase(found);
    locked.unlock();
    delete range;
}

arch::KernelPageRights rights_of(KernelProtection protection) {
    return {.write = protection == KernelProtection::read_write,
            .execute = protection == KernelProtection::read_execute};
}

// Unmaps what was mapped of start..end-1 and frees the frames if they are ours: only once no CPU
// can reach them, with one flush for many.
void unmap(u64 start, u64 end, bool free_frames) {
    constexpr u64 batch = 64;
    for (u64 at = start; at < end;) {
        u64 physical[batch];
        u64 count = 0;
        const u64 first = at;
        for (; at < end && count < batch; at += page_size) {
            if (const u64 address = arch::unmap_kernel_page(at))
                physical[count++] = address;
        }
        if (count == 0)
            continue;
        arch::flush_kernel_range(first, at);
        for (u64 i = 0; i < count && free_frames; ++i)
            release_page(page_of(PhysAddr(physical[i])));
    }
}

} // namespace

void start_kernel_map() { new (&area()) Guarded<Area, lock_class::kernel_map>(); }

Result<KernelMapping> KernelMapping::map_device(PhysAddr address, Bytes size, CacheMode mode) {
    const u64 offset = address.page_offset();
    const u64 length = (size.value + offset + page_size - 1) & ~(page_size - 1);
    const u64 start = TRY(take_addresses(length));
    arch::KernelPageRights rights{.write = true};
    rights.uncached = mode == CacheMode::uncached;
    rights.write_combining = mode == CacheMode::write_combining;
    for (u64 at = 0; at < length; at += page_size) {
        auto mapped = arch::map_kernel_page(start + at, address.page_down().value + at, rights);
        if (!mapped) {
            unmap(start, start + at, false);
            give_addresses(start);
            return Failure(mapped.error());
        }
    }
    KernelMapping mapping;
    mapping.address_ = KernelVirt(start + offset);
    mapping.size_ = size;
    return mapping;
}

Result<KernelMapping> KernelMapping::allocate(Bytes size, KernelProtection protection) {
    const u64 length = (size.value + page_size - 1) & ~(page_size - 1);
    const u64 start = TRY(take_addresses(length));
    const arch::KernelPageRights rights = rights_of(protection);
    for (u64 at = 0; at < length; at += page_size) {
        auto page = allocate_frame(PageUse::kernel, FrameContent::zeroed);
        auto mapped = page ? arch::map_kernel_page(start + at, (*page)->physical().value, rights)
                           : Result<>(Failure(page.error()));
        if (!mapped) {
            unmap(start, start + at, true);
            give_addresses(start);
            return Failure(mapped.error());
        }
        (void)page->release();
    }
    KernelMapping mapping;
    mapping.address_ = KernelVirt(start);
    mapping.size_ = size;
    mapping.owns_frames_ = true;
    return mapping;
}

KernelMapping::~KernelMapping() {
    if (address_.is_null())
        return;
    const u64 start = address_.value & ~(page_size - 1);
    const u64 end = (address_.value + size_.value + page_size - 1) & ~(page_size - 1);
    unmap(start, end, owns_frames_);
    give_addresses(start);
}

Result<> KernelMapping::protect(Bytes offset, Bytes size, KernelProtection protection) {
    if ((offset.value | size.value) & (page_size - 1) || offset.value + size.value > size_.value)
        return Failure(Errno::inval);
    const u64 start = address_.value + offset.value;
    for (u64 at = start; at < start + size.value; at += page_size) {
        const u64 physical = arch::kernel_page_address(at);
        TRY(arch::map_kernel_page(at, physical, rights_of(protection)));
    }
    arch::flush_kernel_range(start, start + size.value);
    return {};
}

} // namespace core
