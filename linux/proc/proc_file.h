// SPDX-License-Identifier: BSD-2-Clause
// An open file of procfs or sysfs: its text is made when it is read from the start.
#pragma once

#include "linux/proc/proc.h"
#include "linux/vfs/open_file.h"

namespace linux {

class ProcFile final : public OpenFile {
public:
    static Result<Ref<OpenFile>> create(const Path& path, const ProcInode& inode, u32 flags);

    Result<usize> read(IoCursor& target, u64 offset, IoFlags flags) override;
    Result<usize> write(IoCursor& source, u64& offset, IoFlags flags) override;
    Result<u64> seek(i64 offset, u32 whence) override;
    u32 poll(PollRegistration* registration) override;
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }

private:
    ProcFile(const Path& path, const ProcInode& inode, u32 flags);

    Path path_;
    const ProcInode& proc_;
    core::Lock<core::lock_class::proc_text> lock_;
    ProcText text_;     // guarded by lock_
    bool made_ = false; // guarded by lock_
    std::atomic<u64> seen_changes_;
};

} // namespace linux
