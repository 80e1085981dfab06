// SPDX-License-Identifier: BSD-2-Clause
// Page faults: what to put where a program touched.
#include "base/bits.h"
#include "base/memory_functions.h"
#include "core/memory/frames.h"
#include "core/observe/trace.h"
#include "core/task/thread.h"
#include "core/vm/address_space.h"
#include "core/vm/reclaim.h"
#include "core/vm/user_memory.h"

namespace core {
namespace {

constexpr u64 stack_guard_gap = 256 * page_size;
constexpr u64 pages_around = 16; // mapped together when they are cached

Protection needed(Access access) {
    switch (access) {
    case Access::read: return Protection::read;
    case Access::write: return Protection::write;
    case Access::execute: return Protection::execute;
    }
    return Protection::none;
}

// x86 and most others cannot map write-only or execute-only: writable and executable imply
// readable.
bool permits(Protection protection, Access access) {
    if (access == Access::read)
        return protection != Protection::none;
    return includes(protection, needed(access));
}

Protection without_write(Protection protection) {
    return static_cast<Protection>(static_cast<u8>(protection) &
                                   ~static_cast<u8>(Protection::write));
}

void copy_frame(Page& target, const Page& source) {
    u64 count = page_size / 8;
    void* to = target.bytes();
    const void* from = source.bytes();
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count)::"memory");
}

// Whether a program seems to fill its memory from below: a run begins at `address`, nothing of it
// is there, and the pages before it are.
bool continues_run(const arch::PageTable& table, const Mapping& mapping, u64 address) {
    constexpr u64 size = frame_run << page_shift;
    constexpr u64 before = frame_run / 2;
    if (address % size != 0 || mapping.end - address < size ||
        address - mapping.start < before << page_shift)
        return false;
    const volatile u64* places = table.find(address);
    const volatile u64* below = table.find(address - (before << page_shift));
    if (!places || !below)
        return false;
    for (u64 i = 0; i < before; ++i) {
        if (!arch::PageEntry(below[i]).present())
            return false;
    }
    for (u64 i = 0; i < frame_run; ++i) {
        if (places[i] != 0)
            return false;
    }
    return true;
}

// Into places that are empty; their address space counts the pages.
void map_run(Page* first, volatile u64* places, Protection protection) {
    const PhysAddr start = first->physical();
    for (u64 i = 0; i < frame_run; ++i) {
        first[i].maps.store(1, std::memory_order_relaxed);
        const auto entry = arch::PageEntry::make_user(start + (i << page_shift), protection);
        places[i] = entry.writable_and_dirty().bits();
    }
}

} // namespace

FaultOutcome AddressSpace::handle_fault(UserVirt address, Access access) {
    Thread& thread = Thread::current();
    ++thread.minor_faults;
    trace(TraceEvent::page_fault, 0, address.value, static_cast<u64>(access));
    FaultOutcome outcome;
    {
        Guard guard(lock_);
        outcome = fault_locked(address.value & ~(page_size - 1), access);
    }
    if (outcome == FaultOutcome::no_memory) [[unlikely]] {
        // The program tries again; by then there is memory, or it has been chosen to make some.
        make_memory_available();
        return FaultOutcome::resolved;
    }
    return outcome;
}

FaultOutcome AddressSpace::fault_locked(u64 address, Access access) {
    Mapping* mapping = find(address);
    if (!mapping) [[unlikely]] {
        Mapping* above = first_ending_after(address);
        if (!above || !above->grows_down || !grow_stack(*above, address))
            return FaultOutcome::no_mapping;
        mapping = above;
    }
    if (!permits(mapping->protection, access)) [[unlikely]]
        return FaultOutcome::no_right;
    auto place = table_.make(address);
    if (!place)
        return FaultOutcome::no_memory;
    const arch::PageEntry entry(**place);
    if (entry.present())
        return fault_present(*mapping, address, access, entry);
    if (mapping->object)
        return fault_object(*mapping, address, access);
    return fault_anonymous(*mapping, address, access);
}

bool AddressSpace::grow_stack(Mapping& mapping, u64 address) {
    if (mapping.end - address > limits.stack)
        return false;
    const Mapping* below = previous(mapping);
    if (below && address < below->end + stack_guard_gap)
        return false;
    mapped_pages_ += (mapping.start - address) >> page_shift;
    mapping.start = address; // the order of mappings does not change
    return true;
}

