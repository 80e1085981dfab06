// SPDX-License-Identifier: BSD-2-Clause
// A System V semaphore set: values, and the operations that wait for other values. Every change
// looks through the waiting operations, in order of arrival, and carries out those that can go; so
// each operation takes effect whole, by whichever task makes it possible.
#pragma once

#include <span>

#include "linux/ipc/ipc_table.h"

namespace linux {

class SemaphoreSet;

// What a list of undo adjustments (semaphore_undo.h) wants of one set. Owned by that list.
struct SemaphoreAdjustment {
    explicit SemaphoreAdjustment(Ref<SemaphoreSet> of_set) : set(std::move(of_set)) {}
    SemaphoreAdjustment(const SemaphoreAdjustment&) = delete;
    SemaphoreAdjustment& operator=(const SemaphoreAdjustment&) = delete;
    ~SemaphoreAdjustment();

    const Ref<SemaphoreSet> set;
    i16* values = nullptr; // one for each semaphore, owned; guarded by the set's lock
    ListLink set_link;     // among those of the set, until it is removed; guarded by its lock
    ListLink list_link;
};

class SemaphoreSet final : public RefCounted<SemaphoreSet>, public IpcObject {
public:
    // What semop(2) asks for.
    struct Request {
        std::span<const SemaphoreOperation> operations;
        bool alters = false;
        Pid pid = 0;
        SemaphoreAdjustment* undo = nullptr; // of this set; null without SEM_UNDO
    };
    enum class Wait : u8 { increase, zero }; // GETNCNT, GETZCNT

    // Makes one, enters it into the table and gives its id. Errors: exist (the key), nospc, nomem.
    static Result<i32> create(i32 key, u32 count, u32 flags);
    ~SemaphoreSet();

    u32 count() const { return count_; }
    bool is_removed() const { return removed_.load(std::memory_order_acquire); }

    // Carries a request out, when it can be. Errors: idrm, again (no wait, or the time is up),
    // intr, range. Sleeps.
    Result<> operate(const Request& request, Nanos deadline);

    // Errors of these: idrm. Numbers are below count(), values in range.
    Result<i32> value(u32 number);
    Result<Pid> last_pid(u32 number);
    Result<u32> waiters(u32 number, Wait wait);
    Result<> read_all(std::span<u16> values);
    Result<> set_value(u32 number, u16 value, Pid pid);
    Result<> set_all(std::span<const u16> values, Pid pid);
    SemaphoreSetStatus status();
    void note_change();
    // IPC_RMID. Errors: inval (somebody else did).
    Result<> remove();

    // For semaphore_undo. Errors: idrm.
    Result<> add_adjustment(SemaphoreAdjustment& adjustment);
    // Applies it, unless the set is removed, and forgets it.
    void apply(SemaphoreAdjustment& adjustment, Pid pid);

private:
    friend class Ref<SemaphoreSet>;

    struct Semaphore {
        i32 value;
        Pid last;
    };
    // An operation that waits, on the stack of its task; guarded by the lock.
    struct Waiting {
        const Request& request;
        const SemaphoreOperation* blocking; // the one that cannot be carried out yet
        std::atomic<bool> done{false};      // also read by its task without the lock
        Result<> outcome = {};
        core::WaitQueue queue = {};
        ListLink link = {};
    };

    SemaphoreSet(i32 key, u32 count, u32 flags, Semaphore* semaphores);
    bool try_take() const override { return try_add_reference(); }
    bool fits(u64 wanted) const override { return wanted <= count_; }

    // With the lock held. True: done; false: it would have to wait, for `blocking`.
    Result<bool> attempt(const Request& request, const SemaphoreOperation*& blocking);
    void take_back(const Request& request, usize count);
    bool let_go(bool alterers);
    void let_waiters_go();
    static void complete(Waiting& waiting, Result<> outcome);
    Result<> wait(const Request& request, const SemaphoreOperation* blocking, Nanos deadline)
        PITH_REQUIRES(lock_);

    const u32 count_;
    std::atomic<bool> removed_{false};
    core::Lock<core::lock_class::ipc_object> lock_;
    // Guarded by lock_.
    Semaphore* const semaphores_;
    i64 operation_time_ = 0;
    i64 change_time_;
    List<Waiting, &Waiting::link> waiting_; // in order of arrival
    List<SemaphoreAdjustment, &SemaphoreAdjustment::set_link> adjustments_;
};

extern IpcTable<SemaphoreSet> g_semaphore_sets;

// Semaphores of all sets.
u32 semaphores_in_use();

} // namespace linux
