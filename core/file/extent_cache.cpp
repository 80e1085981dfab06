// SPDX-License-Identifier: BSD-2-Clause
#include "core/file/extent_cache.h"

#include "base/allocate.h"

namespace core::file {

namespace {

u64 end_of(const FileExtent& extent) { return extent.logical + extent.length; }

// The part of `extent` in from..to-1, which is not empty.
FileExtent part_of(const FileExtent& extent, u64 from, u64 to) {
    FileExtent part = extent;
    part.logical = from;
    part.length = static_cast<u32>(to - from);
    if (extent.kind != FileExtent::Kind::hole)
        part.physical += from - extent.logical;
    return part;
}

} // namespace

u32 ExtentCache::position_of(u64 logical) const {
    u32 low = 0, high = count_;
    while (low < high) {
        const u32 middle = (low + high) / 2;
        if (end_of(extents_[middle]) <= logical)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const FileExtent* ExtentCache::find(u64 logical) const {
    const u32 position = position_of(logical);
    if (position == count_ || extents_[position].logical > logical)
        return nullptr;
    return &extents_[position];
}

bool ExtentCache::make_room(u32 wanted) {
    if (wanted <= capacity_)
        return true;
    const u32 capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    if (capacity > max_extents)
        return false;
    auto* larger = new (base::fallible) FileExtent[capacity];
    if (!larger)
        return false;
    for (u32 i = 0; i < count_; ++i)
        larger[i] = extents_[i];
    delete[] extents_;
    extents_ = larger;
    capacity_ = capacity;
    return true;
}

void ExtentCache::erase(u32 first, u32 last) {
    for (u32 i = last; i < count_; ++i)
        extents_[first + i - last] = extents_[i];
    count_ -= last - first;
}

bool ExtentCache::put(u32 position, const FileExtent& extent) {
    if (!make_room(count_ + 1))
        return false;
    for (u32 i = count_; i > position; --i)
        extents_[i] = extents_[i - 1];
    extents_[position] = extent;
    ++count_;
    return true;
}

bool ExtentCache::joins(const FileExtent& left, const FileExtent& right) const {
    return left.kind == right.kind && end_of(left) == right.logical &&
           (left.kind == FileExtent::Kind::hole || left.physical + left.length == right.physical) &&
           u64{left.length} + right.length < 0x8000'0000;
}

void ExtentCache::forget(u64 from, u64 to) {
    if (from >= to)
        return;
    u32 first = position_of(from);
    if (first < count_ && extents_[first].logical < from) {
        const FileExtent whole = extents_[first];
        extents_[first] = part_of(whole, whole.logical, from);
        ++first;
        // Without memory for its other half the extent is just forgotten a little further.
        if (end_of(whole) > to) {
            put(first, part_of(whole, to, end_of(whole)));
            return;
        }
    }
    u32 last = first;
    while (last < count_ && end_of(extents_[last]) <= to)
        ++last;
    if (last < count_ && extents_[last].logical < to)
        extents_[last] = part_of(extents_[last], to, end_of(extents_[last]));
    erase(first, last);
}

void ExtentCache::insert(const FileExtent& extent) {
    if (extent.length == 0)
        return;
    forget(extent.logical, end_of(extent));
    u32 position = position_of(extent.logical);
    if (position > 0 && joins(extents_[position - 1], extent)) {
        extents_[--position].length += extent.length;
    } else if (!put(position, extent)) {
        // Full: begin again with what is of use now.
        count_ = 0;
        position = 0;
        if (!put(0, extent))
            return;
    }
    if (position + 1 < count_ && joins(extents_[position], extents_[position + 1])) {
        extents_[position].length += extents_[position + 1].length;
        erase(position + 1, position + 2);
    }
}

} // namespace core::file
