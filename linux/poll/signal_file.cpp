// SPDX-License-Identifier: BSD-2-Clause
// signalfd(2): pending signals of whoever reads, taken from a descriptor.
#include "abi/linux/poll.h"
#include "linux/poll/anonymous_file.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// The fields a signal of this number and code has (siginfo_t's layouts).
enum class Layout : u8 { user, timer, child, fault, poll, call };

Layout layout_of(const SigInfo& info) {
    if (info.code == signal_code::timer)
        return Layout::timer;
    if (info.code == signal_code::sigio)
        return Layout::poll;
    if (info.code <= 0 || info.code == signal_code::kernel)
        return Layout::user;
    switch (info.number) {
    case signal_number::ill:
    case signal_number::fpe:
    case signal_number::segv:
    case signal_number::bus:
    case signal_number::trap: return Layout::fault;
    case signal_number::chld: return Layout::child;
    case signal_number::io: return Layout::poll;
    case signal_number::sys: return Layout::call;
    default: return Layout::user;
    }
}

SignalRecord to_record(const SigInfo& info) {
    SignalRecord record{};
    record.number = static_cast<u32>(info.number);
    record.error = info.error;
    record.code = info.code;
    const SigInfo::Details& details = info.details;
    switch (layout_of(info)) {
    case Layout::user:
        record.pid = static_cast<u32>(details.user.pid);
        record.uid = details.user.uid;
        record.pointer = details.user.value;
        record.integer = static_cast<i32>(details.user.value);
        break;
    case Layout::timer:
        record.timer = static_cast<u32>(details.timer.timer);
        record.overrun = static_cast<u32>(details.timer.overrun);
        record.pointer = details.timer.value;
        record.integer = static_cast<i32>(details.timer.value);
        break;
    case Layout::child:
        record.pid = static_cast<u32>(details.child.pid);
        record.uid = details.child.uid;
        record.status = details.child.status;
        record.user_time = static_cast<u64>(details.child.user_time);
        record.system_time = static_cast<u64>(details.child.system_time);
        break;
    case Layout::fault: record.address = details.fault.address; break;
    case Layout::poll:
        record.band = static_cast<u32>(details.poll.band);
        record.fd = details.poll.fd;
        break;
    case Layout::call:
        record.call_address = details.call.call_address;
        record.call_number = details.call.call_number;
        record.architecture = details.call.architecture;
        break;
    }
    return record;
}

class SignalFile final : public AnonymousFile {
public:
    SignalFile(SignalSet wanted, u32 flags)
        : AnonymousFile(flags, FileFamily::signal_queue, "[signalfd]"), wanted_(wanted.bits) {}
    static SignalFile& of(OpenFile& file) { return static_cast<SignalFile&>(file); }

    void set_wanted(SignalSet wanted) {
        wanted_.store(wanted.bits, std::memory_order_relaxed);
        // Pollers may find something now.
        signal_arrivals(Process::current()).wake_all(poll_event::in);
    }

    Result<usize> read(IoCursor& target, u64, IoFlags flags) override {
        usize done = 0;
        if (target.left() < sizeof(SignalRecord))
            return Failure(Errno::inval);
        while (target.left() >= sizeof(SignalRecord)) {
            SigInfo info;
            if (!dequeue_signal(wanted(), info)) {
                if (done != 0)
                    break;
                if (flags.non_block)
                    return Failure(Errno::again);
                TRY(wait_for_signal());
                continue;
            }
            const SignalRecord record = to_record(info);
            const auto copied = target.copy_to(&record, sizeof record);
            if (!copied || *copied < sizeof record)
                return done != 0 ? Result<usize>(done) : Failure(Errno::fault);
            done += sizeof record;
        }
        return done;
    }

    u32 poll(PollRegistration* registration) override {
        if (registration)
            registration->watch(signal_arrivals(Process::current()), Process::current());
        return is_pending() ? poll_event::in : 0;
    }

    void describe_details(base::FormatSink& sink) const override {
        base::format(sink, "sigmask:\t{:016x}\n", wanted().bits);
    }

private:
    SignalSet wanted() const { return {wanted_.load(std::memory_order_relaxed)}; }
    bool is_pending() const {
        return !(pending_signals(Task::current()) & wanted()).empty();
    }
    Result<> wait_for_signal() {
        core::WaitQueue& arrivals = signal_arrivals(Process::current());
        if (!arrivals.wait([this] { return is_pending(); }, core::Sleep::interruptible))
            return Failure(Errno::restartsys);
        return {};
    }

    std::atomic<u64> wanted_;
};

// Errors: inval, badf, fault, mfile, nomem.
Result<u64> signal_file(i32 fd, UserIn<SignalSet> mask, u64 mask_size, u32 flags) {
    if (mask_size != sizeof(SignalSet))
        return Failure(Errno::inval);
    if ((flags & ~(open_flag::close_on_exec | open_flag::non_block)) != 0)
        return Failure(Errno::inval);
    SignalSet wanted = TRY(mask.read());
    wanted = wanted & ~unblockable_signals;
    if (fd == -1) {
        auto file = TRY(Ref<SignalFile>::create(wanted, open_flag::read_write |
                                                            (flags & open_flag::non_block)));
        return TRY(install_file(std::move(file), (flags & open_flag::close_on_exec) != 0));
    }
    auto file = TRY(borrow_file(static_cast<u32>(fd)));
    if (file->family() != FileFamily::signal_queue)
        return Failure(Errno::inval);
    SignalFile::of(*file).set_wanted(wanted);
    return static_cast<u64>(fd);
}

} // namespace

Result<u64> sys_signalfd(i32 fd, UserIn<SignalSet> mask, u64 mask_size) {
    return signal_file(fd, mask, mask_size, 0);
}

Result<u64> sys_signalfd4(i32 fd, UserIn<SignalSet> mask, u64 mask_size, u32 flags) {
    return signal_file(fd, mask, mask_size, flags);
}

} // namespace linux
