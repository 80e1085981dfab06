// SPDX-License-Identifier: BSD-2-Clause
// An open file: what a Linux fd's handle names. Files on a file system, pipes, sockets, terminals,
// epoll sets and the rest derive from it. Every operation has a default that answers the error
// Linux gives.
#pragma once

#include <new>

#include "abi/linux/types.h"
#include "base/format.h"
#include "core/object/handle_table.h"
#include "core/sync/wait_queue.h"
#include "core/vm/address_space.h"
#include "linux/vfs/io_cursor.h"

namespace linux {

class Inode;
class Path; // {mount, dentry}, linux/vfs/path.h
class EpollItem;
struct FileOwner; // linux/vfs/file_owner.h

// Which part of linux/ an open file belongs to, for calls that work on one kind only (splice,
// accept, epoll_ctl): a file of family pipe is a PipeFile, and so on.
enum class FileFamily : u8 {
    other,
    pipe,
    socket,
    epoll,
    event_counter,
    timer,
    signal_queue,
    process,
    terminal,
    ring,
    inotify,
    shared_memory,
    port,
};

// Hangs waiters on the queues a file would wake when its readiness changes. poll, select and epoll
// each have their own kind.
class PollRegistration {
public:
    // A queue that lives at least as long as the file.
    void watch(core::WaitQueue& queue) { add(queue, nullptr); }
    // One that lives as long as `owner`, of which a reference is kept.
    void watch(core::WaitQueue& queue, core::Object& owner) { add(queue, &owner); }

protected:
    ~PollRegistration() = default;
    virtual void add(core::WaitQueue& queue, core::Object* owner) = 0;
};

// Per-call flags (pread's RWF_*, O_NONBLOCK of the file or MSG_DONTWAIT).
struct IoFlags {
    bool non_block = false;
    bool append = false;
    bool sync = false;
    bool data_sync = false;
};

class OpenFile : public core::Object {
public:
    // Whether read and write use and move the file position; streams ignore offsets.
    enum class Positioning : u8 { stream, seekable };

    u32 flags() const { return flags_.load(std::memory_order_relaxed); }
    void set_flags(u32 flags) { flags_.store(flags, std::memory_order_relaxed); }
    bool is_readable() const { return readable_; }
    bool is_writable() const { return writable_; }
    Positioning positioning() const { return positioning_; }
    FileFamily family() const { return family_; }
    IoFlags io_flags() const {
        const u32 f = flags();
        return {.non_block = (f & open_flag::non_block) != 0,
                .append = (f & open_flag::append) != 0,
                .sync = (f & open_flag::sync) == open_flag::sync,
                .data_sync = (f & open_flag::data_sync) != 0};
    }

    // Reads at `offset` (streams: whatever comes next). 0 at the end. Errors: again, intr
    // (restartable: return Errno::restartsys), io, fault, inval when the file cannot be read this
    // way.
    virtual Result<usize> read(IoCursor& target, u64 offset, IoFlags flags);
    // Writes at `offset`, or at the end when flags.append (then `offset` is set to where it went).
    virtual Result<usize> write(IoCursor& source, u64& offset, IoFlags flags);
    // Errors: spipe for streams, inval.
    virtual Result<u64> seek(i64 offset, u32 whence);
    // Ready events; registers the caller on the queues first when `registration` is given. Never
    // sleeps.
    virtual u32 poll(PollRegistration* registration);
    // Whether the file has readiness at all: epoll refuses those that have none (regular files,
    // directories, /dev/null). poll and select ask every file. Heirs of family `other` that do, say
    // so.
    virtual bool can_poll() const { return family_ != FileFamily::other; }
    // Errors: notty when the request is not known.
    virtual Result<u64> ioctl(u32 request, u64 argument);
    // Fills in request.object and what else a mapping of this file needs. Errors: nodev, acces.
    virtual Result<> prepare_map(core::MapRequest& request);
    virtual Result<> sync(bool data_only); // errors: inval where fsync makes no sense, io
    virtual Result<> truncate(u64 size);
    // fallocate; errors: nodev, opnotsupp
    virtual Result<> allocate(u32 mode, u64 offset, u64 length);
    // Whether its descriptors may be sent to another process.
    virtual bool may_transfer() const { return true; }
    // The flags fcntl(F_SETFL) may change were changed to `flags` (O_DIRECT and friends checked
    // here).
    virtual Result<> flags_changed(u32 flags);

