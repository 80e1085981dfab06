// SPDX-License-Identifier: BSD-2-Clause
// fcntl's lock commands and flock.
#include "abi/linux/file.h"
#include "linux/file/lock_table.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/file_count.h"
#include "linux/vfs/super_block.h"

namespace linux {

namespace {

using LockGuard = core::LockGuard<core::lock_class::file_locks>;

const void* owner_of(const OpenFile& file, LockOwnerKind kind) {
    return kind == LockOwnerKind::process ? static_cast<const void*>(&Process::current())
                                          : static_cast<const void*>(&file);
}

// The range of a struct flock as inclusive offsets. Errors: inval, overflow.
Result<> resolve_range(OpenFile& file, const FileLockRequest& request, FileLock& lock) {
    i64 base = 0;
    if (request.whence == 1) {
        core::LockGuard guard(file.position_lock());
        base = static_cast<i64>(file.position);
    } else if (request.whence == 2) {
        base = static_cast<i64>(file.inode().size());
    } else if (request.whence != 0) {
        return Failure(Errno::inval);
    }
    i64 start;
    if (__builtin_add_overflow(base, request.start, &start))
        return Failure(Errno::overflow);
    if (start < 0)
        return Failure(Errno::inval);
    i64 end = static_cast<i64>(lock_to_end);
    if (request.length > 0) {
        if (__builtin_add_overflow(start, request.length - 1, &end))
            return Failure(Errno::overflow);
    } else if (request.length < 0) {
        end = start - 1;
        start += request.length;
        if (start < 0)
            return Failure(Errno::inval);
    }
    lock.start = static_cast<u64>(start);
    lock.end = static_cast<u64>(end);
    return {};
}

Result<FileLock> wanted_lock(OpenFile& file, const FileLockRequest& request, LockOwnerKind kind) {
    FileLock lock;
    TRY(resolve_range(file, request, lock));
    if (kind == LockOwnerKind::open_file && request.pid != 0)
        return Failure(Errno::inval);
    lock.exclusive = request.type == lock_type::write;
    lock.kind = kind;
    lock.owner = owner_of(file, kind);
    lock.pid = kind == LockOwnerKind::process ? Process::current().pid : -1;
    lock.inode = &file.inode();
    return lock;
}

// Two locks that apply_record_lock may use; what it left is freed.
struct Spares {
    FileLock* locks[2] = {};
    ~Spares() {
        delete locks[0];
        delete locks[1];
    }
    Result<> fill() {
        for (FileLock*& lock : locks)
            if (!lock && !(lock = new (base::fallible) FileLock))
                return Failure(Errno::nolck);
        return {};
    }
};

// Sleeps until locks of the inode change. `seen` was read under the mutex.
Result<> wait_for_change(InodeExtras& extras, u64 seen) {
    const Result<> woken = extras.lock_waiters.wait(
        [&] { return extras.lock_changes.load(std::memory_order_acquire) != seen; },
        core::Sleep::interruptible);
    return woken ? woken : Failure(Errno::restartsys);
}

Result<> acquire(InodeExtras& extras, const FileLock& wanted, bool wait) {
    while (true) {
        Spares spares;
        TRY(spares.fill());
        LockWaiter waiter{{}, wanted.owner, nullptr};
        u64 seen;
        {
            LockGuard guard(g_locks.mutex);
            FileLock* conflict = find_conflict(extras, wanted);
            if (!conflict) {
                apply_record_lock(extras, wanted, false, spares.locks);
                locks_changed(extras);
                return {};
            }
            if (!wait)
                return Failure(Errno::again);
            waiter.blocker = conflict->owner;
            if (wanted.kind == LockOwnerKind::process &&
                would_deadlock(wanted.owner, waiter.blocker))
                return Failure(Errno::deadlk);
            if (wanted.kind == LockOwnerKind::process)
                g_locks.waiters.push_back(waiter);
            seen = extras.lock_changes.load(std::memory_order_relaxed);
        }
        const Result<> woken = wait_for_change(extras, seen);
        if (waiter.link.is_linked()) {
            LockGuard guard(g_locks.mutex);
            g_locks.waiters.remove(waiter);
        }
        TRY(woken);
    }
}

Result<> release(InodeExtras& extras, const FileLock& range) {
    Spares spares;
    TRY(spares.fill());
    LockGuard guard(g_locks.mutex);
    apply_record_lock(extras, range, true, spares.locks);
    locks_changed(extras);
    return {};
}

} // namespace

Result<u64> get_record_lock(OpenFile& file, u64 address, LockOwnerKind kind) {
    const UserInOut<FileLockRequest> user(address);
    FileLockRequest request = TRY(user.read());
    if (request.type != lock_type::read && request.type != lock_type::write)
        return Failure(Errno::inval);
    const FileLock wanted = TRY(wanted_lock(file, request, kind));
    request.type = lock_type::unlock;
    if (InodeExtras* extras = file.inode().extras_if_any()) {
        LockGuard guard(g_locks.mutex);
        if (const FileLock* conflict = find_conflict(*extras, wanted)) {
            request.type = conflict->exclusive ? lock_type::write : lock_type::read;
            request.whence = 0;
            request.start = static_cast<i64>(conflict->start);
            request.length = conflict->end == lock_to_end
                                 ? 0
                                 : static_cast<i64>(conflict->end - conflict->start + 1);
            request.pid = conflict->pid;
        }
    }
    TRY(user.write(request));
    return u64{0};
}

Result<u64> set_record_lock(OpenFile& file, u64 address, LockOwnerKind kind, bool wait) {
    const FileLockRequest request = TRY(UserIn<FileLockRequest>(address).read());
    const FileLock wanted = TRY(wanted_lock(file, request, kind));
    switch (request.type) {
    case lock_type::read:
        if (!file.is_readable())
            return Failure(Errno::badf);
        break;
    case lock_type::write:
        if (!file.is_writable())
            return Failure(Errno::badf);
        break;
    case lock_type::unlock: break;
    default: return Failure(Errno::inval);
    }
    InodeExtras& extras = *TRY(file.inode().extras());
    if (request.type == lock_type::unlock) {
        TRY(release(extras, wanted));
        return u64{0};
    }
    if (kind == LockOwnerKind::open_file)
        file.owns_locks = true;
    TRY(acquire(extras, wanted, wait));
    return u64{0};
}

// ---- flock --------------------------------------------------------------------------------------

namespace {

constexpr u32 shared = 1, exclusive = 2, no_wait = 4, unlock = 8;

bool flock_conflicts(const InodeExtras& extras, const OpenFile& file, bool wants_exclusive) {
    for (const FileLock* lock = extras.whole_locks; lock; lock = lock->next)
        if (lock->owner != &file && (lock->exclusive || wants_exclusive))
            return true;
    return false;
}

bool holds_flock(const InodeExtras& extras, const OpenFile& file, bool is_exclusive) {
    for (const FileLock* lock = extras.whole_locks; lock; lock = lock->next)
        if (lock->owner == &file)
            return lock->exclusive == is_exclusive;
    return false;
}

Result<> take_flock(OpenFile& file, InodeExtras& extras, bool is_exclusive, bool wait) {
    auto* lock = new (base::fallible) FileLock;
    if (!lock)
        return Failure(Errno::nolck);
    lock->exclusive = is_exclusive;
    lock->kind = LockOwnerKind::open_file;
    lock->owner = &file;
    lock->pid = Process::current().pid;
    lock->inode = &file.inode();
    while (true) {
        u64 seen;
        {
            LockGuard guard(g_locks.mutex);
            if (holds_flock(extras, file, is_exclusive)) {
                delete lock;
                return {};
            }
            // A conversion gives the old one up first, as Linux does; others may get in between.
            if (remove_locks_of(extras.whole_locks, &file))
                locks_changed(extras);
            if (!flock_conflicts(extras, file, is_exclusive)) {
                add_whole_lock(extras, *lock);
                file.owns_locks = true;
                return {};
            }
            seen = extras.lock_changes.load(std::memory_order_relaxed);
        }
        const Result<> woken = wait ? wait_for_change(extras, seen) : Failure(Errno::again);
        if (!woken) {
            delete lock;
            return woken;
        }
    }
}

} // namespace

Result<u64> sys_flock(u32 fd, u32 operation) {
    const u32 kind = operation & ~no_wait;
    if (kind != shared && kind != exclusive && kind != unlock)
        return Failure(Errno::inval);
    const BorrowedFile file = TRY(borrow_file(fd));
    if (kind != unlock && !file->is_readable() && !file->is_writable())
        return Failure(Errno::badf);
    if (kind == unlock) {
        if (InodeExtras* extras = file->inode().extras_if_any()) {
            LockGuard guard(g_locks.mutex);
            if (remove_locks_of(extras->whole_locks, &*file))
                locks_changed(*extras);
        }
        return u64{0};
    }
    InodeExtras& extras = *TRY(file->inode().extras());
    TRY(take_flock(*file, extras, kind == exclusive, !(operation & no_wait)));
    return u64{0};
}

// ---- the end of owners --------------------------------------------------------------------------

void release_process_locks(Inode& inode) {
    InodeExtras* extras = inode.extras_if_any();
    LockGuard guard(g_locks.mutex);
    if (remove_locks_of(extras->record_locks, &Process::current()))
        locks_changed(*extras);
}

void release_locks_of(OpenFile& file) {
    LockGuard guard(g_locks.mutex);
    // The file is past asking for its inode; its locks know theirs.
    bool found = true;
    while (found) {
        found = false;
        for (FileLock& lock : g_locks.all) {
            if (lock.owner != &file)
                continue;
            InodeExtras& extras = *lock.inode->extras_if_any();
            remove_locks_of(extras.whole_locks, &file);
            remove_locks_of(extras.record_locks, &file);
            locks_changed(extras);
            found = true;
            break;
        }
    }
}

void for_each_lock(bool (*visit)(const LockLine& line, void* argument), void* argument) {
    LockGuard guard(g_locks.mutex);
    for (const FileLock& lock : g_locks.all) {
        const InodeExtras& extras = *lock.inode->extras_if_any();
        bool is_whole = false;
        for (const FileLock* whole = extras.whole_locks; whole; whole = whole->next)
            is_whole |= whole == &lock;
        const DeviceNumber device = lock.inode->super_block().device();
        const LockLine line{is_whole                                   ? "FLOCK "
                            : lock.kind == LockOwnerKind::process ? "POSIX "
                                                                       : "OFDLCK",
                            lock.exclusive, false, lock.pid, device.major, device.minor,
                            lock.inode->number(), lock.start, lock.end};
        if (!visit(line, argument))
            return;
    }
}

} // namespace linux
