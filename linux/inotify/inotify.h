// SPDX-License-Identifier: BSD-2-Clause
// inotify: instances with watches on inodes and a queue of events. Marks hang on the watched
// inodes; one mutex guards all marks and queues, which nobody takes while nothing is watched.
#pragma once

#include "linux/vfs/inode.h"
#include "linux/vfs/notify.h"
#include "linux/vfs/open_file.h"

namespace linux {

struct InotifyEvent;
class InotifyFile;

// One watch of one instance on one inode.
struct InotifyMark {
    InotifyMark* next = nullptr; // on the inode
    ListLink link;               // in the instance
    InotifyFile* file = nullptr;
    Inode* inode = nullptr;      // a reference
    i32 watch = 0;
    u32 mask = 0;
};

class InotifyFile final : public OpenFile {
public:
    explicit InotifyFile(u32 flags) : OpenFile(flags, Positioning::stream, FileFamily::inotify) {}
    ~InotifyFile() override;

    Result<usize> read(IoCursor& target, u64 offset, IoFlags flags) override;
    u32 poll(PollRegistration* registration) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    Inode& inode() const override;
    void describe(base::FormatSink& sink) const override { sink.write("anon_inode:inotify"); }
    void describe_details(base::FormatSink& sink) const override;

    // Errors: nospc (watches of the user), nomem, exist (IN_MASK_CREATE).
    Result<i32> add_watch(Inode& inode, u32 mask);
    Result<> remove_watch(i32 watch); // errors: inval
    // With the mutex held.
    void queue_event(i32 watch, u32 mask, u32 cookie, std::string_view name);
    void drop_mark(InotifyMark& mark);

private:
    InotifyEvent* first_ = nullptr;
    InotifyEvent* last_ = nullptr;
    u32 queued_ = 0;
    u64 queued_bytes_ = 0;
    i32 next_watch_ = 1;
    List<InotifyMark, &InotifyMark::link> marks_;
    core::WaitQueue readers_;
};

// `file` as an instance, or null.
InotifyFile* as_inotify(OpenFile& file);

// /proc/sys/fs/inotify.
struct InotifyLimits {
    std::atomic<u32> instances{128}, watches{65536}, events{16384};
};
extern InotifyLimits g_inotify_limits;

} // namespace linux