FaultOutcome AddressSpace::install(Mapping& mapping, u64 address, PageRef page,
                                   arch::PageEntry entry) {
    auto place = table_.make(address);
    if (!place)
        return FaultOutcome::no_memory;
    TableGuard guard(table_lock_);
    if (arch::PageEntry(**place).present())
        return FaultOutcome::resolved; // only this space's lock holder installs; seen for
                                       // completeness
    // Truncation takes the page from its object first, and then looks for entries.
    if (page->use == PageUse::object && page->object != mapping.object.get())
        return FaultOutcome::resolved; // look again
    **place = entry.bits();
    page->maps.fetch_add(1, std::memory_order_relaxed);
    count_mapped(*page, *this, 1);
    (void)page.release(); // the entry's reference
    return FaultOutcome::resolved;
}

FaultOutcome AddressSpace::fault_anonymous(Mapping& mapping, u64 address, Access access) {
    if (access != Access::write) {
        PageRef zero = PageRef::share(zero_page());
        return install(
            mapping, address, std::move(zero),
            arch::PageEntry::make_user(zero_page().physical(), without_write(mapping.protection)));
    }
    volatile u64* places = table_.find(address);
    if (places && continues_run(table_, mapping, address)) {
        if (auto run = allocate_frame_run(PageUse::anonymous, FrameContent::zeroed)) {
            TableGuard guard(table_lock_);
            map_run(*run, places, mapping.protection);
            count_mapped(**run, *this, frame_run);
            return FaultOutcome::resolved;
        }
    }
    auto page = allocate_frame(PageUse::anonymous, FrameContent::zeroed);
    if (!page)
        return FaultOutcome::no_memory;
    const auto entry = arch::PageEntry::make_user((*page)->physical(), mapping.protection);
    return install(mapping, address, std::move(*page), entry.writable_and_dirty());
}

FaultOutcome AddressSpace::fault_object(Mapping& mapping, u64 address, Access access) {
    const bool shared_write = mapping.shared && access == Access::write;
    if (!mapping.shared && access == Access::write)
        return fault_private_write(mapping, address);
    auto page = mapping.object->page_for_mapping(mapping.index_of(address), access);
    if (!page)
        return page.error() == Errno::nomem ? FaultOutcome::no_memory : FaultOutcome::bus_error;
    const Protection rights = shared_write ? mapping.protection : without_write(mapping.protection);
    auto entry = arch::PageEntry::make_user((*page)->physical(), rights);
    if (shared_write)
        entry = entry.writable_and_dirty();
    const FaultOutcome outcome = install(mapping, address, std::move(*page), entry);
    if (!shared_write && outcome == FaultOutcome::resolved)
        map_around(mapping, address);
    return outcome;
}

// The neighbours that are cached come along, read-only: programs touch what is near.
void AddressSpace::map_around(Mapping& mapping, u64 address) {
    const u64 window = address & ~(pages_around * page_size - 1);
    const u64 start = window > mapping.start ? window : mapping.start;
    const u64 window_end = window + pages_around * page_size;
    const u64 end = window_end < mapping.end ? window_end : mapping.end;
    volatile u64* first = table_.find(address);
    if (!first)
        return;
    first -= (address - start) >> page_shift; // one leaf table: the window is aligned within it
    for (u64 at = start; at < end; at += page_size, ++first) {
        if (*first != 0)
            continue;
        PageRef page = mapping.object->try_page(mapping.index_of(at));
        if (!page)
            continue;
        const auto entry =
            arch::PageEntry::make_user(page->physical(), without_write(mapping.protection));
        TableGuard guard(table_lock_);
        if (page->object != mapping.object.get())
            continue;
        *first = entry.bits();
        page->maps.fetch_add(1, std::memory_order_relaxed);
        count_mapped(*page, *this, 1);
        (void)page.release();
    }
}

// First write to a private object page that was never mapped: straight to a copy.
FaultOutcome AddressSpace::fault_private_write(Mapping& mapping, u64 address) {
    auto source = mapping.object->page_for_mapping(mapping.index_of(address), Access::read);
    if (!source)
        return source.error() == Errno::nomem ? FaultOutcome::no_memory : FaultOutcome::bus_error;
    auto copy = allocate_frame(PageUse::anonymous, FrameContent::undefined);
    if (!copy)
        return FaultOutcome::no_memory;
    copy_frame(**copy, **source);
    mapping.has_copies = true;
    const auto entry = arch::PageEntry::make_user((*copy)->physical(), mapping.protection);
    return install(mapping, address, std::move(*copy), entry.writable_and_dirty());
}

