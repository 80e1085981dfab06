// SPDX-License-Identifier: BSD-2-Clause
// What happens to the page-table entries of a range: removal, new rights, copies for fork, moves.
#include "base/bits.h"
#include "base/box.h"
#include "core/memory/page_records.h"
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

// Resident pages that a walk met, for the figures of their space.
struct Met {
    i64 resident = 0, file = 0;

    void note(const Page& page) {
        resident += page.use != PageUse::kernel; // the zero page and vdso pages do not count
        file += page.use == PageUse::object;
    }
};

// Takes the pages that are `wanted` out of a stretch of places until the batch is full; answers how
// many places it looked at.
template <typename Wanted>
usize take_pages(u64 address, std::span<volatile u64> places, PageBatch& batch, Met& met,
                 Wanted wanted) {
    usize first = places.size(), after_last = 0, i = 0;
    for (; i < places.size(); ++i) {
        const arch::PageEntry entry(places[i]);
        if (entry.is_none())
            continue;
        Page& page = record_of(entry.address());
        if (!wanted(page))
            continue;
        if (batch.full())
            break;
        places[i] = 0;
        met.note(page);
        batch.add(page);
        first = base::minimum(first, i);
        after_last = i + 1;
    }
    if (first < after_last)
        batch.touch(address + (first << page_shift), address + (after_last << page_shift));
    return i;
}

// Copies the entries of one stretch to the same addresses of a new space; what is writable becomes
// copy-on-write in both. Errors: nomem.
Result<> copy_entries(u64 address, std::span<volatile u64> places, arch::PageTable& target,
                      PageBatch& batch, Met& met) {
    volatile u64* copies = nullptr;
    bool narrowed = false;
    for (usize i = 0; i < places.size(); ++i) {
        const arch::PageEntry entry(places[i]);
        if (!entry.present())
            continue;
        if (!copies) [[unlikely]]
            copies = TRY(target.make(address));
        const arch::PageEntry shared = entry.read_only();
        if (shared != entry) {
            places[i] = shared.bits();
            narrowed = true;
        }
        Page& page = record_of(entry.address());
        page.references.fetch_add(1, std::memory_order_relaxed);
        page.maps.fetch_add(1, std::memory_order_relaxed);
        copies[i] = shared.bits();
        met.note(page);
    }
    if (narrowed)
        batch.touch(address, address + (places.size() << page_shift));
    return {};
}

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

template <typename Wanted>
void AddressSpace::remove_pages(u64 start, u64 end, PageBatch& batch, Wanted wanted) {
    // The lock is dropped while a full batch is flushed; nobody else adds entries meanwhile.
    u64 at = start;
    while (at < end) {
        u64 stopped = end;
        {
            TableGuard guard(table_lock_);
            Met met;
            table_.for_each_stretch(at, end, [&](u64 address, std::span<volatile u64> places) {
                const usize seen = take_pages(address, places, batch, met, wanted);
                if (seen == places.size())
                    return true;
                stopped = address + (seen << page_shift);
                return false;
            });
            resident_pages_.fetch_sub(met.resident, std::memory_order_relaxed);
            resident_file_pages_.fetch_sub(met.file, std::memory_order_relaxed);
        }
        at = stopped;
        if (at < end)
            batch.flush();
    }
}

void AddressSpace::zap(u64 start, u64 end) {
    PageBatch batch(table_);
    remove_pages(start, end, batch, [](const Page&) { return true; });
    batch.flush();
    if (end - start >= leaf_span)
        table_.free_tables(start, end);
}

// Goes by the mappings: most places of the tables of a small program are empty.
void AddressSpace::remove_everything() {
    {
        PageBatch batch(table_);
        for (Mapping* m = ranges_.first(); m; m = next(*m))
            remove_pages(m->start, m->end, batch, [](const Page&) { return true; });
    }
    for (unsigned level = 1; level <= arch::PageTable::levels_to_free; ++level) {
        for (Mapping* m = ranges_.first(); m; m = next(*m))
            table_.unlink_level(level, m->start, m->end);
    }
    table_.free_unlinked();
    if (table_.table_pages() != 1) // those of mappings that are gone
        table_.free_tables(0, user_end);
}

void AddressSpace::apply_protection(Mapping& mapping, u64 start, u64 end) {
    PageBatch batch(table_);
    TableGuard guard(table_lock_);
    const bool write = includes(mapping.protection, Protection::write);
    table_.for_each_stretch(start, end, [&](u64 address, std::span<volatile u64> places) {
        for (usize i = 0; i < places.size(); ++i) {
            const arch::PageEntry old(places[i]);
            if (!old.present())
                continue;
            arch::PageEntry changed = old.with_protection(mapping.protection);
            const Page& page = record_of(old.address());
            // Write access only where no fault is needed first: to copy, or to tell the object.
            const bool own = page.use == PageUse::anonymous &&
                             page.references.load(std::memory_order_acquire) == 1;
            if (write && !own && !old.writable())
                changed = changed.read_only();
            if (changed == old)
                continue;
            places[i] = changed.bits();
            const u64 at = address + (i << page_shift);
            batch.touch(at, at + page_size);
        }
        return true;
    });
}

Result<> AddressSpace::copy_mapping(const Mapping& mapping, AddressSpace& target) {
    // The object's pages are found again by faults; copies the program made are not.
    if (mapping.shared || (mapping.object && !mapping.has_copies))
        return {};
    PageBatch batch(table_);
    Result<> outcome;
    Met met;
    {
        TableGuard guard(table_lock_);
        table_.for_each_stretch(
            mapping.start, mapping.end, [&](u64 address, std::span<volatile u64> places) {
                outcome = copy_entries(address, places, target.table_, batch, met);
                return outcome.has_value();
            });
    }
    target.resident_pages_.fetch_add(met.resident, std::memory_order_relaxed);
    target.resident_file_pages_.fetch_add(met.file, std::memory_order_relaxed);
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
    const u64 at = mapping.start + ((first - mapped_first) << page_shift);
    const u64 end = mapping.start + ((last - mapped_first) << page_shift);
    PageBatch batch(table_);
    remove_pages(at, end, batch, [](const Page& page) {
        return page.use == PageUse::object; // else a private copy
    });
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
    const u64 end = from + length;
    {
        TableGuard guard(table_lock_);
        table_.for_each_stretch(from, end, [&](u64 address, std::span<volatile u64> sources) {
            for (usize i = 0; i < sources.size(); ++i) {
                if (sources[i] == 0)
                    continue;
                const u64 at = address + (i << page_shift);
                auto target = places.at(to + (at - from));
                if (!target) {
                    outcome = Failure(target.error());
                    return false;
                }
                **target = sources[i];
                sources[i] = 0;
                batch.touch(at, at + page_size);
            }
            return true;
        });
    }
    return outcome;
}

} // namespace core
