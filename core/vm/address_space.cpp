// SPDX-License-Identifier: BSD-2-Clause
// Mapping, unmapping and what else changes the ranges of an address space.
#include "core/vm/address_space.h"

#include "base/bits.h"
#include "base/box.h"
#include "core/vm/page_cache.h"
#include "core/vm/user_memory.h"

namespace core {
namespace {

u64 round_up(u64 length) { return base::align_up(length, page_size); }

// Checks start..start+length-1 of a call: aligned, inside the user half. Gives the end.
Result<u64> checked_end(UserVirt start, Bytes length) {
    if (start.page_offset() != 0)
        return Failure(Errno::inval);
    const u64 size = round_up(length.value);
    if (size < length.value || size > user_end || start.value > user_end - size)
        return Failure(Errno::nomem);
    return start.value + size;
}

} // namespace

AddressSpace::AddressSpace(arch::PageTable table)
    : Object(ObjectKind::address_space), table_(std::move(table)) {}

Result<Ref<AddressSpace>> AddressSpace::create() {
    return Ref<AddressSpace>::create(TRY(arch::PageTable::create()));
}

AddressSpace::~AddressSpace() { clear(); }

Result<UserVirt> AddressSpace::map(const MapRequest& request) {
    Result<UserVirt> result = Failure(Errno::inval);
    {
        Guard guard(lock_);
        result = map_locked(request);
    }
    if (result && (request.populate || request.locked))
        (void)populate(
            *result, request.length, // as mmap(2): a failure to populate is not one of the call
            includes(request.protection, Protection::write) ? Access::write : Access::read);
    return result;
}

Result<UserVirt> AddressSpace::map_locked(const MapRequest& request) {
    const u64 length = round_up(request.length.value);
    if (request.length.value == 0)
        return Failure(Errno::inval);
    if (length < request.length.value || length > user_end)
        return Failure(Errno::nomem);
    if (!includes(request.maximum, request.protection))
        return Failure(Errno::acces);
    u64 start = request.address.value;
    if (request.placement == MapRequest::Placement::anywhere) {
        TRY(check_limits(request, length));
        start = TRY(find_room(length, start & ~(page_size - 1), request.below_4g));
    } else {
        const u64 end = TRY(checked_end(request.address, request.length));
        if (start < page_size)
            return Failure(Errno::perm);
        if (request.placement == MapRequest::Placement::fixed_no_replace && !is_free(start, end))
            return Failure(Errno::exist);
        TRY(check_limits(request, length));
        TRY(remove_range(start, end));
    }
    auto mapping = TRY(Box<Mapping>::create());
    mapping->start = start;
    mapping->end = start + length;
    mapping->protection = request.protection;
    mapping->maximum = request.maximum;
    mapping->shared = request.shared;
    mapping->grows_down = request.grows_down;
    mapping->locked = request.locked;
    mapping->object = request.object;
    mapping->object_page = request.object_page;
    mapping->owner = request.owner;
    mapping->label = request.label;
    if (request.locked)
        locked_pages_ += length >> page_shift;
    Mapping& inserted = *mapping.release();
    insert(inserted);
    try_merge(inserted);
    return UserVirt(start);
}

Result<> AddressSpace::unmap(UserVirt address, Bytes length) {
    const u64 end = TRY(checked_end(address, length));
    if (length.value == 0)
        return Failure(Errno::inval);
    Guard guard(lock_);
    return remove_range(address.value, end);
}

Result<> AddressSpace::unmap_object(UserVirt base, bool (*is_wanted)(const Object& owner)) {
    const auto is_in_place = [base](const Mapping& m) {
        return m.shared && m.start >= base.value &&
               (m.start - base.value) >> page_shift == m.object_page;
    };
    RefOrNull<Object> owner; // dropped without the lock: it may be the last
    Guard guard(lock_);
    u64 at = base.value;
    while (Mapping* m = first_ending_after(at)) {
        at = m->end;
        if (!m->owner || !is_in_place(*m))
            continue;
        if (owner ? m->owner == owner : is_wanted(*m->owner)) {
            owner = m->owner;
            TRY(remove_range(m->start, m->end)); // whole ranges: nothing is split
        }
    }
    return owner ? Result<>() : Failure(Errno::inval);
}

Result<> AddressSpace::remove_range(u64 start, u64 end) {
    TRY(split_at(start));
    TRY(split_at(end));
    Mapping* mapping = first_ending_after(start);
    if (!mapping || mapping->start >= end)
        return {};
    zap(start, end);
    while (mapping && mapping->start < end) {
        Mapping* following = next(*mapping);
        if (mapping->locked)
            locked_pages_ -= (mapping->end - mapping->start) >> page_shift;
        erase(*mapping);
        mapping = following;
    }
    return {};
}

Result<> AddressSpace::protect(UserVirt address, Bytes length, Protection protection) {
    const u64 end = TRY(checked_end(address, length));
    if (length.value == 0)
        return {};
    Guard guard(lock_);
    // As mprotect(2): what lies before a hole or a refusal is changed all the same.
    u64 at = address.value;
    while (at < end) {
        Mapping* mapping = find(at);
        if (!mapping)
            return Failure(Errno::nomem);
        if (!includes(mapping->maximum, protection))
            return Failure(Errno::acces);
        const u64 next_start = base::minimum(mapping->end, end);
        if (mapping->protection != protection) {
            TRY(split_at(at));
            TRY(split_at(next_start));
            mapping = find(at);
            mapping->protection = protection;
            apply_protection(*mapping, mapping->start, mapping->end);
            try_merge(*mapping);
        }
        at = next_start;
    }
    return {};
}

Result<> AddressSpace::set_heap(UserVirt start, UserVirt end) {
    const u64 from = base::align_up(start.value, page_size);
    const u64 to = base::align_up(end.value, page_size);
    Guard guard(lock_);
    Mapping* heap = nullptr;
    for (Mapping* m = first_ending_after(from);
         m && m->label && std::string_view(m->label) == "[heap]"; m = next(*m))
        heap = m;
    const u64 current = heap ? heap->end : from;
    if (to < current)
        return remove_range(to, current);
    if (to == current)
        return {};
    if (to - from > limits.data || !is_free(current, to))
        return Failure(Errno::nomem);
    MapRequest request;
    request.address = UserVirt(current);
    request.length = Bytes(to - current);
    request.protection = Protection::read | Protection::write;
    request.placement = MapRequest::Placement::fixed_no_replace;
    request.label = "[heap]";
    TRY(map_locked(request));
    return {};
}

Result<> AddressSpace::discard(UserVirt address, Bytes length) {
    const u64 end = TRY(checked_end(address, length));
    Guard guard(lock_);
    bool hole = !covers(address.value, end) && length.value != 0;
    for (Mapping* m = first_ending_after(address.value); m && m->start < end; m = next(*m)) {
        if (m->locked)
            return Failure(Errno::inval);
        zap(base::maximum(m->start, address.value), base::minimum(m->end, end));
    }
    if (hole)
        return Failure(Errno::nomem);
    return {};
}

Result<> AddressSpace::populate(UserVirt address, Bytes length, Access access) {
    const u64 end = TRY(checked_end(UserVirt(address.value & ~(page_size - 1)), length));
    for (u64 at = address.value & ~(page_size - 1); at < end; at += page_size) {
        FaultOutcome outcome;
        {
            Guard guard(lock_);
            outcome = fault_locked(at, access);
        }
        if (outcome == FaultOutcome::no_memory)
            return Failure(Errno::nomem);
        if (outcome == FaultOutcome::no_right)
            return Failure(Errno::acces);
        if (outcome != FaultOutcome::resolved)
            return Failure(outcome == FaultOutcome::bus_error ? Errno::fault : Errno::nomem);
    }
    return {};
}

Result<> AddressSpace::sync(UserVirt address, Bytes length) {
    const u64 end = TRY(checked_end(address, length));
    u64 at = address.value;
    bool hole = false;
    while (at < end) {
        RefOrNull<MemoryObject> object;
        u64 first = 0, last = 0;
        {
            Guard guard(lock_);
            Mapping* mapping = first_ending_after(at);
            if (!mapping || mapping->start >= end) {
                hole = true;
                break;
            }
            hole |= mapping->start > at;
            const u64 from = base::maximum(at, mapping->start);
            at = base::minimum(end, mapping->end);
            if (mapping->shared && mapping->object) {
                object = mapping->object;
                first = mapping->index_of(from);
                last = mapping->index_of(at - 1) + 1;
            }
        }
        if (object)
            TRY(object->write_back_pages(first, last));
    }
    if (hole)
        return Failure(Errno::nomem);
    return {};
}

Result<> AddressSpace::residency(UserVirt address, std::span<u8> pages) {
    const u64 end = TRY(checked_end(address, Bytes(pages.size() << page_shift)));
    Guard guard(lock_);
    if (!covers(address.value, end))
        return Failure(Errno::nomem);
    usize i = 0;
    for (u64 at = address.value; at < end; at += page_size, ++i) {
        const volatile u64* place = table_.find(at);
        pages[i] = place && arch::PageEntry(*place).present() ? 1 : 0;
        Mapping* mapping = find(at);
        if (!pages[i] && mapping->object && mapping->object->try_page(mapping->index_of(at)))
            pages[i] = 1;
    }
    return {};
}

void AddressSpace::clear() {
    Guard guard(lock_);
    remove_everything();
    while (Mapping* mapping = ranges_.first())
        erase(*mapping);
    locked_pages_ = 0;
}

void AddressSpace::for_each(UserVirt from, bool (*visit)(const Mapping& mapping, void* argument),
                            void* argument) {
    Guard guard(lock_);
    for (Mapping* m = first_ending_after(from.value); m; m = next(*m)) {
        if (!visit(*m, argument))
            return;
    }
}

AddressSpace::Statistics AddressSpace::statistics() {
    Guard guard(lock_);
    Statistics s;
    auto positive = [](i64 n) { return Pages(n > 0 ? static_cast<u64>(n) : 0); };
    s.mapped = Pages(mapped_pages_);
    s.mapped_peak = Pages(mapped_peak_);
    s.resident = positive(resident_pages_.load(std::memory_order_relaxed));
    s.resident_file = positive(resident_file_pages_.load(std::memory_order_relaxed));
    s.resident_peak = positive(base::maximum(resident_peak_, static_cast<i64>(s.resident.value)));
    s.locked = Pages(locked_pages_);
    s.page_tables = Pages(table_.table_pages());
    for (Mapping* m = ranges_.first(); m; m = next(*m)) {
        const Pages pages((m->end - m->start) >> page_shift);
        if (m->grows_down)
            s.stack += pages;
        else if (includes(m->protection, Protection::execute))
            s.text += pages;
        else if (!m->shared && includes(m->protection, Protection::write))
            s.data += pages;
    }
    return s;
}

Result<AddressSpace::WordKey> AddressSpace::word_key(UserVirt address, bool shared) {
    if (address.value > user_end - 4)
        return Failure(Errno::fault);
    if (!shared)
        return WordKey{this, address.value};
    Guard guard(lock_);
    const Mapping* mapping = find(address.value);
    if (!mapping)
        return Failure(Errno::fault);
    if (!mapping->shared || !mapping->object)
        return WordKey{this, address.value};
    return WordKey{mapping->object.get(), (mapping->index_of(address.value) << page_shift) |
                                              (address.value & (page_size - 1))};
}

} // namespace core
