// SPDX-License-Identifier: BSD-2-Clause
#include "linux/ipc/semaphore_set.h"

#include "linux/ipc/ipc_limits.h"
#include "linux/vfs/attributes.h"

namespace linux {

constinit IpcTable<SemaphoreSet> g_semaphore_sets;

namespace {

constinit std::atomic<u32> g_semaphores{0};

using SetGuard = core::LockGuard<core::lock_class::ipc_object>;

bool fits_adjustment(i32 value) {
    return value >= -semaphore_maximum - 1 && value <= semaphore_maximum;
}

} // namespace

u32 semaphores_in_use() { return g_semaphores.load(std::memory_order_relaxed); }

SemaphoreAdjustment::~SemaphoreAdjustment() { ::operator delete(static_cast<void*>(values)); }

// ---- life ---------------------------------------------------------------------------------------

SemaphoreSet::SemaphoreSet(i32 key, u32 count, u32 flags, Semaphore* semaphores)
    : IpcObject(key, flags), count_(count), semaphores_(semaphores),
      change_time_(file_time_now().seconds) {
    g_semaphores.fetch_add(count, std::memory_order_relaxed);
}

SemaphoreSet::~SemaphoreSet() {
    ::operator delete(static_cast<void*>(semaphores_));
    g_semaphores.fetch_sub(count_, std::memory_order_relaxed);
}

Result<i32> SemaphoreSet::create(i32 key, u32 count, u32 flags) {
    if (u64{semaphores_in_use()} + count > g_ipc_limits.semaphores.load(std::memory_order_relaxed))
        return Failure(Errno::nospc);
    const usize size = count * sizeof(Semaphore);
    void* memory = ::operator new(size, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    __builtin_memset(memory, 0, size);
    auto* made =
        new (base::fallible) SemaphoreSet(key, count, flags, static_cast<Semaphore*>(memory));
    if (!made) {
        ::operator delete(memory);
        return Failure(Errno::nomem);
    }
    const Ref<SemaphoreSet> set = Ref<SemaphoreSet>::adopt(made);
    Ref<SemaphoreSet> of_table = set; // for remove(), which may run as soon as it is entered
    TRY(g_semaphore_sets.add(*made, g_ipc_limits.semaphore_sets.load(std::memory_order_relaxed)));
    (void)of_table.release();
    return set->id();
}

Result<> SemaphoreSet::remove() {
    g_semaphore_sets.remove(*this);
    {
        SetGuard guard(lock_);
        if (is_removed())
            return Failure(Errno::inval);
        removed_.store(true, std::memory_order_release);
        for (Waiting& waiting : waiting_)
            complete(waiting, Failure(Errno::idrm));
        while (adjustments_.pop_front()) {
        }
    }
    drop_reference(); // the table's; the caller has one of its own
    return {};
}

// ---- operations ---------------------------------------------------------------------------------

// Takes the first `count` operations of a request back.
void SemaphoreSet::take_back(const Request& request, usize count) {
    while (count-- > 0) {
        const SemaphoreOperation& operation = request.operations[count];
        semaphores_[operation.number].value -= operation.change;
        if ((operation.flags & semaphore_flag::undo) != 0)
            request.undo->values[operation.number] += operation.change;
    }
}

Result<bool> SemaphoreSet::attempt(const Request& request, const SemaphoreOperation*& blocking) {
    for (usize i = 0; i < request.operations.size(); ++i) {
        const SemaphoreOperation& operation = request.operations[i];
        Semaphore& semaphore = semaphores_[operation.number];
        const i32 after = semaphore.value + operation.change;
        if (after < 0 || (operation.change == 0 && after != 0)) {
            take_back(request, i);
            if ((operation.flags & static_cast<i16>(ipc_flag::no_wait)) != 0)
                return Failure(Errno::again);
            blocking = &operation;
            return false;
        }
        i32 adjustment = 0;
        if ((operation.flags & semaphore_flag::undo) != 0)
            adjustment = request.undo->values[operation.number] - operation.change;
        if (after > semaphore_maximum || !fits_adjustment(adjustment)) {
            take_back(request, i);
            return Failure(Errno::range);
        }
        if ((operation.flags & semaphore_flag::undo) != 0)
            request.undo->values[operation.number] = static_cast<i16>(adjustment);
        semaphore.value = after;
    }
    for (const SemaphoreOperation& operation : request.operations)
        semaphores_[operation.number].last = request.pid;
    operation_time_ = file_time_now().seconds;
    return true;
}

void SemaphoreSet::complete(Waiting& waiting, Result<> outcome) {
    waiting.link.unlink();
    waiting.outcome = outcome;
    waiting.done.store(true, std::memory_order_release);
    waiting.queue.wake_all(); // it stays: its task takes the lock before it goes
}

// Carries out what can be of those that alter values, up to the first, or of those that do not.
// Whether one altered something.
bool SemaphoreSet::let_go(bool alterers) {
    for (Waiting& waiting : waiting_) {
        if (waiting.request.alters != alterers)
            continue;
        const Result<bool> done = attempt(waiting.request, waiting.blocking);
        if (done && !*done)
            continue;
        complete(waiting, done ? Result<>() : Failure(done.error()));
        if (done && alterers)
            return true;
    }
    return false;
}

void SemaphoreSet::let_waiters_go() {
    do {
        let_go(false);
    } while (let_go(true));
}

Result<> SemaphoreSet::operate(const Request& request, Nanos deadline) {
    SetGuard guard(lock_);
    if (is_removed())
        return Failure(Errno::idrm);
    const SemaphoreOperation* blocking = nullptr;
    if (TRY(attempt(request, blocking))) {
        if (request.alters)
            let_waiters_go();
        return {};
    }
    return wait(request, blocking, deadline);
}

Result<> SemaphoreSet::wait(const Request& request, const SemaphoreOperation* blocking,
                            Nanos deadline) {
    Waiting waiting{request, blocking};
    waiting_.push_back(waiting);
    lock_.release();
    const Result<> woken =
        waiting.queue.wait([&] { return waiting.done.load(std::memory_order_acquire); },
                           core::Sleep::interruptible, deadline);
    lock_.acquire();
    if (waiting.done.load(std::memory_order_relaxed))
        return waiting.outcome;
    waiting.link.unlink();
    return Failure(woken.error() == Errno::timedout ? Errno::again : Errno::intr);
}

// ---- control ------------------------------------------------------------------------------------

Result<i32> SemaphoreSet::value(u32 number) {
    SetGuard guard(lock_);
    if (is_removed())
        return Failure(Errno::idrm);
    return semaphores_[number].value;
}

Result<Pid> SemaphoreSet::last_pid(u32 number) {
    SetGuard guard(lock_);
    if (is_removed())
        return Failure(Errno::idrm);
    return semaphores_[number].last;
}

Result<u32> SemaphoreSet::waiters(u32 number, Wait wait) {
    SetGuard guard(lock_);
    if (is_removed())
        return Failure(Errno::idrm);
    u32 count = 0;
    for (const Waiting& waiting : waiting_) {
        const bool for_zero = waiting.blocking->change == 0;
        count += waiting.blocking->number == number && for_zero == (wait == Wait::zero);
    }
    return count;
}

Result<> SemaphoreSet::read_all(std::span<u16> values) {
    SetGuard guard(lock_);
    if (is_removed())
        return Failure(Errno::idrm);
    for (u32 i = 0; i < count_; ++i)
        values[i] = static_cast<u16>(semaphores_[i].value);
    return {};
}

Result<> SemaphoreSet::set_value(u32 number, u16 value, Pid pid) {
    SetGuard guard(lock_);
    if (is_removed())
        return Failure(Errno::idrm);
    semaphores_[number] = {value, pid};
    for (SemaphoreAdjustment& adjustment : adjustments_)
        adjustment.values[number] = 0;
    change_time_ = file_time_now().seconds;
    let_waiters_go();
    return {};
}

Result<> SemaphoreSet::set_all(std::span<const u16> values, Pid pid) {
    SetGuard guard(lock_);
    if (is_removed())
        return Failure(Errno::idrm);
    for (u32 i = 0; i < count_; ++i)
        semaphores_[i] = {values[i], pid};
    for (SemaphoreAdjustment& adjustment : adjustments_)
        __builtin_memset(adjustment.values, 0, count_ * sizeof(i16));
    change_time_ = file_time_now().seconds;
    let_waiters_go();
    return {};
}

SemaphoreSetStatus SemaphoreSet::status() {
    SemaphoreSetStatus status = {};
    status.permission = g_semaphore_sets.permission(*this);
    status.count = count_;
    SetGuard guard(lock_);
    status.operation_time = operation_time_;
    status.change_time = change_time_;
    return status;
}

void SemaphoreSet::note_change() {
    SetGuard guard(lock_);
    change_time_ = file_time_now().seconds;
}

// ---- undo ---------------------------------------------------------------------------------------

Result<> SemaphoreSet::add_adjustment(SemaphoreAdjustment& adjustment) {
    SetGuard guard(lock_);
    if (is_removed())
        return Failure(Errno::idrm);
    adjustments_.push_back(adjustment);
    return {};
}

void SemaphoreSet::apply(SemaphoreAdjustment& adjustment, Pid pid) {
    SetGuard guard(lock_);
    if (is_removed())
        return;
    adjustment.set_link.unlink();
    for (u32 i = 0; i < count_; ++i) {
        if (adjustment.values[i] == 0)
            continue;
        const i32 after = semaphores_[i].value + adjustment.values[i];
        semaphores_[i] = {after < 0                   ? 0
                          : after > semaphore_maximum ? semaphore_maximum
                                                      : after,
                          pid};
    }
    operation_time_ = file_time_now().seconds;
    let_waiters_go();
}

} // namespace linux
