// SPDX-License-Identifier: BSD-2-Clause
#include "linux/tty/terminal_file.h"

namespace linux {

Result<Ref<OpenFile>> TerminalFile::open(Ref<Terminal> terminal, const Path& path, u32 flags,
                                         Kind kind) {
    auto file = TRY(Ref<TerminalFile>::create(std::move(terminal), path, flags, kind));
    const bool may_control = (flags & open_flag::no_tty) == 0 && kind == Kind::plain;
    TRY(file->terminal_->open(*file, may_control && file->is_readable()));
    file->open_ = true;
    return Ref<OpenFile>(std::move(file));
}

TerminalFile::~TerminalFile() {
    if (open_)
        terminal_->close(*this);
}

Result<usize> TerminalFile::read(IoCursor& target, u64, IoFlags flags) {
    if (is_hung_up())
        return 0;
    return terminal_->read(*this, target, flags.non_block);
}

Result<usize> TerminalFile::write(IoCursor& source, u64&, IoFlags flags) {
    if (is_hung_up())
        return Failure(Errno::io);
    return terminal_->write(*this, source, flags.non_block);
}

u32 TerminalFile::poll(PollRegistration* registration) {
    if (registration) {
        registration->watch(terminal_->read_queue());
        registration->watch(terminal_->write_queue());
    }
    if (is_hung_up())
        return poll_event::in | poll_event::out | poll_event::error | poll_event::hang_up |
               poll_event::read_normal | poll_event::write_normal;
    return terminal_->poll_events(*this);
}

Result<u64> TerminalFile::ioctl(u32 request, u64 argument) {
    if (is_hung_up())
        return Failure(request == terminal_request::set_group ? Errno::notty : Errno::io);
    return terminal_->ioctl(*this, request, argument);
}

} // namespace linux
