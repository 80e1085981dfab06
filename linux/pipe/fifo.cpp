// SPDX-License-Identifier: BSD-2-Clause
// Opening a fifo. Its pipe hangs at the inode (InodeExtras::attachment) while any end is open; the
// inode's lock guards that.
#include "linux/pipe/pipe_file.h"
#include "linux/vfs/inode_extras.h"

namespace linux {

namespace {

Result<Ref<PipeFile>> open_end(Inode& inode, const Path& path, u32 flags) {
    InodeExtras* extras = TRY(inode.extras());
    InodeGuard guard(inode.lock(), InodeRole::file);
    if (!extras->attachment)
        extras->attachment = Ref<core::Object>(TRY(Pipe::create()));
    auto pipe = Ref<Pipe>::share(static_cast<Pipe&>(*extras->attachment));
    const bool only_writes = (flags & open_flag::access_mode) == open_flag::write_only;
    if (only_writes && (flags & open_flag::non_block) != 0 && !pipe->has_readers()) {
        if (!pipe->has_writers())
            extras->attachment = nullptr;
        return Failure(Errno::nxio);
    }
    return PipeFile::create(std::move(pipe), Ref<Inode>::share(inode), &path, flags);
}

// Sleeps until a side was opened again since it had been `before` times. Errors: restartsys.
template <typename Openings>
Result<> wait_for_partner(Pipe& pipe, u32 before, Openings openings) {
    const auto outcome = pipe.read_queue().wait([&] { return openings() != before; },
                                                core::Sleep::interruptible);
    return outcome ? Result<>() : Failure(Errno::restartsys);
}

} // namespace

Result<Ref<OpenFile>> open_fifo(const Path& path, u32 flags) {
    Inode& inode = path.inode();
    Ref<PipeFile> file = TRY(open_end(inode, path, flags));
    Pipe& pipe = file->pipe();
    const bool waits = (flags & open_flag::non_block) == 0;
    // The counts first: a partner that comes between the two looks is seen by one of them.
    const u32 writer_openings = pipe.writer_openings();
    const u32 reader_openings = pipe.reader_openings();
    if (!file->is_writable() && !pipe.has_writers()) {
        if (waits)
            TRY(wait_for_partner(pipe, writer_openings, [&] { return pipe.writer_openings(); }));
        else
            file->expect_writer();
    } else if (!file->is_readable() && !pipe.has_readers() && waits) {
        TRY(wait_for_partner(pipe, reader_openings, [&] { return pipe.reader_openings(); }));
    }
    return Ref<OpenFile>(std::move(file));
}

void fifo_end_closed(Inode& inode, Pipe& pipe, bool reads, bool writes) {
    InodeGuard guard(inode.lock(), InodeRole::file);
    pipe.close_end(reads, writes);
    if (!pipe.has_readers() && !pipe.has_writers())
        inode.extras_if_any()->attachment = nullptr;
}

} // namespace linux
