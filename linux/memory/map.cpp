// SPDX-License-Identifier: BSD-2-Clause
// mmap, munmap, mprotect, mremap, brk.
#include "abi/linux/memory.h"
#include "base/bits.h"
#include "linux/memory/ranges.h"
#include "linux/memory/shared_memory.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

namespace {

core::AddressSpace& current_space() { return *core::Thread::current().address_space(); }

core::Protection to_protection(u64 bits) { return static_cast<core::Protection>(bits & 7); }

struct MapCall {
    u64 address, length, protection;
    u32 flags;
    i32 fd;
    u64 offset;
};

// What may be done with a mapping of this file for as long as it exists.
Result<core::Protection> check_file_rights(const MapCall& call, OpenFile& file, bool shared) {
    if (!file.is_readable())
        return Failure(Errno::acces);
    if (shared && (call.protection & protection_flag::write) != 0 && !file.is_writable())
        return Failure(Errno::acces);
    auto maximum = core::Protection::read | core::Protection::write | core::Protection::execute;
    const Path* path = file.path();
    if (path && (path->mount().flags() & mount_flag::no_execute) != 0) {
        if ((call.protection & protection_flag::execute) != 0)
            return Failure(Errno::perm);
        maximum = core::Protection::read | core::Protection::write;
    }
    if (shared && !file.is_writable())
        maximum = static_cast<core::Protection>(static_cast<u8>(maximum) &
                                                ~static_cast<u8>(core::Protection::write));
    return maximum;
}

Result<bool> is_shared(const MapCall& call, bool has_file) {
    switch (call.flags & map_flag::type_mask) {
    case map_flag::shared: return true;
    case map_flag::is_private: return false;
    case map_flag::shared_validate:
        if (!has_file)
            return Failure(Errno::inval);
        if ((call.flags & ~map_flag::legacy) != 0)
            return Failure(Errno::opnotsupp);
        return true;
    default: return Failure(Errno::inval);
    }
}

Result<> fill_placement(const MapCall& call, core::MapRequest& request) {
    using Placement = core::MapRequest::Placement;
    request.length = Bytes(call.length);
    const bool no_replace = (call.flags & map_flag::fixed_no_replace) != 0;
    if ((call.flags & map_flag::fixed) == 0 && !no_replace) {
        u64 hint = base::align_down(call.address, page_size);
        if (hint != 0 && hint < lowest_address)
            hint = lowest_address;
        request.address = UserVirt(hint);
        request.below_4g = (call.flags & map_flag::below_2g) != 0;
        return {};
    }
    if (call.address % page_size != 0)
        return Failure(Errno::inval);
    if (call.address > core::user_end || call.length > core::user_end - call.address)
        return Failure(Errno::nomem);
    if (call.address < lowest_address && !capable(Capability::sys_rawio))
        return Failure(Errno::perm);
    request.address = UserVirt(call.address);
    request.placement = no_replace ? Placement::fixed_no_replace : Placement::fixed;
    return {};
}

} // namespace

Result<> fill_locking(u32 flags, core::MapRequest& request) {
    const Process& process = Process::current();
    if ((flags & map_flag::locked) != 0) {
        const bool may =
            process.limit(Resource::locked_memory) != 0 || capable(Capability::ipc_lock);
        if (!may)
            return Failure(Errno::perm);
        request.locked = true;
    }
    if (process.image->lock_future != 0)
        request.locked = true;
    if (request.locked && !capable(Capability::ipc_lock)) {
        const u64 pages = current_space().statistics().locked.value;
        const u64 wanted = pages + base::divide_up(request.length.value, page_size);
        if (wanted > process.limit(Resource::locked_memory) / page_size)
            return Failure(Errno::again);
    }
    constexpr u32 populate = map_flag::populate | map_flag::non_block;
    request.populate = (flags & populate) == map_flag::populate || request.locked;
    return {};
}

namespace {

Result<> fill_file(const MapCall& call, core::MapRequest& request) {
    const BorrowedFile file = TRY(borrow_file(static_cast<u32>(call.fd)));
    request.shared = TRY(is_shared(call, true));
    request.maximum = TRY(check_file_rights(call, *file, request.shared));
    if (request.grows_down)
        return Failure(Errno::inval);
    const u64 pages = base::divide_up(call.length, page_size);
    request.object_page = call.offset >> page_shift;
    if (request.object_page + pages < request.object_page ||
        request.object_page + pages > (u64{1} << 51))
        return Failure(Errno::overflow);
    request.owner = RefOrNull<core::Object>(file.to_ref());
    return file->prepare_map(request);
}

Result<> fill_anonymous(const MapCall& call, core::MapRequest& request) {
    if ((call.flags & map_flag::huge_pages) != 0)
        return Failure(Errno::nomem); // none are set aside
    request.shared = TRY(is_shared(call, false));
    if (!request.shared)
        return {};
    if (request.grows_down)
        return Failure(Errno::inval);
    request.object = RefOrNull<core::MemoryObject>(
        TRY(create_shared_memory(base::align_up(call.length, page_size))));
    request.label = "/dev/zero (deleted)";
    return {};
}

Result<u64> map(const MapCall& call) {
    if (call.offset % page_size != 0 || call.length == 0)
        return Failure(Errno::inval);
    if (call.length > core::user_end)
        return Failure(Errno::nomem);
    core::MapRequest request;
    request.protection = to_protection(call.protection);
    request.grows_down = (call.flags & map_flag::grows_down) != 0;
    if ((call.flags & map_flag::anonymous) != 0)
        TRY(fill_anonymous(call, request));
    else
        TRY(fill_file(call, request));
    TRY(fill_placement(call, request));
    TRY(fill_locking(call.flags, request));
    return TRY(current_space().map(request)).value;
}

Result<> check_range(u64 address, u64 length) {
    const bool good = address % page_size == 0 && length <= core::user_end &&
                      address <= core::user_end - length;
    return good ? Result<>() : Failure(Errno::inval);
}

} // namespace