    // The inode behind it, or a nameless one made for pipes, sockets, anon files (fstat works on
    // all).
    virtual Inode& inode() const = 0;
    // The same object opened anew with other flags, for open(2) of /proc/PID/fd/N when there is no
    // path to open (pipes). Permission was checked against inode(). Errors: nxio where that makes
    // no sense.
    virtual Result<Ref<OpenFile>> reopen(u32) { return Failure(Errno::nxio); }
    // The name for /proc/self/fd: "pipe:[123]", "anon_inode:[eventpoll]", or the path when this is
    // not null.
    virtual const Path* path() const { return nullptr; }
    // the target of /proc/PID/fd/N without a path
    virtual void describe(base::FormatSink& sink) const;
    // The inode number that /proc/PID/maps shows of its mappings.
    virtual u64 shown_number() const;
    virtual void describe_details(base::FormatSink&) const {} // extra lines of /proc/PID/fdinfo/N

    // The file position, shared by everyone who shares the open file; read and write lock it.
    core::Lock<core::lock_class::open_file>& position_lock() { return position_lock_; }
    u64 position = 0; // guarded by position_lock

    // It counts among the writers of its inode and mount; the destructor gives that back.
    void mark_counted_writer() { counted_writer_ = true; }
    bool is_counted_writer() const { return counted_writer_; }
    // Who gets SIGIO; owned.
    std::atomic<FileOwner*> owner{nullptr};
    // It owns flock or OFD locks; guarded by the file_locks lock.
    bool owns_locks = false;

    // The epoll sets that watch this file. Kept by linux/poll/epoll.
    std::atomic<EpollItem*> epoll_items{nullptr};

    // Runs when the last reference goes, before any destructor: epoll sets let go of the file while
    // its queues are whole, then it is destroyed as usual.
    static void operator delete(OpenFile* file, std::destroying_delete_t);

    // A descriptor of it was closed: record locks of the process go. Heirs that override it call
    // this.
    void handle_closed() override;

protected:
    ~OpenFile() override;
    OpenFile(u32 flags, Positioning positioning, FileFamily family = FileFamily::other);

private:
    std::atomic<u32> flags_;
    const bool readable_;
    const bool writable_;
    const Positioning positioning_;
    const FileFamily family_;
    bool counted_writer_ = false;
    core::Lock<core::lock_class::open_file> position_lock_;
};

// The open file behind an fd of the current task, borrowed for the current call. O_PATH files count
// as absent unless `even_path`. Errors: badf.
class BorrowedFile {
public:
    OpenFile* operator->() const { return file_; }
    OpenFile& operator*() const { return *file_; }
    Ref<OpenFile> to_ref() const { return Ref<OpenFile>::share(*file_); }

private:
    friend Result<BorrowedFile> borrow_file(u32 fd, bool even_path);
    core::Borrowed handle_;
    OpenFile* file_ = nullptr;
};
Result<BorrowedFile> borrow_file(u32 fd, bool even_path = false);
// No descriptor of the current task may be as high.
u32 descriptor_limit();
// Puts a new open file into the lowest free slot of the current task. Errors: mfile, nomem.
Result<u32> install_file(Ref<OpenFile> file, bool close_on_exec, u32 lowest = 0);

// Gives back what a counted writer holds (linux/vfs/open.cpp).
void drop_writer(const Path& path);

} // namespace linux
