// SPDX-License-Identifier: BSD-2-Clause
// A pipe or an opened fifo: the ring of its bytes, how many ends are open, who sleeps for what.
// Ends are PipeFile objects (pipe_file.h). Locks: lock_ guards the ring and the counts; queues are
// woken after it is dropped. Conditions of sleepers read the atomics without it.
#pragma once

#include "core/object/object.h"
#include "core/sync/lock.h"
#include "core/sync/wait_queue.h"
#include "linux/pipe/pipe_ring.h"
#include "linux/vfs/io_cursor.h"

namespace linux {

// The sleeping lock of a pipe. A splice takes it before the locks of the file at its other end, and
// two pipes' in order of their addresses; everyone else takes it last.
class PITH_CAPABILITY("pipe lock") PipeLock {
public:
    enum class Role : u16 { ordinary = 280, splice = 205, splice_second = 206 }; // lock orders

    void acquire(Role role = Role::ordinary) PITH_ACQUIRE() {
        core::might_sleep();
        core::order_acquire(this, "pipe", static_cast<u16>(role), core::LockKind::mutex);
        word_.acquire();
    }
    void release() PITH_RELEASE() {
        core::order_release(this, core::LockKind::mutex);
        word_.release();
    }

private:
    core::MutexWord word_;
};

class PITH_SCOPED_CAPABILITY PipeGuard {
public:
    explicit PipeGuard(PipeLock& lock, PipeLock::Role role = PipeLock::Role::ordinary)
        PITH_ACQUIRE(lock)
        : lock_(lock) {
        lock_.acquire(role);
    }
    ~PipeGuard() PITH_RELEASE() { lock_.release(); }
    PipeGuard(const PipeGuard&) = delete;
    PipeGuard& operator=(const PipeGuard&) = delete;

private:
    PipeLock& lock_;
};

class Pipe final : public core::Object {
public:
    // Without open ends. Errors: nomem.
    static Result<Ref<Pipe>> create();
    ~Pipe() override;

    // Takes what is there; sleeps for the first byte unless `non_block`. 0: no writer is left.
    // Errors: again, restartsys, fault.
    Result<usize> read(IoCursor& target, bool non_block);
    // Appends; sleeps for room unless `non_block`. `packets`: each page is a packet (O_DIRECT).
    // Errors: pipe (SIGPIPE was sent), again, restartsys, fault, nomem.
    Result<usize> write(IoCursor& source, bool non_block, bool packets);

    // Counts an end that is opened (closed) and tells the other side.
    void open_end(bool reads, bool writes);
    void close_end(bool reads, bool writes);

    // Changes the size to `bytes`, rounded up; gives the new size. Errors: inval, busy, perm,
    // nomem.
    Result<u64> set_size(u64 bytes, bool privileged);
    u64 size() const { return u64{ring_.capacity()} << page_shift; }
    u64 readable_bytes();

    bool has_readers() const { return readers_.load(std::memory_order_relaxed) != 0; }
    bool has_writers() const { return writers_.load(std::memory_order_relaxed) != 0; }
    bool is_empty() const { return ring_.empty(); }
    bool is_full() const { return ring_.full(); }
    // How often an end was opened, for the rendezvous of fifos and to know whether a writer ever
    // came.
    u32 reader_openings() const { return reader_openings_.load(std::memory_order_acquire); }
    u32 writer_openings() const { return writer_openings_.load(std::memory_order_acquire); }

    // Woken with read events when bytes come or the last writer goes; with write events for room.
    core::WaitQueue& read_queue() { return read_queue_; }
    core::WaitQueue& write_queue() { return write_queue_; }
    // From now on every write wakes pollers, not only the first into an empty pipe (edge
    // triggering).
    void note_polled() { polled_.store(true, std::memory_order_relaxed); }

    // For splice and tee: the ring under its lock. After dropping the lock the caller wakes both
    // sides as told. Errors of the waits: again, restartsys.
    PipeLock& lock() { return lock_; }
    PipeRing& ring() { return ring_; }
    Result<> wait_readable(bool non_block);
    Result<> wait_writable(bool non_block);
    void wake_readers();
    void wake_writers();

private:
    friend class Ref<Pipe>;
    Pipe() : Object(core::ObjectKind::ring) {}

    struct Progress {
        usize bytes = 0;
        Errno failure{}; // 0: none
        bool unblocked = false; // the other side may have been waiting for this
    };
    Progress drain(IoCursor& target);
    Progress fill(IoCursor& source, bool packets, bool may_merge);
    bool merge(IoCursor& source, Progress& progress);
    core::Page* take_page();
    void give_page(core::Page& page);

    PipeLock lock_;
    PipeRing ring_;
    core::Page* spare_pages_[2] = {}; // emptied ones, kept for the next write; guarded by lock_
    std::atomic<u32> readers_{0};
    std::atomic<u32> writers_{0};
    std::atomic<u32> reader_openings_{0};
    std::atomic<u32> writer_openings_{0};
    std::atomic<bool> polled_{false};
    core::WaitQueue read_queue_;
    core::WaitQueue write_queue_;
};

// Sends SIGPIPE to the calling thread.
void send_broken_pipe_signal();

} // namespace linux
