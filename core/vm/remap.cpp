// SPDX-License-Identifier: BSD-2-Clause
// mremap: growing in place, shrinking, moving.
#include "base/bits.h"
#include "base/box.h"
#include "core/vm/address_space.h"
#include "core/vm/user_memory.h"

namespace core {

Result<UserVirt> AddressSpace::remap(const RemapRequest& request) {
    Guard guard(lock_);
    return remap_locked(request);
}

Result<UserVirt> AddressSpace::remap_locked(const RemapRequest& request) {
    const u64 start = request.old_address.value;
    const u64 old_length = base::align_up(request.old_length.value, page_size);
    const u64 new_length = base::align_up(request.new_length.value, page_size);
    if (start % page_size != 0 || new_length == 0 || new_length > user_end)
        return Failure(Errno::inval);
    if (start > user_end || old_length > user_end - start)
        return Failure(Errno::fault);
    Mapping* mapping = find(start);
    if (!mapping)
        return Failure(Errno::fault);
    if (old_length == 0 && !mapping->shared)
        return Failure(Errno::inval);
    if (request.fixed) {
        const u64 target = request.new_address.value;
        if (target % page_size != 0 || target > user_end || new_length > user_end - target)
            return Failure(Errno::inval);
        if (target < start + old_length && start < target + new_length)
            return Failure(Errno::inval);
    }
    if (old_length > new_length && !request.fixed && !request.dont_unmap) {
        TRY(remove_range(start + new_length, start + old_length));
        return request.old_address;
    }
    if (start + old_length > mapping->end)
        return Failure(Errno::fault);
    if (!request.fixed && !request.dont_unmap) {
        if (new_length == old_length)
            return request.old_address;
        const u64 end = start + new_length;
        if (start + old_length == mapping->end && end <= user_end && is_free(mapping->end, end)) {
            const u64 added = end - mapping->end;
            if (((mapped_pages_ << page_shift) + added) > limits.address_space)
                return Failure(Errno::nomem);
            if (mapping->object)
                mapping->object->remove_mapping(*mapping);
            mapping->end = end;
            mapped_pages_ += added >> page_shift;
            if (mapping->object)
                mapping->object->add_mapping(*mapping);
            try_merge(*mapping);
            return request.old_address;
        }
        if (!request.may_move)
            return Failure(Errno::nomem);
    }
    return move_mapping(*mapping, request);
}

Result<UserVirt> AddressSpace::move_mapping(Mapping& mapping, const RemapRequest& request) {
    const u64 start = request.old_address.value;
    const u64 old_length = base::align_up(request.old_length.value, page_size);
    const u64 new_length = base::align_up(request.new_length.value, page_size);
    MapRequest target;
    target.address = request.fixed ? request.new_address : UserVirt(0);
    target.placement =
        request.fixed ? MapRequest::Placement::fixed : MapRequest::Placement::anywhere;
    target.length = Bytes(new_length);
    target.protection = mapping.protection;
    target.maximum = mapping.maximum;
    target.shared = mapping.shared;
    target.locked = mapping.locked;
    target.object = mapping.object;
    target.object_page = mapping.index_of(start);
    target.owner = mapping.owner;
    target.label = mapping.label;
    const bool has_copies = mapping.has_copies; // map_locked may merge it away
    const UserVirt moved = TRY(map_locked(target));
    if (Mapping* at_target = find(moved.value))
        at_target->has_copies |= has_copies;
    const u64 length = old_length < new_length ? old_length : new_length;
    if (length != 0)
        TRY(move_entries(start, moved.value, length));
    if (!request.dont_unmap && old_length != 0)
        TRY(remove_range(start, start + old_length));
    return moved;
}

} // namespace core
