// SPDX-License-Identifier: BSD-2-Clause
#include "linux/pipe/pipe_file.h"

#include "abi/linux/terminal.h"
#include "core/vm/user_memory.h"
#include "linux/signal/send.h"
#include "linux/vfs/nameless.h"

namespace linux {

void send_broken_pipe_signal() { send_signal_to_self(signal_number::pipe); }

PipeFile::PipeFile(Ref<Pipe> pipe, Ref<Inode> inode, const Path* path, u32 flags)
    : OpenFile(flags, Positioning::stream, FileFamily::pipe), pipe_(std::move(pipe)),
      inode_(std::move(inode)), path_(path ? *path : Path()) {}

Result<Ref<PipeFile>> PipeFile::create(Ref<Pipe> pipe, Ref<Inode> inode, const Path* path,
                                       u32 flags) {
    auto file = TRY(Ref<PipeFile>::create(std::move(pipe), std::move(inode), path, flags));
    file->pipe_->open_end(file->is_readable(), file->is_writable());
    return file;
}

PipeFile::~PipeFile() {
    if (is_fifo())
        fifo_end_closed(*inode_, *pipe_, is_readable(), is_writable());
    else
        pipe_->close_end(is_readable(), is_writable());
}

Result<usize> PipeFile::read(IoCursor& target, u64, IoFlags flags) {
    return pipe_->read(target, flags.non_block);
}

Result<usize> PipeFile::write(IoCursor& source, u64&, IoFlags flags) {
    return pipe_->write(source, flags.non_block, sends_packets());
}

// Out of line, so that poll() itself needs no stack frame.
[[gnu::noinline]] void PipeFile::watch(PollRegistration& registration) {
    pipe_->note_polled();
    if (is_readable())
        registration.watch(pipe_->read_queue());
    if (is_writable())
        registration.watch(pipe_->write_queue());
}

u32 PipeFile::write_events() const {
    u32 events = 0;
    if (!pipe_->is_full())
        events |= poll_event::out | poll_event::write_normal;
    if (!pipe_->has_readers())
        events |= poll_event::error;
    return events;
}

u32 PipeFile::poll(PollRegistration* registration) {
    if (registration) [[unlikely]]
        watch(*registration);
    if (!is_readable())
        return is_writable() ? write_events() : 0;
    u32 events = 0;
    if (!pipe_->is_empty())
        events |= poll_event::in | poll_event::read_normal;
    if (!pipe_->has_writers() && pipe_->writer_openings() != ignored_openings_)
        events |= poll_event::hang_up;
    return is_writable() ? events | write_events() : events;
}

Result<u64> PipeFile::ioctl(u32 request, u64 argument) {
    if (request != terminal_request::input_queued)
        return Failure(Errno::notty);
    TRY(core::UserOut<i32>(argument).write(static_cast<i32>(pipe_->readable_bytes())));
    return 0;
}

Result<Ref<OpenFile>> PipeFile::reopen(u32 flags) {
    return Ref<OpenFile>(TRY(create(pipe_, inode_, nullptr, flags)));
}

void PipeFile::describe(base::FormatSink& sink) const {
    base::format(sink, "pipe:[{}]", inode_->number());
}

Result<u64> set_pipe_size(OpenFile& file, u64 bytes) {
    if (file.family() != FileFamily::pipe)
        return Failure(Errno::badf);
    return PipeFile::of(file).pipe().set_size(bytes, capable(Capability::sys_resource));
}

Result<u64> get_pipe_size(OpenFile& file) {
    if (file.family() != FileFamily::pipe)
        return Failure(Errno::badf);
    return PipeFile::of(file).pipe().size();
}

} // namespace linux
