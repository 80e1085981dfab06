// SPDX-License-Identifier: BSD-2-Clause
// shmat and shmdt.
#include "abi/linux/memory.h"
#include "base/bits.h"
#include "core/task/thread.h"
#include "linux/ipc/segment.h"
#include "linux/memory/ranges.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

using core::MapRequest;
using core::Protection;

core::AddressSpace& current_space() { return *core::Thread::current().address_space(); }

// Where to attach; null when the kernel may choose.
struct Place {
    bool chosen = false; // by the program
    u64 address = 0;
};

Result<Place> place_of(u64 address, u32 flags) {
    if (address == 0)
        return (flags & segment_flag::remap) != 0 ? Result<Place>(Failure(Errno::inval)) : Place();
    if (address % page_size != 0) {
        if ((flags & segment_flag::round) == 0)
            return Failure(Errno::inval);
        address = base::align_down(address, page_size);
        if (address == 0 && (flags & segment_flag::remap) != 0)
            return Failure(Errno::inval);
    }
    return Place{true, address};
}

Result<> fill_place(const Place& place, u32 flags, MapRequest& request) {
    if (!place.chosen)
        return {};
    const u64 length = request.length.value;
    if (place.address + length < place.address)
        return Failure((flags & segment_flag::remap) != 0 ? Errno::nomem : Errno::inval);
    if (length > core::user_end || place.address > core::user_end - length)
        return Failure(Errno::nomem);
    if (place.address < lowest_address && !capable(Capability::sys_rawio))
        return Failure(Errno::perm);
    request.address = UserVirt(place.address);
    const bool replace = (flags & segment_flag::remap) != 0;
    request.placement =
        replace ? MapRequest::Placement::fixed : MapRequest::Placement::fixed_no_replace;
    return {};
}

void fill_rights(u32 flags, MapRequest& request) {
    request.protection = Protection::read;
    if ((flags & segment_flag::read_only) == 0)
        request.protection = request.protection | Protection::write;
    else // nor after mprotect
        request.maximum = Protection::read | Protection::execute;
    if ((flags & segment_flag::execute) != 0)
        request.protection = request.protection | Protection::execute;
}

u32 access_wanted(u32 flags) {
    u32 wanted = ipc_access::read;
    if ((flags & segment_flag::read_only) == 0)
        wanted |= ipc_access::write;
    if ((flags & segment_flag::execute) != 0)
        wanted |= ipc_access::execute;
    return wanted;
}

bool is_segment(const core::Object& owner) {
    return owner.kind() == core::ObjectKind::open_file &&
           static_cast<const OpenFile&>(owner).family() == FileFamily::shared_memory;
}

} // namespace

Result<u64> sys_shmat(i32 id, u64 address, u32 flags) {
    if (id < 0)
        return Failure(Errno::inval);
    const Place place = TRY(place_of(address, flags));
    Ref<Segment> segment = TRY(g_segments.find(id, access_wanted(flags)));
    MapRequest request;
    request.length = Bytes(base::align_up(segment->size(), page_size));
    request.shared = true;
    TRY(fill_place(place, flags, request));
    fill_rights(flags, request);
    TRY(segment->prepare_map(request));
    TRY(fill_locking(0, request));
    request.owner = RefOrNull<core::Object>(std::move(segment));
    const Result<UserVirt> attached = current_space().map(request);
    if (!attached && attached.error() == Errno::exist)
        return Failure(Errno::inval);
    return TRY(attached).value;
}

Result<u64> sys_shmdt(u64 address) {
    if (address % page_size != 0)
        return Failure(Errno::inval);
    TRY(current_space().unmap_object(UserVirt(address), is_segment));
    return 0;
}

} // namespace linux
