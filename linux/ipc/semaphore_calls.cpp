// SPDX-License-Identifier: BSD-2-Clause
// semget, semop, semtimedop, semctl.
#include "core/time/clock.h"
#include "linux/ipc/ipc_limits.h"
#include "linux/ipc/semaphore_undo.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"
#include "linux/time/clocks.h"

namespace linux {

namespace {

namespace command = semaphore_command;

// An array that lives as long as one call. Errors: nomem.
template <typename T>
class CallArray {
public:
    static Result<CallArray> create(usize count) {
        auto* items = static_cast<T*>(::operator new(count * sizeof(T), base::fallible));
        if (!items)
            return Failure(Errno::nomem);
        return CallArray(items, count);
    }
    CallArray(CallArray&& other) noexcept
        : items_(std::exchange(other.items_, nullptr)), count_(other.count_) {}
    ~CallArray() { ::operator delete(static_cast<void*>(items_)); }
    std::span<T> span() { return {items_, count_}; }

private:
    CallArray(T* items, usize count) : items_(items), count_(count) {}
    T* items_;
    usize count_;
};

Result<i32> create_set(i32 key, i32 count, u32 flags) {
    if (count == 0)
        return Failure(Errno::inval);
    return SemaphoreSet::create(key, static_cast<u32>(count), flags);
}

// ---- semop --------------------------------------------------------------------------------------

struct Needs {
    u32 highest = 0; // semaphore used
    bool alters = false, undo = false;
};

Needs needs_of(std::span<const SemaphoreOperation> operations) {
    Needs needs;
    for (const SemaphoreOperation& operation : operations) {
        if (operation.number > needs.highest)
            needs.highest = operation.number;
        needs.alters |= operation.change != 0;
        needs.undo |= (operation.flags & semaphore_flag::undo) != 0;
    }
    return needs;
}

Result<u64> operate(i32 id, std::span<const SemaphoreOperation> operations, Nanos deadline) {
    const Needs needs = needs_of(operations);
    const Ref<SemaphoreSet> set = TRY(g_semaphore_sets.find(id, ipc_access::none));
    if (needs.highest >= set->count())
        return Failure(Errno::fbig);
    TRY(g_semaphore_sets.check(*set, needs.alters ? ipc_access::write : ipc_access::read));
    SemaphoreSet::Request request{operations, needs.alters, Process::current().pid};
    if (needs.undo)
        request.undo = TRY(TRY(SemaphoreUndo::of_current())->adjustment_of(*set));
    TRY(set->operate(request, deadline));
    return 0;
}

Result<u64> operate_for_user(i32 id, UserIn<SemaphoreOperation> operations, u32 count,
                             const TimeSpec* timeout) {
    if (count > g_ipc_limits.semaphore_operations.load(std::memory_order_relaxed))
        return Failure(Errno::e2big);
    if (count == 0)
        return Failure(Errno::inval);
    auto copy = TRY(CallArray<SemaphoreOperation>::create(count));
    TRY(operations.read_array(copy.span()));
    if (id < 0)
        return Failure(Errno::inval);
    Nanos deadline = core::no_deadline;
    if (timeout) {
        TRY(check_time(*timeout));
        deadline = core::now() + to_nanos(*timeout);
    }
    return operate(id, copy.span(), deadline);
}

// ---- semctl -------------------------------------------------------------------------------------

Result<u64> show_limits(i32 what, UserVirt buffer) {
    const auto word = [](const std::atomic<u32>& limit) {
        return static_cast<i32>(limit.load(std::memory_order_relaxed));
    };
    constexpr i32 total = 32000 * 32000, entries = 500, undo_size = 20; // SEMMNS, SEMUME, SEMUSZ
    SemaphoreLimits limits = {};
    limits.map = limits.undo_structures = total;
    limits.sets = word(g_ipc_limits.semaphore_sets);
    limits.semaphores = word(g_ipc_limits.semaphores);
    limits.per_set = word(g_ipc_limits.semaphores_of_set);
    limits.operations = word(g_ipc_limits.semaphore_operations);
    limits.undo_entries = entries;
    limits.undo_size = undo_size;
    limits.maximum_value = limits.maximum_adjustment = semaphore_maximum;
    if (what == command::usage) {
        limits.undo_size = static_cast<i32>(g_semaphore_sets.count());
        limits.maximum_adjustment = static_cast<i32>(semaphores_in_use());
    }
    TRY(UserOut<SemaphoreLimits>(buffer.value).write(limits));
    return g_semaphore_sets.highest_index();
}

Result<u64> show_status(SemaphoreSet& set, UserVirt buffer) {
    TRY(UserOut<SemaphoreSetStatus>(buffer.value).write(set.status()));
    return 0;
}

Result<u64> show_status_at(i32 index, u32 wanted, UserVirt buffer) {
    const Ref<SemaphoreSet> set = TRY(g_semaphore_sets.find_at(index, wanted));
    TRY(show_status(*set, buffer));
    return static_cast<u64>(set->id());
}

Result<u64> change_owner(i32 id, UserVirt buffer) {
    const SemaphoreSetStatus wanted = TRY(UserIn<SemaphoreSetStatus>(buffer.value).read());
    const Ref<SemaphoreSet> set = TRY(g_semaphore_sets.find_owned(id));
    TRY(g_semaphore_sets.set_permission(*set, wanted.permission));
    set->note_change();
    return 0;
}

Result<u64> get_all(SemaphoreSet& set, UserVirt buffer) {
    auto values = TRY(CallArray<u16>::create(set.count()));
    TRY(set.read_all(values.span()));
    TRY(UserOut<u16>(buffer.value).write_array(values.span()));
    return 0;
}

Result<u64> set_all(SemaphoreSet& set, UserVirt buffer) {
    auto values = TRY(CallArray<u16>::create(set.count()));
    TRY(UserIn<u16>(buffer.value).read_array(values.span()));
    for (const u16 value : values.span())
        if (value > semaphore_maximum)
            return Failure(Errno::range);
    TRY(set.set_all(values.span(), Process::current().pid));
    return 0;
}

Result<u64> set_value(i32 id, i32 number, i32 value) {
    if (value < 0 || value > semaphore_maximum)
        return Failure(Errno::range);
    const Ref<SemaphoreSet> set = TRY(g_semaphore_sets.find(id, ipc_access::none));
    if (number < 0 || static_cast<u32>(number) >= set->count())
        return Failure(Errno::inval);
    TRY(g_semaphore_sets.check(*set, ipc_access::write));
    TRY(set->set_value(static_cast<u32>(number), static_cast<u16>(value), Process::current().pid));
    return 0;
}

Result<u64> about_one(SemaphoreSet& set, i32 number, i32 what) {
    if (number < 0 || static_cast<u32>(number) >= set.count())
        return Failure(Errno::inval);
    const u32 at = static_cast<u32>(number);
    switch (what) {
    case command::get_value: return static_cast<u64>(TRY(set.value(at)));
    case command::get_last: return static_cast<u64>(TRY(set.last_pid(at)));
    case command::get_decreasers: return TRY(set.waiters(at, SemaphoreSet::Wait::increase));
    default: return TRY(set.waiters(at, SemaphoreSet::Wait::zero));
    }
}

} // namespace

Result<u64> sys_semget(i32 key, i32 count, u32 flags) {
    if (count < 0 || static_cast<u32>(count) > g_ipc_limits.semaphores_of_set.load())
        return Failure(Errno::inval);
    return find_or_create(g_semaphore_sets, key, flags, static_cast<u64>(count),
                          [&] { return create_set(key, count, flags); });
}

Result<u64> sys_semop(i32 id, UserIn<SemaphoreOperation> operations, u32 count) {
    return operate_for_user(id, operations, count, nullptr);
}

Result<u64> sys_semtimedop(i32 id, UserIn<SemaphoreOperation> operations, u32 count,
                           UserIn<TimeSpec> timeout) {
    if (!timeout)
        return operate_for_user(id, operations, count, nullptr);
    const TimeSpec time = TRY(timeout.read());
    return operate_for_user(id, operations, count, &time);
}

Result<u64> sys_semctl(i32 id, i32 number, i32 what, u64 argument) {
    if (id < 0)
        return Failure(Errno::inval);
    const UserVirt buffer(argument);
    switch (what) {
    case ipc_command::information:
    case command::usage: return show_limits(what, buffer);
    case ipc_command::status:
        return show_status(*TRY(g_semaphore_sets.find(id, ipc_access::read)), buffer);
    case command::status_by_index: return show_status_at(id, ipc_access::read, buffer);
    case command::status_of_any: return show_status_at(id, ipc_access::none, buffer);
    case ipc_command::set: return change_owner(id, buffer);
    case ipc_command::remove:
        TRY(TRY(g_semaphore_sets.find_owned(id))->remove());
        return 0;
    case command::get_all:
        return get_all(*TRY(g_semaphore_sets.find(id, ipc_access::read)), buffer);
    case command::set_all:
        return set_all(*TRY(g_semaphore_sets.find(id, ipc_access::write)), buffer);
    case command::set_value: return set_value(id, number, static_cast<i32>(argument));
    case command::get_value:
    case command::get_last:
    case command::get_decreasers:
    case command::get_zero_waiters:
        return about_one(*TRY(g_semaphore_sets.find(id, ipc_access::read)), number, what);
    default: return Failure(Errno::inval);
    }
}

} // namespace linux
