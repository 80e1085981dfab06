// SPDX-License-Identifier: BSD-2-Clause
// futex(2): waiting and waking. A waiter counts itself in its bucket, then reads the word under the
// bucket's lock; a waker changed the word before it looks at the count: one of them sees the other.
#include "core/time/clock.h"
#include "linux/futex/futex_table.h"
#include "linux/futex/pi.h"
#include "linux/process/exit.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"
#include "linux/time/clocks.h"

namespace linux {

namespace {

namespace op = futex_operation;

struct WaitRequest {
    UserVirt address;
    bool shared;
    u32 value;
    u32 bitset;
    Nanos deadline; // monotonic, or no_deadline
};

// Puts the waiter into its bucket if the word still has the value. Errors: again, fault.
Result<> enqueue_if_equal(FutexWaiter& waiter, UserVirt address, u32 value) PITH_NO_ANALYSIS {
    FutexBucket& bucket = FutexBucket::of(waiter.key);
    while (true) {
        bucket.count.fetch_add(1, std::memory_order_seq_cst);
        bucket.lock.acquire();
        const Result<u32> word = core::try_read_user_word(address);
        if (word && *word == value) {
            bucket.add_locked(waiter);
            bucket.lock.release();
            return {};
        }
        bucket.lock.release();
        bucket.count.fetch_sub(1, std::memory_order_relaxed);
        if (word)
            return Failure(Errno::again);
        TRY(core::fault_in(address, core::Access::read));
    }
}

Result<u64> wait(const WaitRequest& request);

Result<u64> resume_wait(RestartBlock& block) {
    return wait({UserVirt(block.words[0]), (block.words[1] & 1) != 0,
                 static_cast<u32>(block.words[2]), static_cast<u32>(block.words[3]),
                 Nanos(block.words[4])});
}

Result<u64> wait(const WaitRequest& request) {
    if (request.bitset == 0)
        return Failure(Errno::inval);
    FutexWaiter waiter(core::Thread::current());
    waiter.key = TRY(futex_key(request.address, request.shared));
    waiter.bitset = request.bitset;
    TRY(enqueue_if_equal(waiter, request.address, request.value));
    const Result<> slept = sleep_as(waiter, request.deadline);
    if (slept)
        return 0;
    if (slept.error() == Errno::timedout)
        return Failure(Errno::timedout);
    if (request.deadline == core::no_deadline)
        return Failure(Errno::restartsys);
    RestartBlock& block = Task::current().restart;
    block.function = resume_wait;
    block.words[0] = request.address.value;
    block.words[1] = request.shared;
    block.words[2] = request.value;
    block.words[3] = request.bitset;
    block.words[4] = request.deadline.value;
    return Failure(Errno::restart_restartblock);
}

Result<u64> wake(const FutexKey& key, u32 limit, u32 bitset) {
    if (bitset == 0)
        return Failure(Errno::inval);
    FutexBucket& bucket = FutexBucket::of(key);
    // Orders the program's change of the word before the look at the count.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (bucket.count.load(std::memory_order_relaxed) == 0)
        return 0;
    u64 woken = 0;
    core::LockGuard guard(bucket.lock);
    for (FutexWaiter& waiter : bucket.waiters) {
        if (!(waiter.key == key))
            continue;
        if (waiter.for_ownership)
            return Failure(Errno::inval);
        if ((waiter.bitset & bitset) == 0)
            continue;
        bucket.wake_locked(waiter);
        if (++woken >= limit)
            break;
    }
    return woken;
}

struct RequeueRequest {
    UserVirt from, to;
    bool shared;
    u32 wake_limit, move_limit;
    bool compare;
    u32 value;
};

void move_locked(FutexBucket& from, FutexBucket& to, FutexWaiter& waiter, const FutexKey& key) {
    waiter.key = key;
    if (&from == &to)
        return;
    from.waiters.remove(waiter);
    from.count.fetch_sub(1, std::memory_order_relaxed);
    to.count.fetch_add(1, std::memory_order_relaxed);
    to.add_locked(waiter);
}

Result<u64> requeue_once(const RequeueRequest& request, const FutexKey& key,
                         const FutexKey& target) {
    FutexBucket& from = FutexBucket::of(key);
    FutexBucket& to = FutexBucket::of(target);
    const FutexBucketPair locked(from, to);
    if (request.compare && TRY(core::try_read_user_word(request.from)) != request.value)
        return Failure(Errno::again);
    u64 done = 0;
    for (FutexWaiter& waiter : from.waiters) {
        if (!(waiter.key == key) || waiter.for_ownership)
            continue;
        if (done >= u64{request.wake_limit} + request.move_limit)
            break;
        if (done < request.wake_limit)
            from.wake_locked(waiter);
        else
            move_locked(from, to, waiter, target);
        ++done;
    }
    return done;
}

Result<u64> requeue(const RequeueRequest& request) {
    if (static_cast<i32>(request.wake_limit) < 0 || static_cast<i32>(request.move_limit) < 0)
        return Failure(Errno::inval);
    const FutexKey key = TRY(futex_key(request.from, request.shared));
    const FutexKey target = TRY(futex_key(request.to, request.shared));
    while (true) {
        const Result<u64> done = requeue_once(request, key, target);
        if (done || done.error() != Errno::fault)
            return done;
        TRY(core::fault_in(request.from, core::Access::read));
    }
}

// The operation and comparison packed into FUTEX_WAKE_OP's last argument.
struct WordOperation {
    u32 operation, comparison;
    i32 operand, comparand;
};

WordOperation decode(u32 packed) {
    WordOperation result;
    result.operation = (packed >> 28) & 7;
    result.comparison = (packed >> 24) & 15;
    result.operand = static_cast<i32>(packed << 8) >> 20;
    result.comparand = static_cast<i32>(packed << 20) >> 20;
    if (packed >> 31) // the operand is a bit number
        result.operand = static_cast<i32>(1u << (result.operand & 31));
    return result;
}

Result<u32> apply(const WordOperation& operation, u32 old) {
    const u32 operand = static_cast<u32>(operation.operand);
    switch (operation.operation) {
    case 0: return operand;
    case 1: return old + operand;
    case 2: return old | operand;
    case 3: return old & ~operand;
    case 4: return old ^ operand;
    default: return Failure(Errno::nosys);
    }
}

Result<bool> compare(const WordOperation& operation, i32 old) {
    switch (operation.comparison) {
    case 0: return old == operation.comparand;
    case 1: return old != operation.comparand;
    case 2: return old < operation.comparand;
    case 3: return old <= operation.comparand;
    case 4: return old > operation.comparand;
    case 5: return old >= operation.comparand;
    default: return Failure(Errno::nosys);
    }
}

// Changes the word and gives its old value. Errors: fault, nosys.
Result<u32> change_word(UserVirt address, const WordOperation& operation) {
    while (true) {
        const Result<u32> old = core::try_read_user_word(address);
        if (old) {
            const u32 fresh = TRY(apply(operation, *old));
            const Result<u32> found = core::try_compare_exchange_user_word(address, *old, fresh);
            if (found && *found == *old)
                return *old;
            if (found)
                continue;
        }
        TRY(core::fault_in(address, core::Access::write));
    }
}

struct WakeOperationRequest {
    UserVirt first, second;
    bool shared;
    u32 first_limit, second_limit, packed;
};

Result<u64> wake_operation(const WakeOperationRequest& request) {
    const FutexKey first = TRY(futex_key(request.first, request.shared));
    const FutexKey second = TRY(futex_key(request.second, request.shared));
    const WordOperation operation = decode(request.packed);
    const u32 old = TRY(change_word(request.second, operation));
    u64 woken = TRY(wake(first, request.first_limit, futex_match_any));
    if (TRY(compare(operation, static_cast<i32>(old))))
        woken += TRY(wake(second, request.second_limit, futex_match_any));
    return woken;
}

bool has_timeout(i32 command) {
    return command == op::wait || command == op::wait_bitset || command == op::lock_pi ||
           command == op::lock_pi2 || command == op::wait_requeue_pi;
}

Result<Nanos> deadline_of(i32 command, i32 flags, u64 timeout) {
    if (timeout == 0 || !has_timeout(command))
        return core::no_deadline;
    const TimeSpec time = TRY(UserIn<TimeSpec>(timeout).read());
    TRY(check_time(time));
    if (command == op::wait)
        return core::now() + to_nanos(time);
    const bool wall = command == op::lock_pi || (flags & op::clock_realtime) != 0;
    return to_monotonic(wall ? clock_id::realtime : clock_id::monotonic, to_nanos(time));
}

} // namespace

void wake_address(UserVirt address, u32 count) {
    if (const Result<FutexKey> key = futex_key(address, true))
        (void)wake(*key, count, futex_match_any);
}

Result<u64> sys_futex(UserVirt address, i32 operation, u32 value, u64 timeout, UserVirt second,
                      u32 third) {
    const i32 command = operation & op::command_mask;
    const bool shared = (operation & op::private_flag) == 0;
    if ((operation & op::clock_realtime) != 0 && command != op::wait_bitset &&
        command != op::wait_requeue_pi && command != op::lock_pi2)
        return Failure(Errno::nosys);
    switch (command) {
    case op::wake: return wake(TRY(futex_key(address, shared)), value, futex_match_any);
    case op::wake_bitset: return wake(TRY(futex_key(address, shared)), value, third);
    case op::requeue:
        return requeue({address, second, shared, value, static_cast<u32>(timeout), false, 0});
    case op::compare_requeue:
        return requeue({address, second, shared, value, static_cast<u32>(timeout), true, third});
    case op::wake_op:
        return wake_operation({address, second, shared, value, static_cast<u32>(timeout), third});
    default: break;
    }
    const Nanos deadline = TRY(deadline_of(command, operation, timeout));
    switch (command) {
    case op::wait: return wait({address, shared, value, futex_match_any, deadline});
    case op::wait_bitset: return wait({address, shared, value, third, deadline});
    case op::lock_pi:
    case op::lock_pi2: return lock_pi(address, shared, deadline);
    case op::trylock_pi: return try_lock_pi(address, shared);
    case op::unlock_pi: return unlock_pi(address, shared);
    default: return Failure(Errno::nosys);
    }
}

} // namespace linux
