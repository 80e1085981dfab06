// SPDX-License-Identifier: BSD-2-Clause
// epoll_create(2), epoll_ctl(2), epoll_wait(2) and their kin.
#include "linux/poll/epoll.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/borrow.h"

namespace linux {

namespace {

constexpr i32 maximum_events = 0x7fff'ffff / static_cast<i32>(sizeof(EpollEvent));

Result<u64> create_set(u32 flags) {
    auto set = TRY(EpollSet::create());
    return TRY(install_file(std::move(set), (flags & epoll_close_on_exec) != 0));
}

// The rules of EPOLLEXCLUSIVE. Errors: inval.
Result<> check_exclusive(i32 operation, const OpenFile& file, u32 events) {
    constexpr u32 allowed = poll_event::in | poll_event::out | poll_event::error |
                            poll_event::hang_up | poll_event::read_normal |
                            poll_event::write_normal | epoll_flag::wake_up | epoll_flag::edge |
                            epoll_flag::exclusive;
    if ((events & epoll_flag::exclusive) == 0)
        return {};
    if (operation == epoll_operation::modify ||
        (operation == epoll_operation::add &&
         (file.family() == FileFamily::epoll || (events & ~allowed) != 0)))
        return Failure(Errno::inval);
    return {};
}

[[gnu::always_inline]] inline Result<u32> wait(u32 set, u64 events, i32 count,
                                               const PollTimeout& timeout) {
    if (count <= 0 || count > maximum_events)
        return Failure(Errno::inval);
    if (events > core::user_end)
        return Failure(Errno::fault);
    const HotFile handle(*Task::current().files, set);
    OpenFile* file = handle.get();
    if (!file)
        return Failure(Errno::badf);
    if (file->family() != FileFamily::epoll)
        return Failure(Errno::inval);
    return EpollSet::of(*file).wait(UserVirt(events), static_cast<u32>(count), timeout);
}

Result<u64> wait_with_mask(u32 set, u64 events, i32 count, const PollTimeout& timeout,
                           UserIn<SignalSet> mask) {
    if (mask)
        begin_temporary_mask(TRY(mask.read()));
    const auto ready = wait(set, events, count, timeout);
    if (mask)
        end_temporary_mask(!ready && ready.error() == Errno::intr);
    return ready ? Result<u64>(*ready) : Failure(ready.error());
}

} // namespace

Result<u64> sys_epoll_create(i32 size) {
    if (size <= 0)
        return Failure(Errno::inval);
    return create_set(0);
}

Result<u64> sys_epoll_create1(u32 flags) {
    if ((flags & ~epoll_close_on_exec) != 0)
        return Failure(Errno::inval);
    return create_set(flags);
}

Result<u64> sys_epoll_ctl(u32 set, i32 operation, u32 fd, UserIn<EpollEvent> event) {
    EpollEvent wanted{};
    if (operation != epoll_operation::remove)
        wanted = TRY(event.read());
    auto set_file = TRY(borrow_file(set));
    auto file = TRY(borrow_file(fd));
    if (!file->can_poll())
        return Failure(Errno::perm);
    wanted.events &= ~epoll_flag::wake_up; // nothing here goes to sleep by itself
    if (&*set_file == &*file || set_file->family() != FileFamily::epoll)
        return Failure(Errno::inval);
    if (operation != epoll_operation::remove)
        TRY(check_exclusive(operation, *file, wanted.events));
    EpollSet& target = EpollSet::of(*set_file);
    Result<> outcome = Failure(Errno::inval);
    if (operation == epoll_operation::add)
        outcome = target.add(*file, static_cast<i32>(fd), wanted);
    else if (operation == epoll_operation::modify)
        outcome = target.modify(*file, static_cast<i32>(fd), wanted);
    else if (operation == epoll_operation::remove)
        outcome = target.remove(*file, static_cast<i32>(fd));
    return outcome ? Result<u64>(0) : Failure(outcome.error());
}

Result<u64> sys_epoll_wait(u32 set, u64 events, i32 count, i32 timeout) {
    const u32 ready =
        TRY(wait(set, events, count, PollTimeout::after_milliseconds(timeout)));
    return ready;
}

Result<u64> sys_epoll_pwait(u32 set, u64 events, i32 count, i32 timeout, UserIn<SignalSet> mask,
                            u64 mask_size) {
    if (mask && mask_size != sizeof(SignalSet))
        return Failure(Errno::inval);
    return wait_with_mask(set, events, count, PollTimeout::after_milliseconds(timeout), mask);
}

Result<u64> sys_epoll_pwait2(u32 set, u64 events, i32 count, UserIn<TimeSpec> timeout,
                             UserIn<SignalSet> mask, u64 mask_size) {
    PollTimeout limit;
    if (timeout)
        limit = TRY(PollTimeout::after(TRY(timeout.read())));
    if (mask && mask_size != sizeof(SignalSet))
        return Failure(Errno::inval);
    return wait_with_mask(set, events, count, limit, mask);
}

} // namespace linux
