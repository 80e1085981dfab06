// SPDX-License-Identifier: BSD-2-Clause
// A System V shared memory segment: a memory file that owns its mappings. References: the table's
// one until it is removed, and one for each mapping, so that it ends with IPC_RMID or with the last
// mapping after it, whichever comes later.
#pragma once

#include "linux/ipc/ipc_table.h"
#include "linux/process/credentials.h"
#include "linux/vfs/cached_file.h"

namespace linux {

class Segment final : public CachedFile, public IpcObject {
public:
    // Makes one, enters it into the table and gives its id. Errors: exist (the key), nospc (a
    // limit), nomem.
    static Result<i32> create(i32 key, u64 size, u32 flags);
    ~Segment() override;

    // IPC_RMID: ends it, or has the last mapping do so.
    void remove();
    void note_change();
    SegmentStatus status() const;
    u64 size() const { return size_; }
    u64 resident_pages() const;

    // Counts its memory as locked by the current user. Errors: nomem (RLIMIT_MEMLOCK).
    Result<> lock_memory();
    void unlock_memory();

    void mapping_added() override;
    void mapping_removed() override;
    u64 shown_number() const override { return static_cast<u64>(id()); }

private:
    friend class Ref<Segment>;
    Segment(const Path& path, Inode& content, i32 key, u64 size, u32 flags);
    bool try_take() const override { return try_add_reference(); }
    bool fits(u64 wanted) const override { return wanted <= size_; }

    const u64 size_;
    const Pid creator_;
    std::atomic<Pid> last_{0};
    std::atomic<u64> attachments_{0};
    std::atomic<i64> attach_time_{0}, detach_time_{0}, change_time_;
    core::Guarded<RefOrNull<UserAccount>, core::lock_class::ipc_locked> locked_by_;
};

extern IpcTable<Segment> g_segments;

// Pages of all segments, whether present or not.
u64 pages_of_segments();

} // namespace linux
