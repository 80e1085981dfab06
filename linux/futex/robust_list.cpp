// SPDX-License-Identifier: BSD-2-Clause
// Robust futexes: a list in the program's memory of the words a task holds, walked when it ends.
#include "linux/futex/futex_table.h"
#include "linux/futex/pi.h"
#include "linux/process/exit.h"
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// A pointer of the list; its lowest bit says that the word is a PI futex.
struct Entry {
    u64 address;
    bool with_owner;
};
Entry decode(u64 pointer) { return {pointer & ~u64{1}, (pointer & 1) != 0}; }

// The holder died: marks the word and wakes one. False: the list is to be left.
bool mark_dead(Task& task, u64 address, bool with_owner, bool pending) {
    const UserVirt place(address);
    if (address % 4 != 0)
        return false;
    while (true) {
        const Result<u32> read = UserIn<u32>(address).read();
        if (!read)
            return false;
        const u32 old = *read;
        // A pending operation may have set the word to 0 and not have woken yet.
        if (pending && !with_owner && old == 0) {
            wake_address(place, 1);
            return true;
        }
        if ((old & futex_word::tid_mask) != static_cast<u32>(task.tid))
            return true;
        if (with_owner && pass_on_dead(place))
            return true;
        const u32 fresh = (old & futex_word::waiters) | futex_word::owner_died;
        const Result<u32> found = core::try_compare_exchange_user_word(place, old, fresh);
        if (!found && !core::fault_in(place, core::Access::write))
            return false;
        if (!found || *found != old)
            continue;
        if (!with_owner && (old & futex_word::waiters) != 0)
            wake_address(place, 1);
        return true;
    }
}

} // namespace

void release_robust_list(Task& task) {
    const u64 head_address = std::exchange(task.robust_list, 0);
    const Result<RobustListHead> head = UserIn<RobustListHead>(head_address).read();
    if (!head)
        return;
    const u64 offset = static_cast<u64>(head->futex_offset);
    const Entry pending = decode(head->pending);
    Entry entry = decode(head->first);
    for (u32 i = 0; i < robust_list_limit && entry.address != head_address; ++i) {
        // The next pointer first: waking may let the memory go.
        const Result<u64> next = UserIn<u64>(entry.address).read();
        if (entry.address != pending.address &&
            !mark_dead(task, entry.address + offset, entry.with_owner, false))
            return;
        if (!next)
            return;
        entry = decode(*next);
    }
    if (pending.address != 0)
        mark_dead(task, pending.address + offset, pending.with_owner, true);
}

Result<u64> sys_set_robust_list(u64 head, u64 size) {
    if (size != sizeof(RobustListHead))
        return Failure(Errno::inval);
    Task::current().robust_list = head;
    return 0;
}

Result<u64> sys_get_robust_list(Pid tid, UserOut<u64> head, UserOut<u64> size) {
    u64 address = Task::current().robust_list;
    if (tid != 0) {
        const TaskRef task = ProcessTable::find_task(tid);
        if (!task)
            return Failure(Errno::srch);
        if (!may_inspect(*task))
            return Failure(Errno::perm);
        address = task->robust_list;
    }
    TRY(size.write(sizeof(RobustListHead)));
    TRY(head.write(address));
    return 0;
}

} // namespace linux
