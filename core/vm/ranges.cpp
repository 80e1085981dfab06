// SPDX-License-Identifier: BSD-2-Clause
// The set of mappings of an address space: look-up, room, splitting and merging.
#include "base/box.h"
#include "core/vm/address_space.h"
#include "core/vm/user_memory.h"

namespace core {
namespace {

constexpr u64 lowest_address = 0x1'0000; // the first 64 KiB are never mapped
constexpr u64 low_limit = u64{1} << 32;

// Whether `b` continues `a`, so that one mapping can stand for both.
bool continues(const Mapping& a, const Mapping& b) {
    if (a.end != b.start || a.protection != b.protection || a.maximum != b.maximum ||
        a.shared != b.shared || a.grows_down || b.grows_down || a.locked != b.locked ||
        a.dont_fork != b.dont_fork || a.wipe_on_fork != b.wipe_on_fork ||
        a.dont_dump != b.dont_dump || a.access_pattern != b.access_pattern || a.label != b.label ||
        !(a.object == b.object) || !(a.owner == b.owner))
        return false;
    return !a.object || b.object_page == a.index_of(a.end);
}

} // namespace

Mapping* AddressSpace::find(u64 address) {
    if (recent_ && recent_->start <= address && address < recent_->end) [[likely]]
        return recent_;
    Mapping* mapping = ranges_.first_ending_after(address);
    if (!mapping || mapping->start > address)
        return nullptr;
    recent_ = mapping;
    return mapping;
}

Mapping* AddressSpace::first_ending_after(u64 address) {
    return ranges_.first_ending_after(address);
}
Mapping* AddressSpace::next(Mapping& mapping) { return ranges_.next(mapping); }
Mapping* AddressSpace::previous(Mapping& mapping) { return ranges_.previous(mapping); }

bool AddressSpace::is_free(u64 start, u64 end) {
    const Mapping* mapping = first_ending_after(start);
    return !mapping || mapping->start >= end;
}

bool AddressSpace::covers(u64 start, u64 end) {
    const Mapping* mapping = first_ending_after(start);
    while (mapping && mapping->start <= start) {
        if (mapping->end >= end)
            return true;
        start = mapping->end;
        mapping = next(const_cast<Mapping&>(*mapping));
    }
    return false;
}

// Room from the top down. Above room_hint_ there was none of one page when it was set.
Result<u64> AddressSpace::find_room(u64 length, u64 hint, bool below_4g) {
    const u64 top = below_4g || compat ? low_limit : user_end;
    if (hint >= lowest_address && hint + length > hint && hint + length <= top &&
        is_free(hint, hint + length))
        return hint;
    u64 ceiling = map_base != 0 && map_base < top ? map_base : top;
    const bool use_hint = room_hint_ != 0 && room_hint_ <= ceiling;
    if (use_hint)
        ceiling = room_hint_;
    Mapping* above = first_ending_after(ceiling - 1);
    Mapping* below = above ? (above->start < ceiling ? above : previous(*above)) : ranges_.last();
    u64 end = below && below == above ? below->start : ceiling;
    if (below == above && below)
        below = previous(*below);
    while (true) {
        const u64 floor = below ? below->end : lowest_address;
        if (end >= floor && end - floor >= length) {
            if (!below_4g)
                room_hint_ = end;
            return end - length;
        }
        if (!below)
            break;
        end = below->start;
        below = previous(*below);
    }
    if (use_hint) { // room may have been given back above the hint
        room_hint_ = 0;
        return find_room(length, 0, below_4g);
    }
    // Nothing below the base: between it and the top, from the bottom up.
    u64 start = map_base;
    for (Mapping* m = first_ending_after(start); start + length <= top; m = next(*m)) {
        if (!m || m->start >= start + length)
            return start;
        start = m->end;
    }
    return Failure(Errno::nomem);
}

void AddressSpace::insert(Mapping& mapping) {
    mapping.space = this;
    ranges_.insert(mapping);
    mapped_pages_ += (mapping.end - mapping.start) >> page_shift;
    if (mapped_pages_ > mapped_peak_)
        mapped_peak_ = mapped_pages_;
    if (mapping.object)
        mapping.object->add_mapping(mapping);
    if (mapping.owner)
        mapping.owner->mapping_added();
}

void AddressSpace::erase(Mapping& mapping) {
    if (recent_ == &mapping)
        recent_ = nullptr;
    if (mapping.owner)
        mapping.owner->mapping_removed();
    if (mapping.object)
        mapping.object->remove_mapping(mapping);
    ranges_.erase(mapping);
    mapped_pages_ -= (mapping.end - mapping.start) >> page_shift;
    if (mapping.end > room_hint_)
        room_hint_ = mapping.end;
    delete &mapping;
}

Result<> AddressSpace::split(Mapping& mapping, u64 at) {
    auto upper = TRY(Box<Mapping>::create());
    upper->start = at;
    upper->end = mapping.end;
    upper->protection = mapping.protection;
    upper->maximum = mapping.maximum;
    upper->shared = mapping.shared;
    upper->grows_down = false;
    upper->locked = mapping.locked;
    upper->dont_fork = mapping.dont_fork;
    upper->wipe_on_fork = mapping.wipe_on_fork;
    upper->dont_dump = mapping.dont_dump;
    upper->has_copies = mapping.has_copies;
    upper->access_pattern = mapping.access_pattern;
    upper->object_page = mapping.index_of(at);
    upper->object = mapping.object;
    upper->owner = mapping.owner;
    upper->label = mapping.label;
    if (mapping.object)
        mapping.object->remove_mapping(mapping);
    mapped_pages_ -= (mapping.end - at) >> page_shift;
    mapping.end = at;
    if (mapping.object)
        mapping.object->add_mapping(mapping);
    insert(*upper.release());
    return {};
}

Result<> AddressSpace::split_at(u64 address) {
    Mapping* mapping = find(address);
    if (mapping && mapping->start < address)
        TRY(split(*mapping, address));
    return {};
}

Mapping& AddressSpace::try_merge(Mapping& mapping) {
    Mapping* kept = &mapping;
    auto absorb = [&](Mapping& low, Mapping& high) PITH_NO_ANALYSIS {
        const u64 end = high.end;
        low.has_copies |= high.has_copies;
        if (low.object)
            low.object->remove_mapping(low);
        erase(high);
        mapped_pages_ += (end - low.end) >> page_shift;
        low.end = end;
        if (low.object)
            low.object->add_mapping(low);
        kept = &low;
    };
    if (Mapping* low = previous(mapping); low && continues(*low, mapping))
        absorb(*low, mapping);
    // More than one: a range that was split at its end may follow what now continues into it.
    for (Mapping* high = next(*kept); high && continues(*kept, *high); high = next(*kept))
        absorb(*kept, *high);
    return *kept;
}

Result<> AddressSpace::check_limits(const MapRequest& request, u64 length) {
    const u64 pages = length >> page_shift;
    if (((mapped_pages_ + pages) << page_shift) > limits.address_space)
        return Failure(Errno::nomem);
    if (request.locked && ((locked_pages_ + pages) << page_shift) > limits.locked)
        return Failure(Errno::again);
    return {};
}

} // namespace core
