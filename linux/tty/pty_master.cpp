// SPDX-License-Identifier: BSD-2-Clause
// The master side of a pty.
#include "core/vm/user_memory.h"
#include "linux/signal/send.h"
#include "linux/tty/pty.h"
#include "linux/tty/terminal_file.h"
#include "linux/vfs/lookup.h"

namespace linux {

namespace rq = terminal_request;
using core::UserIn;
using core::UserOut;

Result<Ref<OpenFile>> PtyMasterFile::open(const Path& path, u32 flags) {
    Ref<Terminal> terminal = TRY(Pty::create());
    auto file = TRY(Ref<PtyMasterFile>::create(std::move(terminal), path, flags));
    TRY(add_pty_node(*file->terminal_));
    return Ref<OpenFile>(std::move(file));
}

PtyMasterFile::~PtyMasterFile() {
    remove_pty_node(pty().index());
    pty().master_closed(*terminal_);
}

Result<usize> PtyMasterFile::read(IoCursor& target, u64, IoFlags flags) {
    if (target.empty())
        return 0;
    usize done = 0;
    while (true) {
        if (done == 0 && pty().is_packet_mode()) {
            if (const u8 status = pty().take_packet_status()) {
                TRY(target.copy_to(&status, 1));
                return 1;
            }
            if (terminal_->output_count() != 0) {
                const u8 data = packet_event::data;
                TRY(target.copy_to(&data, 1));
                done = 1;
            }
        }
        u8 chunk[512];
        while (!target.empty()) {
            const u32 count =
                terminal_->output_take({chunk, std::min(target.left(), sizeof chunk)});
            if (count == 0)
                break;
            const auto copied = target.copy_to(chunk, count);
            if (!copied)
                return done != 0 ? Result<usize>(done) : Failure(copied.error());
            done += *copied;
        }
        if (done != 0)
            return done;
        if (pty().slave_is_closed())
            return Failure(Errno::io);
        if (flags.non_block)
            return Failure(Errno::again);
        const auto ready = [&] {
            return terminal_->output_count() != 0 || pty().slave_is_closed() ||
                   (pty().is_packet_mode() && pty().packet_status() != 0);
        };
        if (!pty().master_read_queue().wait(ready, core::Sleep::interruptible))
            return Failure(Errno::restartsys);
    }
}

Result<usize> PtyMasterFile::write(IoCursor& source, u64&, IoFlags flags) {
    usize done = 0;
    u8 chunk[256];
    while (!source.empty()) {
        const usize room = terminal_->input_room();
        if (room == 0) {
            if (flags.non_block)
                return done != 0 ? Result<usize>(done) : Failure(Errno::again);
            const auto ready = [&] { return terminal_->input_room() != 0; };
            if (!pty().master_write_queue().wait(ready, core::Sleep::interruptible))
                return done != 0 ? Result<usize>(done) : Failure(Errno::restartsys);
            continue;
        }
        const usize wanted = std::min({source.left(), sizeof chunk, room});
        const auto copied = source.copy_from(chunk, wanted);
        if (!copied)
            return done != 0 ? Result<usize>(done) : Failure(copied.error());
        done += terminal_->receive({chunk, *copied});
        if (*copied < wanted)
            break;
    }
    return done;
}

u32 PtyMasterFile::poll(PollRegistration* registration) {
    if (registration) {
        registration->watch(pty().master_read_queue());
        registration->watch(pty().master_write_queue());
    }
    u32 events = 0;
    if (terminal_->output_count() != 0)
        events |= poll_event::in | poll_event::read_normal;
    if (pty().is_packet_mode() && pty().packet_status() != 0)
        events |= poll_event::in | poll_event::read_normal | poll_event::priority;
    if (pty().slave_is_closed())
        events |= poll_event::hang_up;
    if (terminal_->input_room() != 0)
        events |= poll_event::out | poll_event::write_normal;
    return events;
}

namespace {
Result<u64> store(u64 address, i32 value) {
    TRY(UserOut<i32>(address).write(value));
    return 0;
}
} // namespace

Result<u64> PtyMasterFile::open_peer(u32 flags) {
    const base::Text<24> name("/dev/pts/{}", pty().index());
    const Path path = TRY(resolve(name.view(), walk_flag::follow));
    const u32 kept = flags & (open_flag::access_mode | open_flag::non_block | open_flag::no_tty);
    auto file = TRY(TerminalFile::open(terminal_, path, kept, TerminalFile::Kind::plain));
    return TRY(install_file(std::move(file), (flags & open_flag::close_on_exec) != 0));
}

std::optional<Result<u64>> PtyMasterFile::ioctl_pty(u32 request, u64 argument) {
    switch (request) {
    case rq::get_pty_number: return store(argument, static_cast<i32>(pty().index()));
    case rq::get_pty_lock: return store(argument, pty().is_locked());
    case rq::get_packet_mode: return store(argument, pty().is_packet_mode());
    case rq::set_pty_lock:
    case rq::packet_mode: {
        const auto on = UserIn<i32>(argument).read();
        if (!on)
            return Failure(on.error());
        if (request == rq::packet_mode)
            pty().set_packet_mode(*on != 0);
        else
            pty().set_locked(*on != 0);
        return 0;
    }
    case rq::send_pty_signal: {
        const i32 number = static_cast<i32>(argument);
        if (number != signal_number::interrupt && number != signal_number::quit &&
            number != signal_number::tstp)
            return Failure(Errno::inval);
        terminal_->signal_foreground(number);
        return 0;
    }
    case rq::open_pty_peer: return open_peer(static_cast<u32>(argument));
    default: return std::nullopt;
    }
}

Result<u64> PtyMasterFile::ioctl_queues(u32 request, u64 argument) {
    switch (request) {
    case rq::input_queued: return store(argument, static_cast<i32>(terminal_->output_count()));
    case rq::output_queued: return store(argument, 0);
    case rq::flush:
        if (argument > flush_queue::both)
            return Failure(Errno::inval);
        // The master's input is the terminal's output, and the other way round.
        terminal_->flush(argument == flush_queue::both    ? flush_queue::both
                         : argument == flush_queue::input ? flush_queue::output
                                                          : flush_queue::input);
        return 0;
    default: return terminal_->ioctl_from_master(request, argument);
    }
}

Result<u64> PtyMasterFile::ioctl(u32 request, u64 argument) {
    if (auto done = ioctl_pty(request, argument))
        return *done;
    switch (request) {
    case rq::get_group: return store(argument, static_cast<i32>(TRY(terminal_->get_group(true))));
    case rq::get_session:
        return store(argument, static_cast<i32>(TRY(terminal_->get_session(true))));
    case rq::set_group:
        return terminal_->set_group(TRY(UserIn<i32>(argument).read()));
    case rq::set_controlling: return Failure(Errno::perm);
    case rq::give_up_controlling: return Failure(Errno::notty);
    default: return ioctl_queues(request, argument);
    }
}

void PtyMasterFile::describe_details(base::FormatSink& sink) const {
    base::format(sink, "tty-index:\t{}\n", pty().index());
}

} // namespace linux