FaultOutcome AddressSpace::fault_present(Mapping& mapping, u64 address, Access access,
                                         arch::PageEntry entry) {
    volatile u64* place = table_.find(address);
    if (access != Access::write || entry.writable()) {
        // Another thread was faster, or rights were widened: the translation cache is behind.
        arch::flush_local_page(address);
        return FaultOutcome::resolved;
    }
    Page& page = page_of(entry.address());
    if (mapping.shared && mapping.object) {
        auto dirty = mapping.object->page_for_mapping(mapping.index_of(address), Access::write);
        if (!dirty)
            return dirty.error() == Errno::nomem ? FaultOutcome::no_memory
                                                 : FaultOutcome::bus_error;
        TableGuard guard(table_lock_);
        if (arch::PageEntry(*place).present() &&
            arch::PageEntry(*place).address() == (*dirty)->physical())
            *place = entry.with_protection(mapping.protection).writable_and_dirty().bits();
        arch::flush_local_page(address);
        return FaultOutcome::resolved;
    }
    if (page.use == PageUse::anonymous && page.references.load(std::memory_order_acquire) == 1) {
        TableGuard guard(table_lock_); // the last one who shares it: no copy needed
        *place = entry.with_protection(mapping.protection).writable_and_dirty().bits();
        arch::flush_local_page(address);
        return FaultOutcome::resolved;
    }
    const bool is_zero = &page == &zero_page();
    auto copy = allocate_frame(PageUse::anonymous,
                               is_zero ? FrameContent::zeroed : FrameContent::undefined);
    if (!copy)
        return FaultOutcome::no_memory;
    if (!is_zero)
        copy_frame(**copy, page);
    mapping.has_copies = true;
    {
        TableGuard guard(table_lock_);
        if (arch::PageEntry(*place).address() != entry.address() ||
            !arch::PageEntry(*place).present())
            return FaultOutcome::resolved; // truncated meanwhile
        *place = arch::PageEntry::make_user((*copy)->physical(), mapping.protection)
                     .writable_and_dirty()
                     .bits();
        (*copy)->maps.fetch_add(1, std::memory_order_relaxed);
        count_mapped(**copy, *this, 1);
        count_mapped(page, *this, -1);
    }
    (void)copy->release();
    // Other CPUs may still read the old page: it is dropped after they forget it.
    arch::flush_user_range(table_, address, address + page_size);
    page.maps.fetch_sub(1, std::memory_order_relaxed);
    release_page(page);
    return FaultOutcome::resolved;
}

Result<PageRef> AddressSpace::page_of_other(u64 address, Access access) {
    for (int tries = 0; tries < 8; ++tries) {
        const FaultOutcome outcome = fault_locked(address, access);
        if (outcome == FaultOutcome::no_memory)
            return Failure(Errno::nomem);
        if (outcome != FaultOutcome::resolved)
            return Failure(Errno::fault);
        TableGuard guard(table_lock_);
        const volatile u64* place = table_.find(address);
        const arch::PageEntry entry(place ? *place : 0);
        if (entry.present() && (access != Access::write || entry.writable()))
            return PageRef::share(page_of(entry.address()));
    }
    return Failure(Errno::fault);
}

Result<> AddressSpace::read_memory(UserVirt address, std::span<u8> target) {
    usize done = 0;
    while (done < target.size()) {
        const u64 at = address.value + done;
        if (at >= user_end)
            return Failure(Errno::fault);
        const u64 offset = at & (page_size - 1);
        const usize part = base::minimum<usize>(target.size() - done, page_size - offset);
        Guard guard(lock_);
        PageRef page = TRY(page_of_other(at - offset, Access::read));
        memcpy(target.data() + done, page->bytes() + offset, part);
        done += part;
    }
    return {};
}

Result<> AddressSpace::write_memory(UserVirt address, std::span<const u8> source,
                                    bool even_read_only) {
    usize done = 0;
    while (done < source.size()) {
        const u64 at = address.value + done;
        if (at >= user_end)
            return Failure(Errno::fault);
        const u64 offset = at & (page_size - 1);
        const usize part = base::minimum<usize>(source.size() - done, page_size - offset);
        Guard guard(lock_);
        Mapping* mapping = find(at);
        if (!mapping)
            return Failure(Errno::fault);
        // A debugger's breakpoint in private text: a copy is made as if the program could write.
        const Protection kept = mapping->protection;
        if (even_read_only && !mapping->shared)
            mapping->protection = kept | Protection::write;
        auto page = page_of_other(at - offset, Access::write);
        mapping->protection = kept;
        if (!page)
            return Failure(page.error());
        memcpy((*page)->bytes() + offset, source.data() + done, part);
        if (kept != (kept | Protection::write))
            apply_protection(*mapping, at - offset, at - offset + page_size);
        done += part;
    }
    return {};
}

} // namespace core
