// SPDX-License-Identifier: BSD-2-Clause
#include "linux/file/lock_table.h"

namespace linux {

constinit LockState g_locks;

namespace {

void insert_sorted(InodeExtras& extras, FileLock& lock) {
    FileLock** place = &extras.record_locks;
    while (*place && (*place)->start <= lock.start)
        place = &(*place)->next;
    lock.next = *place;
    *place = &lock;
    g_locks.all.push_back(lock);
}

void destroy(FileLock& lock) {
    g_locks.all.remove(lock);
    delete &lock;
}

FileLock* take_spare(FileLock* (&spares)[2]) {
    FileLock*& spare = spares[0] ? spares[0] : spares[1];
    return std::exchange(spare, nullptr);
}

void copy_lock(FileLock& to, const FileLock& from) {
    to.start = from.start;
    to.end = from.end;
    to.exclusive = from.exclusive;
    to.kind = from.kind;
    to.owner = from.owner;
    to.pid = from.pid;
    to.inode = from.inode;
}

// Cuts start..end out of what the owner has.
void cut(InodeExtras& extras, const FileLock& range, FileLock* (&spares)[2]) {
    FileLock** place = &extras.record_locks;
    FileLock* right = nullptr;
    while (FileLock* lock = *place) {
        if (!lock->is_of(range) || !lock->overlaps(range.start, range.end)) {
            place = &lock->next;
            continue;
        }
        const bool keeps_left = lock->start < range.start, keeps_right = lock->end > range.end;
        if (keeps_left && keeps_right) {
            right = take_spare(spares);
            copy_lock(*right, *lock);
            right->start = range.end + 1;
        }
        if (keeps_left) {
            lock->end = range.start - 1;
            place = &lock->next;
        } else if (keeps_right) {
            // Its start moves up: put it in again at its new place.
            *place = lock->next;
            g_locks.all.remove(*lock);
            lock->start = range.end + 1;
            insert_sorted(extras, *lock);
        } else {
            *place = lock->next;
            destroy(*lock);
        }
    }
    if (right)
        insert_sorted(extras, *right);
}

// Joins a lock with the owner's neighbours of the same kind that touch it.
void merge(InodeExtras& extras, FileLock& lock) {
    FileLock** place = &extras.record_locks;
    while (FileLock* other = *place) {
        const bool same =
            other != &lock && other->is_of(lock) && other->exclusive == lock.exclusive;
        const bool before = same && other->end != lock_to_end && other->end + 1 == lock.start;
        const bool after = same && lock.end != lock_to_end && lock.end + 1 == other->start;
        if (!before && !after) {
            place = &other->next;
            continue;
        }
        if (before)
            lock.start = other->start;
        else
            lock.end = other->end;
        *place = other->next;
        destroy(*other);
    }
}

} // namespace

FileLock* find_conflict(const InodeExtras& extras, const FileLock& wanted) {
    for (FileLock* lock = extras.record_locks; lock; lock = lock->next)
        if (!lock->is_of(wanted) && lock->overlaps(wanted.start, wanted.end) &&
            (lock->exclusive || wanted.exclusive))
            return lock;
    return nullptr;
}

void apply_record_lock(InodeExtras& extras, const FileLock& wanted, bool unlock,
                       FileLock* (&spares)[2]) {
    cut(extras, wanted, spares);
    if (unlock)
        return;
    FileLock* made = take_spare(spares);
    copy_lock(*made, wanted);
    merge(extras, *made);
    insert_sorted(extras, *made);
}

void add_whole_lock(InodeExtras& extras, FileLock& lock) {
    lock.next = extras.whole_locks;
    extras.whole_locks = &lock;
    g_locks.all.push_back(lock);
}

bool remove_locks_of(FileLock*& list, const void* owner) {
    bool found = false;
    FileLock** place = &list;
    while (FileLock* lock = *place) {
        if (lock->owner != owner) {
            place = &lock->next;
            continue;
        }
        *place = lock->next;
        destroy(*lock);
        found = true;
    }
    return found;
}

bool would_deadlock(const void* who, const void* blocker) {
    for (u32 steps = 0; steps < 64; ++steps) { // as far as Linux looks, and some
        if (blocker == who)
            return true;
        const LockWaiter* waiting = nullptr;
        for (LockWaiter& waiter : g_locks.waiters)
            if (waiter.who == blocker)
                waiting = &waiter;
        if (!waiting)
            return false;
        blocker = waiting->blocker;
    }
    return false;
}

void locks_changed(InodeExtras& extras) {
    extras.lock_changes.fetch_add(1, std::memory_order_release);
    extras.lock_waiters.wake_all();
}

} // namespace linux
