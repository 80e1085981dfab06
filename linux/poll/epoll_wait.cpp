// SPDX-License-Identifier: BSD-2-Clause
// Epoll sets: from a wake of a watched file to the events a program gets.
#include "linux/poll/epoll.h"
#include "linux/vfs/super_block.h"

namespace linux {

namespace {
constexpr core::WakeEvents set_ready = poll_event::in | poll_event::read_normal;
}

// Called with the file's queue locked and interrupts off.
bool EpollSet::item_woken(core::Waiter& waiter, core::WakeEvents happened) {
    EpollItem& item = static_cast<EpollWatch&>(waiter).item;
    const u32 wanted = item.events.load(); // sequentially consistent, see modify()
    if ((wanted & ~epoll_flag::all) == 0)
        return false; // a one-shot item that has fired
    if (happened != 0 && (happened & wanted) == 0)
        return false;
    EpollSet& set = item.set;
    if (!item.queued.exchange(true))
        set.push_incoming(item);
    const bool somebody_waits = set.waiters_.has_waiters();
    set.wake_waiters();
    // Of an exclusive item: the wake is used up if someone here will take care of it.
    return somebody_waits || (wanted & epoll_flag::exclusive) == 0;
}

void EpollSet::push_incoming(EpollItem& item) {
    EpollItem* first = incoming_.load(std::memory_order_relaxed);
    do
        item.next_incoming = first;
    while (!incoming_.compare_exchange_weak(first, &item, std::memory_order_release,
                                            std::memory_order_relaxed));
}

// Moves what came in to the end of the ready list, oldest first. Lock held.
void EpollSet::take_incoming() {
    if (!incoming_.load(std::memory_order_relaxed))
        return;
    EpollItem* newest = incoming_.exchange(nullptr, std::memory_order_acquire);
    EpollItem* oldest = nullptr;
    while (newest) {
        EpollItem* next = newest->next_incoming;
        newest->next_incoming = oldest;
        oldest = newest;
        newest = next;
    }
    for (; oldest; oldest = oldest->next_incoming)
        ready_.push_back(*oldest);
}

// Asks one item, already off the list, and writes its event. False if nothing is ready any more.
// Errors: fault (the item is put back). Inline: a tenth of a whole epoll_wait.
[[gnu::always_inline]] Result<bool> EpollSet::deliver_one(EpollItem& item, UserVirt target) {
    // From here on a wake queues the item again; the exchange orders that before the look at the
    // file.
    item.queued.exchange(false);
    const u32 ready = item.ready_events();
    if (ready == 0)
        return false;
    const EpollEvent event{.events = ready, .data = item.data};
    const auto written = core::copy_to_user(target, &event, sizeof event);
    const u32 wanted = item.events.load(std::memory_order_relaxed);
    if (written && (wanted & epoll_flag::one_shot) != 0)
        item.events.store(wanted & epoll_flag::all);
    else if (!written || (wanted & epoll_flag::edge) == 0)
        if (!item.queued.exchange(true))
            ready_.push_back(item); // level triggered: to be asked again
    if (!written)
        return Failure(written.error());
    return true;
}

Result<u32> EpollSet::deliver(UserVirt target, u32 count) {
    u32 delivered = 0;
    Result<> outcome;
    bool more;
    {
        SetGuard guard(lock_);
        take_incoming();
        // Items put back while we go stand behind this one: they are not looked at twice.
        const EpollItem* const last = ready_.empty() ? nullptr : &ready_.back();
        const EpollItem* item = nullptr;
        while (delivered < count && item != last) {
            EpollItem& next = *ready_.pop_front();
            item = &next;
            const auto one = deliver_one(next, target + delivered * sizeof(EpollEvent));
            if (!one) [[unlikely]] {
                outcome = Failure(one.error());
                break;
            }
            delivered += *one;
        }
        more = !ready_.empty();
        any_ready_.store(more, std::memory_order_relaxed);
    }
    if (more && delivered != 0)
        waiters_.wake_one(set_ready);
    if (!outcome && delivered == 0)
        return Failure(outcome.error());
    return delivered;
}

Result<u32> EpollSet::wait(UserVirt target, u32 count, const PollTimeout& timeout) {
    while (true) {
        if (has_ready()) {
            const u32 delivered = TRY(deliver(target, count));
            if (delivered != 0)
                return delivered;
        }
        if (timeout.immediate)
            return 0;
        const auto outcome = waiters_.wait_exclusive([this] { return has_ready(); },
                                                     core::Sleep::interruptible, timeout.deadline);
        if (outcome)
            continue;
        if (outcome.error() == Errno::timedout)
            return has_ready() ? deliver(target, count) : Result<u32>(0);
        return Failure(outcome.error());
    }
}

u32 EpollSet::poll(PollRegistration* registration) {
    if (registration)
        registration->watch(pollers_);
    if (!has_ready())
        return 0;
    // A set inside a set is asked with the outer one locked: only try. Who holds the lock is taking
    // or changing events at this moment, and what is ready then stays a guess in any case.
    if (!lock_.try_acquire())
        return set_ready;
    take_incoming();
    bool found = false;
    while (!ready_.empty() && !found) {
        EpollItem& item = *ready_.pop_front();
        item.queued.exchange(false);
        found = item.ready_events() != 0;
        if (found && !item.queued.exchange(true))
            ready_.push_front(item);
    }
    any_ready_.store(!ready_.empty(), std::memory_order_relaxed);
    lock_.release();
    return found ? set_ready : 0;
}

void EpollSet::describe_details(base::FormatSink& sink) const {
    SetGuard guard(lock_);
    for (const EpollItem& item : items_)
        base::format(sink, "tfd: {:8} events: {:8x} data: {:16x}  pos:{} ino:{:x} sdev:{:x}\n",
                     item.fd, item.events.load(std::memory_order_relaxed), item.data,
                     item.file.position, item.file.inode().number(),
                     item.file.inode().super_block().device().to_user());
}

} // namespace linux
