// SPDX-License-Identifier: BSD-2-Clause
// eventfd(2): a counter that readers take and writers add to. Lock-free: one word.
#include "abi/linux/poll.h"
#include "linux/poll/anonymous_file.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr u64 limit = ~u64{0}; // the counter stays below

class EventFile final : public AnonymousFile {
public:
    EventFile(u64 initial, bool semaphore, u32 flags)
        : AnonymousFile(flags, FileFamily::event_counter, "[eventfd]"), count_(initial),
          semaphore_(semaphore) {}

    Result<usize> read(IoCursor& target, u64, IoFlags flags) override {
        if (target.left() < sizeof(u64))
            return Failure(Errno::inval);
        u64 value;
        while (!take(value)) {
            if (flags.non_block)
                return Failure(Errno::again);
            const auto ready = [this] { return count_.load(std::memory_order_relaxed) != 0; };
            if (!queue_.wait(ready, core::Sleep::interruptible))
                return Failure(Errno::restartsys);
        }
        queue_.wake_all(poll_event::out);
        return target.copy_to(&value, sizeof value);
    }

    Result<usize> write(IoCursor& source, u64&, IoFlags flags) override {
        if (source.left() < sizeof(u64))
            return Failure(Errno::inval);
        u64 value = 0;
        if (TRY(source.copy_from(&value, sizeof value)) != sizeof value)
            return Failure(Errno::fault);
        if (value == limit)
            return Failure(Errno::inval);
        while (!add(value)) {
            if (flags.non_block)
                return Failure(Errno::again);
            const auto room = [this, value] {
                return limit - count_.load(std::memory_order_relaxed) > value;
            };
            if (!queue_.wait(room, core::Sleep::interruptible))
                return Failure(Errno::restartsys);
        }
        queue_.wake_all(poll_event::in);
        return sizeof value;
    }

    u32 poll(PollRegistration* registration) override {
        if (registration)
            registration->watch(queue_);
        const u64 count = count_.load(std::memory_order_acquire);
        u32 events = 0;
        if (count != 0)
            events |= poll_event::in;
        if (count == limit)
            events |= poll_event::error;
        if (limit - 1 > count)
            events |= poll_event::out;
        return events;
    }

    void describe_details(base::FormatSink& sink) const override {
        base::format(sink, "eventfd-count: {:16x}\neventfd-semaphore: {}\n",
                     count_.load(std::memory_order_relaxed), semaphore_ ? 1 : 0);
    }

private:
    bool take(u64& value) {
        u64 count = count_.load(std::memory_order_relaxed);
        do {
            if (count == 0)
                return false;
            value = semaphore_ ? 1 : count;
        } while (!count_.compare_exchange_weak(count, count - value, std::memory_order_acq_rel));
        return true;
    }
    bool add(u64 value) {
        u64 count = count_.load(std::memory_order_relaxed);
        do {
            if (limit - count <= value)
                return false;
        } while (!count_.compare_exchange_weak(count, count + value, std::memory_order_acq_rel));
        return true;
    }

    std::atomic<u64> count_;
    const bool semaphore_;
    core::WaitQueue queue_;
};

} // namespace

Result<u64> sys_eventfd2(u32 initial, u32 flags) {
    constexpr u32 known =
        eventfd_flag::semaphore | open_flag::close_on_exec | open_flag::non_block;
    if ((flags & ~known) != 0)
        return Failure(Errno::inval);
    auto file = TRY(Ref<EventFile>::create(initial, (flags & eventfd_flag::semaphore) != 0,
                                           open_flag::read_write | (flags & open_flag::non_block)));
    return TRY(install_file(std::move(file), (flags & open_flag::close_on_exec) != 0));
}

Result<u64> sys_eventfd(u32 initial) { return sys_eventfd2(initial, 0); }

} // namespace linux
