// SPDX-License-Identifier: BSD-2-Clause
// shmget and shmctl.
#include "base/bits.h"
#include "linux/ipc/ipc_limits.h"
#include "linux/ipc/segment.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// No huge pages are set aside, so that a segment of them finds no memory. Errors: inval (a size
// that pages do not have), nomem.
Result<> refuse_huge_pages(u32 flags) {
    constexpr u32 large_shift = 21;
    const u32 shift = flags >> segment_flag::huge_shift & segment_flag::huge_mask;
    return Failure(shift == 0 || shift == large_shift ? Errno::nomem : Errno::inval);
}

Result<i32> create_segment(i32 key, u64 size, u32 flags) {
    if (size == 0 || size > g_ipc_limits.segment_size.load(std::memory_order_relaxed))
        return Failure(Errno::inval);
    if (base::divide_up(size, page_size) > ~u64{0} >> page_shift)
        return Failure(Errno::nospc);
    if ((flags & segment_flag::huge_pages) != 0)
        TRY(refuse_huge_pages(flags));
    return Segment::create(key, size, flags);
}

Result<u64> show_limits(UserVirt buffer) {
    SegmentLimits limits = {};
    limits.maximum_size = g_ipc_limits.segment_size.load(std::memory_order_relaxed);
    limits.minimum_size = 1;
    limits.segments = g_ipc_limits.segments.load(std::memory_order_relaxed);
    limits.segments_of_process = limits.segments;
    limits.pages = g_ipc_limits.segment_pages.load(std::memory_order_relaxed);
    TRY(UserOut<SegmentLimits>(buffer.value).write(limits));
    return g_segments.highest_index();
}

Result<u64> show_usage(UserVirt buffer) {
    SegmentUsage usage = {};
    usage.segments = static_cast<i32>(g_segments.count());
    usage.pages = pages_of_segments();
    for (u32 index = 0; const RefOrNull<Segment> segment = g_segments.next(index); ++index)
        usage.resident += segment->resident_pages();
    TRY(UserOut<SegmentUsage>(buffer.value).write(usage));
    return g_segments.highest_index();
}

Result<u64> show_status(const Segment& segment, UserVirt buffer) {
    TRY(UserOut<SegmentStatus>(buffer.value).write(segment.status()));
    return 0;
}

Result<u64> show_status_at(i32 index, u32 wanted, UserVirt buffer) {
    const Ref<Segment> segment = TRY(g_segments.find_at(index, wanted));
    TRY(show_status(*segment, buffer));
    return static_cast<u64>(segment->id());
}

Result<u64> set(i32 id, UserVirt buffer) {
    const SegmentStatus wanted = TRY(UserIn<SegmentStatus>(buffer.value).read());
    const Ref<Segment> segment = TRY(g_segments.find_owned(id));
    TRY(g_segments.set_permission(*segment, wanted.permission));
    segment->note_change();
    return 0;
}

// Whether the current task may lock or unlock: its owner, within limits, or CAP_IPC_LOCK.
Result<> check_locking(Segment& segment, bool locking) {
    const Credentials& credentials = current_credentials();
    if (credentials.has(Capability::ipc_lock))
        return {};
    const IpcPermission permission = g_segments.permission(segment);
    if (credentials.effective_user != permission.user &&
        credentials.effective_user != permission.creator_user)
        return Failure(Errno::perm);
    if (locking && Process::current().limit(Resource::locked_memory) == 0)
        return Failure(Errno::perm);
    return {};
}

Result<u64> change_locking(i32 id, bool locking) {
    const Ref<Segment> segment = TRY(g_segments.find(id, ipc_access::none));
    TRY(check_locking(*segment, locking));
    if (locking)
        TRY(segment->lock_memory());
    else
        segment->unlock_memory();
    return 0;
}

} // namespace

Result<u64> sys_shmget(i32 key, u64 size, u32 flags) {
    return find_or_create(g_segments, key, flags, size,
                          [&] { return create_segment(key, size, flags); });
}

Result<u64> sys_shmctl(i32 id, i32 command, UserVirt buffer) {
    if (id < 0)
        return Failure(Errno::inval);
    switch (command) {
    case ipc_command::information: return show_limits(buffer);
    case segment_command::usage: return show_usage(buffer);
    case ipc_command::status:
        return show_status(*TRY(g_segments.find(id, ipc_access::read)), buffer);
    case segment_command::status_by_index: return show_status_at(id, ipc_access::read, buffer);
    case segment_command::status_of_any: return show_status_at(id, ipc_access::none, buffer);
    case ipc_command::set: return set(id, buffer);
    case ipc_command::remove:
        TRY(g_segments.find_owned(id))->remove();
        return 0;
    case segment_command::lock: return change_locking(id, true);
    case segment_command::unlock: return change_locking(id, false);
    default: return Failure(Errno::inval);
    }
}

} // namespace linux
