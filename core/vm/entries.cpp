// SPDX-License-Identifier: BSD-2-Clause
// What happens to the page-table entries of a range: removal, new rights, copies for fork, moves.
#include <optional>

#include "base/bits.h"
#include "base/box.h"
#include "core/memory/frames.h"
#include "core/vm/address_space.h"
#include "core/vm/page_batch.h"
#include "core/vm/reclaim.h"
#include "core/vm/user_memory.h"

namespace core {
namespace {

constexpr u64 leaf_span = u64{1} << 21; // what one leaf table covers

// Places of consecutive addresses in tables that are made as needed, one walk a table.
class PlaceCursor {
public:
    explicit PlaceCursor(arch::PageTable& table) : table_(table) {}

    Result<volatile u64*> at(u64 address) {
        if ((address & ~(leaf_span - 1)) != span_) {
            span_ = ~u64{0};
            first_ = TRY(table_.make(address & ~(leaf_span - 1)));
            span_ = address & ~(leaf_span - 1);
        }
        return first_ + ((address & (leaf_span - 1)) >> page_shift);
    }

private:
    arch::PageTable& table_;
    u64 span_ = ~u64{0};
    volatile u64* first_ = nullptr;
};

} // namespace

void AddressSpace::count_mapped(Page& page, AddressSpace& space, i64 change) {
    if (page.use == PageUse::kernel)
        return; // the zero page, vdso pages
    const i64 now = space.resident_pages_.load(std::memory_order_relaxed) + change;
    space.resident_pages_.store(now, std::memory_order_relaxed);
    if (now > space.resident_peak_)
        space.resident_peak_ = now;
    if (page.use == PageUse::object)
        space.resident_file_pages_.store(
            space.resident_file_pages_.load(std::memory_order_relaxed) + change,
            std::memory_order_relaxed);
}

void AddressSpace::zap(u64 start, u64 end) {
    PageBatch batch(table_);
    // The lock is dropped while a full batch is flushed; nobody else adds entries meanwhile.
    u64 at = start;
    while (at < end) {
        u64 stopped = end;
        {
            TableGuard guard(table_lock_);
            table_.for_each_leaf(at, end, [&](u64 address, volatile u64* place) {
                const arch::PageEntry entry(*place);
                if (entry.is_none() || address >= stopped)
                    return;
                if (batch.full()) {
                    stopped = address;
                    return;
                }
                *place = 0;
                Page& page = page_of(entry.address());
                count_mapped(page, *this, -1);
                batch.add(address, &page);
            });
        }
        batch.flush();
        at = stopped;
    }
    if (end - start >= leaf_span)
        table_.free_tables(start, end);
}

void AddressSpace::apply_protection(Mapping& mapping, u64 start, u64 end) {
    PageBatch batch(table_);
    TableGuard guard(table_lock_);
    const bool write = includes(mapping.protection, Protection::write);
    table_.for_each_leaf(start, end, [&](u64 address, volatile u64* place) {
        const arch::PageEntry old(*place);
        if (!old.present())
            return;
        arch::PageEntry changed = old.with_protection(mapping.protection);
        const Page& page = page_of(old.address());
        // Write access only where no fault is needed first: to copy, or to tell the object.
        const bool own =
            page.use == PageUse::anonymous && page.references.load(std::memory_order_acquire) == 1;
        if (write && !own && !old.writable())
            changed = changed.read_only();
        if (changed == old)
            return;
        *place = changed.bits();
        batch.touch(address);
    });
}

Result<> AddressSpace::copy_mapping(const Mapping& mapping, AddressSpace& target) {
    // The object's pages are found again by faults; copies the program made are not.
    if (mapping.shared || (mapping.object && !mapping.has_copies))
        return {};
    PageBatch batch(table_);
    PlaceCursor places(target.table_);
    Result<> outcome;
    i64 resident = 0, resident_file = 0;
    {
        TableGuard guard(table_lock_);
        table_.for_each_leaf(mapping.start, mapping.end, [&](u64 address, volatile u64* place) {
            const arch::PageEntry entry(*place);
            if (!entry.present() || !outcome)
                return;
            auto copy = places.at(address);
            if (!copy) {
                outcome = Failure(copy.error());
                return;
            }
            if (entry.writable()) {
                *place = entry.read_only().bits();
                batch.touch(address);
            }
            Page& page = page_of(entry.address());
            page.references.fetch_add(1, std::memory_order_relaxed);
            page.maps.fetch_add(1, std::memory_order_relaxed);
            **copy = entry.read_only().bits();
            resident += page.use != PageUse::kernel;
            resident_file += page.use == PageUse::object;
        });
    }
    target.resident_pages_.fetch_add(resident, std::memory_order_relaxed);
    target.resident_file_pages_.fetch_add(resident_file, std::memory_order_relaxed);
    return outcome;
}

Result<Ref<AddressSpace>> AddressSpace::clone() {
    Ref<AddressSpace> copy = TRY(create());
    Guard guard(lock_);
    // Nobody else can see the copy yet; its lock is of our class, so it is not taken.
    auto fill = [&]() PITH_NO_ANALYSIS -> Result<> {
        copy->limits = limits;
        copy->map_base = map_base;
        copy->compat = compat;
        for (Mapping* m = ranges_.first(); m; m = next(*m)) {
            if (m->dont_fork)
                continue;
            auto twin = TRY(Box<Mapping>::create());
            twin->start = m->start;
            twin->end = m->end;
            twin->protection = m->protection;
            twin->maximum = m->maximum;
            twin->shared = m->shared;
            twin->grows_down = m->grows_down;
            twin->wipe_on_fork = m->wipe_on_fork;
            twin->dont_dump = m->dont_dump;
            twin->has_copies = m->has_copies;
            twin->access_pattern = m->access_pattern;
            twin->object_page = m->object_page;
            twin->object = m->object;
            twin->owner = m->owner;
            twin->label = m->label;
            copy->insert(*twin.release());
            if (!m->wipe_on_fork)
                TRY(copy_mapping(*m, *copy));
        }
        return {};
    };
    TRY(fill());
    return copy;
}

void AddressSpace::unmap_object_pages(Mapping& mapping, u64 first, u64 last) {
    const u64 mapped_first = mapping.object_page;
    const u64 mapped_last = mapped_first + ((mapping.end - mapping.start) >> page_shift);
    first = base::maximum(first, mapped_first);
    last = base::minimum(last, mapped_last);
    if (first >= last)
        return;
    u64 at = mapping.start + ((first - mapped_first) << page_shift);
    const u64 end = mapping.start + ((last - mapped_first) << page_shift);
    PageBatch batch(table_);
    while (at < end) {
        u64 stopped = end;
        {
            TableGuard guard(table_lock_);
            table_.for_each_leaf(at, end, [&](u64 address, volatile u64* place) {
                const arch::PageEntry entry(*place);
                if (!entry.present() || address >= stopped)
                    return;
                Page& page = page_of(entry.address());
                if (page.use != PageUse::object)
                    return; // a private copy
                if (batch.full()) {
                    stopped = address;
                    return;
                }
                *place = 0;
                count_mapped(page, *this, -1);
                batch.add(address, &page);
            });
        }
        batch.flush();
        at = stopped;
    }
}

bool AddressSpace::write_protect_object_page(Mapping& mapping, Page& page) {
    const u64 count = (mapping.end - mapping.start) >> page_shift;
    if (page.index < mapping.object_page || page.index - mapping.object_page >= count)
        return false;
    const u64 address = mapping.start + ((page.index - mapping.object_page) << page_shift);
    {
        TableGuard guard(table_lock_);
        volatile u64* place = table_.find(address);
        const arch::PageEntry entry(place ? *place : 0);
        if (!entry.present() || !entry.writable() || entry.address() != page.physical())
            return false;
        *place = entry.read_only().bits();
    }
    arch::flush_user_range(table_, address, address + page_size);
    return true;
}

Result<> AddressSpace::move_entries(u64 from, u64 to, u64 length) {
    PlaceCursor places(table_);
    for (u64 at = 0; at < length; at += leaf_span) // make the tables before anything moves
        TRY(places.at(to + at));
    TRY(places.at(to + length - page_size));
    PageBatch batch(table_);
    Result<> outcome;
    {
        TableGuard guard(table_lock_);
        table_.for_each_leaf(from, from + length, [&](u64 address, volatile u64* place) {
            if (*place == 0)
                return;
            auto target = places.at(to + (address - from));
            if (!target) {
                outcome = Failure(target.error());
                return;
            }
            **target = *place;
            *place = 0;
            batch.touch(address);
        });
    }
    return outcome;
}

} // namespace core