Result<u64> sys_mmap(u64 address, u64 length, u64 protection, u64 flags, i32 fd, u64 offset) {
    return map({address, length, protection, static_cast<u32>(flags), fd, offset});
}

Result<u64> sys_munmap(u64 address, u64 length) {
    TRY(check_range(address, length));
    if (length == 0)
        return Failure(Errno::inval);
    TRY(current_space().unmap(UserVirt(address), Bytes(base::align_up(length, page_size))));
    return 0;
}

namespace {

Result<u64> protect(u64 address, u64 length, u64 protection) {
    constexpr u64 both = protection_flag::grows_down | protection_flag::grows_up;
    const u64 growth = protection & both;
    protection &= ~both;
    if (growth == both || address % page_size != 0)
        return Failure(Errno::inval);
    if (length == 0)
        return 0;
    length = base::align_up(length, page_size);
    if (length == 0 || address + length <= address)
        return Failure(Errno::nomem);
    if ((protection & ~protection_flag::known) != 0 || growth != 0)
        return Failure(Errno::inval);
    if (address + length > core::user_end)
        return Failure(Errno::nomem);
    TRY(current_space().protect(UserVirt(address), Bytes(length), to_protection(protection)));
    return 0;
}

} // namespace

Result<u64> sys_mprotect(u64 address, u64 length, u64 protection) {
    return protect(address, length, protection);
}

// Without protection keys in the CPU: key -1 is the plain call, no key can be had.
Result<u64> sys_pkey_mprotect(u64 address, u64 length, u64 protection, i32 key) {
    if (key != -1)
        return Failure(Errno::inval);
    return protect(address, length, protection);
}
Result<u64> sys_pkey_alloc(u64 flags, u64 rights) {
    return Failure(flags != 0 || rights > 3 ? Errno::inval : Errno::nospc);
}
Result<u64> sys_pkey_free(i32) { return Failure(Errno::inval); }

Result<u64> sys_mremap(u64 address, u64 old_length, u64 new_length, u64 flags, u64 new_address) {
    constexpr u64 known = remap_flag::may_move | remap_flag::fixed | remap_flag::dont_unmap;
    if ((flags & ~known) != 0 || address % page_size != 0)
        return Failure(Errno::inval);
    if ((flags & remap_flag::fixed) != 0 && (flags & remap_flag::may_move) == 0)
        return Failure(Errno::inval);
    old_length = base::align_up(old_length, page_size);
    new_length = base::align_up(new_length, page_size);
    if (new_length == 0)
        return Failure(Errno::inval);
    if ((flags & remap_flag::dont_unmap) != 0 &&
        ((flags & remap_flag::may_move) == 0 || old_length != new_length))
        return Failure(Errno::inval);
    if ((flags & remap_flag::fixed) != 0) {
        if (!check_range(new_address, new_length))
            return Failure(Errno::inval);
        const bool overlaps = address + old_length > new_address &&
                              new_address + new_length > address;
        if (overlaps)
            return Failure(Errno::inval);
    }
    if (!check_range(address, old_length))
        return Failure(Errno::fault);
    core::AddressSpace::RemapRequest request;
    request.old_address = UserVirt(address);
    request.old_length = Bytes(old_length);
    request.new_length = Bytes(new_length);
    request.may_move = (flags & remap_flag::may_move) != 0;
    request.fixed = (flags & remap_flag::fixed) != 0;
    request.dont_unmap = (flags & remap_flag::dont_unmap) != 0;
    request.new_address = UserVirt(new_address);
    return TRY(current_space().remap(request)).value;
}

// The heap's end after the call: the wanted one, or the old one when that cannot be.
Result<u64> sys_brk(u64 wanted) {
    ProgramImage& image = *Process::current().image;
    core::LockGuard guard(image.lock);
    if (wanted < image.heap_start || wanted > core::user_end)
        return image.heap_end;
    const u64 limit = Process::current().limit(Resource::data);
    if (limit != unlimited &&
        wanted - image.heap_start + (image.data_end - image.data_start) > limit)
        return image.heap_end;
    if (image.space->set_heap(UserVirt(image.heap_start),
                              UserVirt(base::align_up(wanted, page_size))))
        image.heap_end = wanted;
    return image.heap_end;
}

Result<u64> sys_msync(u64 address, u64 length, i32 flags) {
    constexpr i32 known = sync_flag::async | sync_flag::invalidate | sync_flag::sync;
    if ((flags & ~known) != 0 || address % page_size != 0 ||
        ((flags & sync_flag::async) != 0 && (flags & sync_flag::sync) != 0))
        return Failure(Errno::inval);
    length = base::align_up(length, page_size);
    if (address + length < address)
        return Failure(Errno::nomem);
    if (length == 0)
        return 0;
    if ((flags & sync_flag::sync) == 0) { // nothing to do but to see that all is mapped
        TRY(check_mapped(UserVirt(address), Bytes(length)));
        return 0;
    }
    TRY(current_space().sync(UserVirt(address), Bytes(length)));
    return 0;
}

} // namespace linux
