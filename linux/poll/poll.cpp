// SPDX-License-Identifier: BSD-2-Clause
// poll(2) and ppoll(2).
#include "abi/linux/poll.h"
#include "base/allocate.h"
#include "linux/poll/poll_table.h"
#include "linux/poll/poll_timeout.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/borrow.h"

namespace linux {

namespace {

constexpr u32 always = poll_event::error | poll_event::hang_up;
constexpr u32 inline_count = 128;

// The descriptors of one call, in the kernel.
class Descriptors {
public:
    // Errors: fault, nomem.
    Result<> read(UserVirt address, u32 count) {
        address_ = address;
        count_ = count;
        if (count > inline_count) {
            list_ = static_cast<PollDescriptor*>(
                ::operator new(count * sizeof(PollDescriptor), base::fallible));
            if (!list_)
                return Failure(Errno::nomem);
        }
        return core::copy_from_user(list_, address, count * sizeof(PollDescriptor));
    }
    ~Descriptors() {
        if (list_ != inline_)
            ::operator delete(list_);
    }
    Descriptors() = default;
    Descriptors(const Descriptors&) = delete;
    Descriptors& operator=(const Descriptors&) = delete;

    // One pass over the files; the number that are ready, whose results went to the program. While
    // nothing is ready, `table` (if any) is registered with each. Errors: fault.
    Result<u32> scan(PollTable* table) {
        const core::HandleTable& files = *Task::current().files;
        u32 ready = 0;
        for (u32 index = 0; index < count_; ++index) {
            const u32 events = look(files, list_[index], ready == 0 ? table : nullptr);
            if (events != 0)
                ++ready;
            // Only what differs is written: most results stay zero from the call before.
            if (static_cast<u16>(list_[index].returned) != events)
                TRY(store(index, events));
        }
        return ready;
    }

private:
    static u32 look(const core::HandleTable& files, const PollDescriptor& entry,
                    PollTable* table) {
        if (entry.fd < 0)
            return 0;
        const HotFile handle(files, static_cast<u32>(entry.fd));
        OpenFile* file = handle.get();
        if (!file) [[unlikely]]
            return poll_event::invalid;
        const u32 wanted = static_cast<u16>(entry.events) | always;
        if (table) [[unlikely]]
            table->prepare(*file, wanted);
        return file->poll(table) & wanted;
    }

    Result<> store(u32 index, u32 events) {
        list_[index].returned = static_cast<i16>(events);
        const u64 place =
            address_.value + index * sizeof(PollDescriptor) + offsetof(PollDescriptor, returned);
        return core::copy_to_user(UserVirt(place), &list_[index].returned, sizeof(i16));
    }

    UserVirt address_;
    u32 count_ = 0;
    PollDescriptor inline_[inline_count];
    PollDescriptor* list_ = inline_;
};

// Registers, sleeps, looks again, until something is ready or the time has passed.
// Errors: intr, nomem, fault.
[[gnu::noinline]] Result<u32> wait_for_any(Descriptors& descriptors, const PollTimeout& timeout) {
    PollTable table;
    u32 ready = TRY(descriptors.scan(&table));
    bool timed_out = false;
    while (ready == 0 && !timed_out) {
        if (table.failed())
            return Failure(Errno::nomem);
        const auto outcome = table.sleep(timeout.deadline);
        if (!outcome && outcome.error() == Errno::timedout)
            timed_out = true;
        ready = TRY(descriptors.scan(nullptr));
        if (!outcome && !timed_out && ready == 0)
            return Failure(Errno::intr);
    }
    return ready;
}

// Errors: intr, inval (more descriptors than files allowed), fault, nomem.
Result<u32> poll(UserVirt address, u32 count, const PollTimeout& timeout) {
    if (count > Process::current().limit(Resource::open_files))
        return Failure(Errno::inval);
    Descriptors descriptors;
    TRY(descriptors.read(address, count));
    const u32 ready = TRY(descriptors.scan(nullptr));
    if (ready != 0 || timeout.immediate)
        return ready;
    return wait_for_any(descriptors, timeout);
}

Result<u64> restart_poll(RestartBlock& block);

Result<u64> poll_or_restart(UserVirt address, u32 count, const PollTimeout& timeout) {
    const auto ready = poll(address, count, timeout);
    if (ready)
        return *ready;
    if (ready.error() != Errno::intr)
        return Failure(ready.error());
    RestartBlock& block = Task::current().restart;
    block.function = &restart_poll;
    block.words[0] = address.value;
    block.words[1] = count;
    block.words[2] = timeout.deadline.value;
    return Failure(Errno::restart_restartblock);
}

Result<u64> restart_poll(RestartBlock& block) {
    const PollTimeout timeout{.deadline = Nanos(block.words[2])};
    return poll_or_restart(UserVirt(block.words[0]), static_cast<u32>(block.words[1]), timeout);
}

} // namespace

Result<u64> sys_poll(u64 descriptors, u32 count, i32 timeout) {
    return poll_or_restart(UserVirt(descriptors), count, PollTimeout::after_milliseconds(timeout));
}

Result<u64> sys_ppoll(u64 descriptors, u32 count, UserInOut<TimeSpec> timeout,
                      UserIn<SignalSet> mask, u64 mask_size) {
    PollTimeout limit;
    if (timeout)
        limit = TRY(PollTimeout::after(TRY(timeout.read())));
    if (mask) {
        if (mask_size != sizeof(SignalSet))
            return Failure(Errno::inval);
        begin_temporary_mask(TRY(mask.read()));
    }
    const auto ready = poll(UserVirt(descriptors), count, limit);
    const bool interrupted = !ready && ready.error() == Errno::intr;
    if (mask)
        end_temporary_mask(interrupted);
    if (timeout) {
        const u64 left = limit.left().value;
        const auto stored = timeout.write({static_cast<i64>(left / 1'000'000'000),
                                           static_cast<i64>(left % 1'000'000'000)});
        // A program that keeps its timeout in read-only memory cannot be restarted.
        if (!stored && interrupted)
            return Failure(Errno::intr);
    }
    if (interrupted)
        return Failure(Errno::restartnohand);
    return ready ? Result<u64>(*ready) : Failure(ready.error());
}

} // namespace linux
