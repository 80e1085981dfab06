// SPDX-License-Identifier: BSD-2-Clause
// Properties of mappings that madvise(2) and mlock(2) change.
#include "base/bits.h"
#include "core/vm/address_space.h"
#include "core/vm/user_memory.h"

namespace core {

Result<> AddressSpace::change_mapping(Mapping& mapping, MappingChange what) {
    const u64 pages = (mapping.end - mapping.start) >> page_shift;
    switch (what) {
    case MappingChange::access_normal: mapping.access_pattern = 0; break;
    case MappingChange::access_random: mapping.access_pattern = 1; break;
    case MappingChange::access_sequential: mapping.access_pattern = 2; break;
    case MappingChange::dont_fork: mapping.dont_fork = true; break;
    case MappingChange::do_fork: mapping.dont_fork = false; break;
    case MappingChange::wipe_on_fork:
        if (mapping.object || mapping.shared)
            return Failure(Errno::inval);
        mapping.wipe_on_fork = true;
        break;
    case MappingChange::keep_on_fork: mapping.wipe_on_fork = false; break;
    case MappingChange::dont_dump: mapping.dont_dump = true; break;
    case MappingChange::do_dump: mapping.dont_dump = false; break;
    case MappingChange::lock:
        locked_pages_ += mapping.locked ? 0 : pages;
        mapping.locked = true;
        break;
    case MappingChange::unlock:
        locked_pages_ -= mapping.locked ? pages : 0;
        mapping.locked = false;
        break;
    }
    return {};
}

Result<> AddressSpace::change(UserVirt address, Bytes length, MappingChange what) {
    const u64 size = base::align_up(length.value, page_size);
    if (address.page_offset() != 0 || size < length.value)
        return Failure(Errno::inval);
    if (size > user_end || address.value > user_end - size)
        return Failure(Errno::nomem);
    const u64 end = address.value + size;
    Guard guard(lock_);
    const bool hole = size != 0 && !covers(address.value, end);
    TRY(split_at(address.value));
    TRY(split_at(end));
    Mapping* mapping = first_ending_after(address.value);
    while (mapping && mapping->start < end) {
        TRY(change_mapping(*mapping, what));
        mapping = next(try_merge(*mapping));
    }
    if (hole)
        return Failure(Errno::nomem);
    return {};
}

Result<> AddressSpace::change_all(MappingChange what) {
    Guard guard(lock_);
    for (Mapping* mapping = ranges_.first(); mapping; mapping = next(*mapping))
        TRY(change_mapping(*mapping, what));
    return {};
}

} // namespace core
