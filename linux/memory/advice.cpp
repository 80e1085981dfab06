// SPDX-License-Identifier: BSD-2-Clause
// madvise, mincore, mlock and its kin, membarrier.
#include "abi/linux/memory.h"
#include "base/bits.h"
#include "core/sched/scheduler.h"
#include "linux/memory/ranges.h"
#include "linux/process/pidfd.h"
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/open_file.h"

namespace linux {

namespace {

core::AddressSpace& current_space() { return *core::Thread::current().address_space(); }

struct MappedCheck {
    u64 next, end;
};

bool visit_mapped(const core::Mapping& mapping, void* argument) {
    auto& check = *static_cast<MappedCheck*>(argument);
    if (mapping.end <= check.next)
        return true;
    if (mapping.start > check.next)
        return false;
    check.next = mapping.end;
    return check.next < check.end;
}

} // namespace

Result<> check_mapped(UserVirt address, Bytes length) {
    MappedCheck check = {address.value, address.value + length.value};
    current_space().for_each(address, visit_mapped, &check);
    return check.next >= check.end ? Result<>() : Failure(Errno::nomem);
}

namespace {

// Errors: inval, nomem, io.
// A range without the right to what is asked for is inval, not acces (madvise(2)).
Result<> populate(core::AddressSpace& space, UserVirt address, Bytes length, core::Access access) {
    const Result<> done = space.populate(address, length, access);
    if (!done && done.error() == Errno::acces)
        return Failure(Errno::inval);
    return done;
}

Result<> advise(core::AddressSpace& space, UserVirt address, Bytes length, i32 what) {
    using core::MappingChange;
    switch (what) {
    case advice::normal: return space.change(address, length, MappingChange::access_normal);
    case advice::random: return space.change(address, length, MappingChange::access_random);
    case advice::sequential:
        return space.change(address, length, MappingChange::access_sequential);
    case advice::dont_fork: return space.change(address, length, MappingChange::dont_fork);
    case advice::do_fork: return space.change(address, length, MappingChange::do_fork);
    case advice::wipe_on_fork: return space.change(address, length, MappingChange::wipe_on_fork);
    case advice::keep_on_fork: return space.change(address, length, MappingChange::keep_on_fork);
    case advice::dont_dump: return space.change(address, length, MappingChange::dont_dump);
    case advice::do_dump: return space.change(address, length, MappingChange::do_dump);
    case advice::dont_need:
    case advice::dont_need_locked:
    case advice::free: return space.discard(address, length);
    case advice::populate_read: return populate(space, address, length, core::Access::read);
    case advice::populate_write: return populate(space, address, length, core::Access::write);
    default: return check_mapped(address, length); // hints that change nothing here
    }
}

bool is_known(i32 what) {
    if (what >= advice::normal && what <= advice::dont_need)
        return true;
    switch (what) {
    case advice::free:
    case advice::remove:
    case advice::dont_fork:
    case advice::do_fork:
    case advice::huge_page:
    case advice::no_huge_page:
    case advice::dont_dump:
    case advice::do_dump:
    case advice::wipe_on_fork:
    case advice::keep_on_fork:
    case advice::cold:
    case advice::page_out:
    case advice::populate_read:
    case advice::populate_write:
    case advice::dont_need_locked: return true;
    default: return false; // KSM, memory failure and collapse are not configured
    }
}

struct PunchTarget {
    u64 start, end;
    u64 file_offset = 0;
    RefOrNull<core::Object> owner;
    RefOrNull<core::MemoryObject> object;
    Errno error = Errno::nomem;
};

bool visit_punch(const core::Mapping& mapping, void* argument) {
    auto& target = *static_cast<PunchTarget*>(argument);
    if (mapping.start > target.start)
        return false;
    if (!mapping.shared || !mapping.object)
        target.error = Errno::inval;
    else if (!core::includes(mapping.maximum, core::Protection::write))
        target.error = Errno::acces;
    else {
        target.end = std::min(target.end, mapping.end);
        target.file_offset = mapping.index_of(target.start) << page_shift;
        target.owner = mapping.owner;
        target.object = mapping.object;
    }
    return false;
}

// MADV_REMOVE: a hole in each shared file of the range.
Result<> punch(core::AddressSpace& space, u64 start, u64 end) {
    constexpr u32 keep_size_punch_hole = 1 | 2;
    while (start < end) {
        PunchTarget target{start, end, 0, {}, {}, Errno::nomem};
        space.for_each(UserVirt(start), visit_punch, &target);
        if (!target.object)
            return Failure(target.error);
        const u64 length = target.end - start;
        if (target.owner) {
            auto& file = static_cast<OpenFile&>(*target.owner);
            TRY(file.allocate(keep_size_punch_hole, target.file_offset, length));
        } else {
            const u64 first = target.file_offset >> page_shift;
            static_cast<core::PageCache&>(*target.object)
                .drop(first, first + (length >> page_shift), true);
        }
        start = target.end;
    }
    return {};
}

Result<> madvise_space(core::AddressSpace& space, u64 address, u64 length, i32 what) {
    if (!is_known(what) || address % page_size != 0)
        return Failure(Errno::inval);
    const u64 rounded = base::align_up(length, page_size);
    if ((length != 0 && rounded == 0) || address + rounded < address)
        return Failure(Errno::inval);
    if (rounded == 0)
        return {};
    if (address + rounded > core::user_end)
        return Failure(Errno::nomem);
    if (what == advice::remove) // a hole in a shared file: through the file's own call
        return punch(space, address, address + rounded);
    return advise(space, UserVirt(address), Bytes(rounded), what);
}

} // namespace

Result<u64> sys_madvise(u64 address, u64 length, i32 what) {
    TRY(madvise_space(current_space(), address, length, what));
    return 0;
}

Result<u64> sys_process_madvise(i32 pidfd, UserIn<IoVector> vector, u64 count, i32 what,
                                u32 flags) {
    if (flags != 0 || count > 1024)
        return Failure(Errno::inval);
    bool non_block = false;
    Ref<Process> process = TRY(process_of_pidfd(static_cast<u32>(pidfd), non_block));
    if (what != advice::cold && what != advice::page_out && what != advice::will_need)
        return Failure(Errno::inval);
    const TaskRef task = ProcessTable::any_task(*process);
    if (!task)
        return Failure(Errno::srch);
    if (!may_inspect(*task) || !capable(Capability::sys_nice))
        return Failure(Errno::perm);
    const RefOrNull<ProgramImage> image = image_of(*process);
    if (!image)
        return Failure(Errno::srch);
    u64 done = 0;
    for (u64 i = 0; i < count; ++i) {
        const IoVector part = TRY(vector.read_at(i));
        if (part.base % page_size != 0)
            return done != 0 ? Result<u64>(done) : Failure(Errno::inval);
        done += part.length; // hints to a memory that holds no swap: nothing to do
    }
    return done;
}

Result<u64> sys_mincore(u64 address, u64 length, UserOut<u8> target) {
    if (address % page_size != 0)
        return Failure(Errno::inval);
    if (address > core::user_end || length > core::user_end - address)
        return Failure(Errno::nomem);
    u64 pages = base::divide_up(length, page_size);
    u8 buffer[256];
    for (u64 done = 0; done < pages;) {
        const u64 part = std::min<u64>(sizeof(buffer), pages - done);
        TRY(current_space().residency(UserVirt(address + (done << page_shift)), {buffer, part}));
        TRY(core::copy_to_user(target.address() + done, buffer, part));
        done += part;
    }
    return 0;
}

namespace {

Result<> check_may_lock(u64 length) {
    const Process& process = Process::current();
    if (capable(Capability::ipc_lock))
        return {};
    const u64 limit = process.limit(Resource::locked_memory);
    if (limit == 0)
        return Failure(Errno::perm);
    const u64 locked = current_space().statistics().locked.value << page_shift;
    return locked + length <= limit ? Result<>() : Failure(Errno::nomem);
}

Result<u64> lock_range(u64 address, u64 length, bool on_fault) {
    const u64 start = base::align_down(address, page_size);
    const u64 rounded = base::align_up(length + (address - start), page_size);
    if (start + rounded < start)
        return Failure(Errno::inval);
    TRY(check_may_lock(rounded));
    if (rounded == 0)
        return 0;
    TRY(current_space().change(UserVirt(start), Bytes(rounded), core::MappingChange::lock));
    if (!on_fault && !current_space().populate(UserVirt(start), Bytes(rounded), core::Access::read))
        return Failure(Errno::nomem);
    return 0;
}

} // namespace

Result<u64> sys_mlock(u64 address, u64 length) { return lock_range(address, length, false); }

Result<u64> sys_mlock2(u64 address, u64 length, i32 flags) {
    constexpr i32 on_fault = 1;
    if ((flags & ~on_fault) != 0)
        return Failure(Errno::inval);
    return lock_range(address, length, flags != 0);
}

Result<u64> sys_munlock(u64 address, u64 length) {
    const u64 start = base::align_down(address, page_size);
    const u64 rounded = base::align_up(length + (address - start), page_size);
    if (start + rounded < start)
        return Failure(Errno::inval);
    if (rounded == 0)
        return 0;
    TRY(current_space().change(UserVirt(start), Bytes(rounded), core::MappingChange::unlock));
    return 0;
}

Result<u64> sys_mlockall(i32 flags) {
    constexpr i32 known = lock_flag::current | lock_flag::future | lock_flag::on_fault;
    if (flags == 0 || (flags & ~known) != 0 || flags == lock_flag::on_fault)
        return Failure(Errno::inval);
    Process& process = Process::current();
    if (!capable(Capability::ipc_lock)) {
        const u64 limit = process.limit(Resource::locked_memory);
        if (limit == 0)
            return Failure(Errno::perm);
        const u64 mapped = current_space().statistics().mapped.value << page_shift;
        if ((flags & lock_flag::current) != 0 && mapped > limit)
            return Failure(Errno::nomem);
    }
    process.image->lock_future =
        (flags & lock_flag::future) != 0 ? static_cast<u64>(flags) : 0;
    if ((flags & lock_flag::current) != 0)
        TRY(current_space().change_all(core::MappingChange::lock));
    return 0;
}

Result<u64> sys_munlockall() {
    Process::current().image->lock_future = 0;
    TRY(current_space().change_all(core::MappingChange::unlock));
    return 0;
}

namespace {

// Every CPU that runs a task of this memory passes through the kernel: a flush of nothing in
// particular.
Result<u64> synchronize_own_cpus() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (core::Scheduler::cpu_count() > 1)
        arch::flush_user_range(current_space().page_table(), page_size, 2 * page_size);
    return 0;
}

// Visits every CPU.
Result<u64> synchronize_all_cpus() {
    core::Thread& self = core::Thread::current();
    const u64 allowed = self.scheduling.affinity;
    const u64 online = core::Scheduler::online_cpus();
    if ((online & (online - 1)) == 0)
        return 0;
    for (u64 left = online; left != 0; left &= left - 1)
        (void)core::Scheduler::set_affinity(self, left & -left);
    TRY(core::Scheduler::set_affinity(self, allowed));
    return 0;
}

} // namespace

Result<u64> sys_membarrier(i32 command, u32 flags, i32) {
    namespace cmd = membarrier_command;
    if (flags != 0)
        return Failure(Errno::inval);
    ProgramImage& image = *Process::current().image;
    switch (command) {
    case cmd::query:
        return static_cast<u64>(cmd::global | cmd::global_expedited | cmd::register_global |
                                cmd::private_expedited | cmd::register_private |
                                cmd::private_core | cmd::register_private_core);
    case cmd::register_global: return 0;
    case cmd::register_private:
    case cmd::register_private_core: {
        core::LockGuard guard(image.lock);
        image.membarrier_registered |= static_cast<u32>(command);
        return 0;
    }
    case cmd::private_expedited:
    case cmd::private_core:
        if ((image.membarrier_registered & static_cast<u32>(command << 1)) == 0)
            return Failure(Errno::perm);
        break;
    case cmd::global:
    case cmd::global_expedited: break;
    default: return Failure(Errno::inval);
    }
    const bool own_only = command == cmd::private_expedited || command == cmd::private_core;
    return own_only ? synchronize_own_cpus() : synchronize_all_cpus();
}

} // namespace linux
