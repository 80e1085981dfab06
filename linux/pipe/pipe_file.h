// SPDX-License-Identifier: BSD-2-Clause
// An open end of a pipe or fifo; the only open files of FileFamily::pipe.
#pragma once

#include "linux/pipe/pipe.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

class PipeFile final : public OpenFile {
public:
    // Counts the end among the pipe's. `path` leads to a fifo; it is null for a pipe.
    static Result<Ref<PipeFile>> create(Ref<Pipe> pipe, Ref<Inode> inode, const Path* path,
                                        u32 flags);
    ~PipeFile() override;

    // The file of family pipe as what it is.
    static PipeFile& of(OpenFile& file) { return static_cast<PipeFile&>(file); }

    Pipe& pipe() const { return *pipe_; }
    bool sends_packets() const { return (flags() & open_flag::direct) != 0; }
    bool is_fifo() const { return static_cast<bool>(path_); }
    // A fifo opened for reading without waiting for a writer: no end of file until one has come.
    void expect_writer() { ignored_openings_ = pipe_->writer_openings(); }

    Result<usize> read(IoCursor& target, u64 offset, IoFlags flags) override;
    Result<usize> write(IoCursor& source, u64& offset, IoFlags flags) override;
    u32 poll(PollRegistration* registration) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    Result<> flags_changed(u32) override { return {}; }
    Result<Ref<OpenFile>> reopen(u32 flags) override;
    Inode& inode() const override { return *inode_; }
    const Path* path() const override { return path_ ? &path_ : nullptr; }
    void describe(base::FormatSink& sink) const override;

private:
    friend class Ref<PipeFile>;
    void watch(PollRegistration& registration);
    u32 write_events() const;
    PipeFile(Ref<Pipe> pipe, Ref<Inode> inode, const Path* path, u32 flags);

    const Ref<Pipe> pipe_;
    const Ref<Inode> inode_;
    const Path path_; // empty for a pipe
    u32 ignored_openings_ = ~0u;
};

// fcntl(2)'s F_SETPIPE_SZ and F_GETPIPE_SZ; gives the size in bytes. Errors: badf (no pipe), perm,
// busy, inval, nomem.
Result<u64> set_pipe_size(OpenFile& file, u64 bytes);
Result<u64> get_pipe_size(OpenFile& file);

// Opens a fifo for open(2): meets the other side or, with O_NONBLOCK, does not wait. `path` leads
// to the fifo's inode. Errors: nxio (O_WRONLY | O_NONBLOCK without reader), restartsys, nomem.
Result<Ref<OpenFile>> open_fifo(const Path& path, u32 flags);

// After the last end of a fifo was closed its pipe goes away. Called by PipeFile.
void fifo_end_closed(Inode& inode, Pipe& pipe, bool reads, bool writes);

} // namespace linux
