// SPDX-License-Identifier: BSD-2-Clause
// Epoll sets. An item watches one file under one fd. Its waiters on the file's queues put the item
// on the set's incoming stack, without a lock, and wake the set; whoever waits on the set moves the
// stack to the ready list under the set's lock and asks each file there what is ready.
//
// Locks: lock_ (class epoll) guards the items and the ready list. An item belongs to the file's
// list (OpenFile::epoll_items) as well, guarded by the file's bucket of link locks. The graph lock
// (class epoll_graph) is held while a set is destroyed, while a watched file is, and while edges
// between sets change: under it, whatever is found through either list stays.
#pragma once

#include "abi/linux/poll.h"
#include "base/tree.h"
#include "core/sync/lock.h"
#include "linux/poll/anonymous_file.h"
#include "linux/poll/poll_timeout.h"

namespace linux {

class EpollItem;
class EpollSet;

// One entry of an item on one queue.
struct EpollWatch : core::Waiter {
    EpollWatch(EpollItem& of_item, core::WaitQueue& on_queue, bool is_exclusive);
    EpollItem& item;
    core::WaitQueue& queue;
    RefOrNull<core::Object> owner; // of the queue, if the file does not keep it
    EpollWatch* next = nullptr;    // of the same item
};

class EpollItem : public base::TreeHook<> {
public:
    EpollItem(EpollSet& in_set, OpenFile& of_file, i32 as_fd, const EpollEvent& wanted)
        : set(in_set), file(of_file), fd(as_fd), events(wanted.events), data(wanted.data) {}
    ~EpollItem();
    // Off all queues: no wake of the file is or will be on its way to this item.
    void stop_watching();

    EpollSet& set;
    OpenFile& file; // no reference: the item goes when the file does
    const i32 fd;
    std::atomic<u32> events; // wanted, with epoll_flag
    u64 data;                // guarded by the set's lock
    // On the incoming stack or the ready list. Whoever sets it puts the item there.
    std::atomic<bool> queued{false};
    EpollItem* next_incoming = nullptr;
    ListLink ready_link;
    // The file's items: a doubly linked list, guarded by its bucket.
    EpollItem* next_of_file = nullptr;
    EpollItem** link_to_this = nullptr;
    ListLink nested_link; // among the set's items that are sets; guarded by the graph lock

    // What is ready now of what is wanted. With the set's lock held.
    u32 ready_events() const {
        return file.poll(nullptr) & events.load(std::memory_order_relaxed);
    }

private:
    friend class EpollRegistration;
    EpollWatch* watches_ = nullptr;
    alignas(EpollWatch) u8 inline_watch_[sizeof(EpollWatch)]; // most files have one queue
};

struct EpollItemOrder {
    struct Key {
        const OpenFile* file;
        i32 fd;
    };
    static bool less(const OpenFile* a, i32 a_fd, const OpenFile* b, i32 b_fd) {
        return a_fd != b_fd ? a_fd < b_fd : a < b;
    }
    bool operator()(const EpollItem& a, const EpollItem& b) const {
        return less(&a.file, a.fd, &b.file, b.fd);
    }
    bool operator()(const EpollItem& a, const Key& b) const {
        return less(&a.file, a.fd, b.file, b.fd);
    }
    bool operator()(const Key& a, const EpollItem& b) const {
        return less(a.file, a.fd, &b.file, b.fd);
    }
};

class EpollSet final : public AnonymousFile {
public:
    static Result<Ref<EpollSet>> create(); // errors: nomem
    ~EpollSet() override;
    static EpollSet& of(OpenFile& file) { return static_cast<EpollSet&>(file); }

    // epoll_ctl. Errors: exist, noent, perm, inval, loop, nomem.
    Result<> add(OpenFile& file, i32 fd, const EpollEvent& event);
    Result<> modify(OpenFile& file, i32 fd, const EpollEvent& event);
    Result<> remove(OpenFile& file, i32 fd);

    // epoll_wait: writes up to `count` events to the program; 0 when the time has passed.
    // Errors: intr, fault.
    Result<u32> wait(UserVirt target, u32 count, const PollTimeout& timeout);

    u32 poll(PollRegistration* registration) override;
    void describe_details(base::FormatSink& sink) const override;

    // The file is about to be destroyed: lets go of it in every set.
    static void forget(OpenFile& file);

private:
    friend class Ref<EpollSet>;
    friend struct EpollWatch;
    using Items = base::Tree<EpollItem, EpollItemOrder>;
    using SetGuard = core::LockGuard<core::lock_class::epoll>;
    using ReadyList = List<EpollItem, &EpollItem::ready_link>;

    EpollSet() : AnonymousFile(open_flag::read_write, FileFamily::epoll, "[eventpoll]") {}

    static bool item_woken(core::Waiter& waiter, core::WakeEvents events);
    Result<> insert(OpenFile& file, i32 fd, const EpollEvent& event);
    static Result<> check_nesting(EpollSet& outer, EpollSet& inner);
    u32 levels_below() const;
    u32 levels_above() const;
    bool reaches(const EpollSet& other) const;
    EpollItem* find(const OpenFile& file, i32 fd);
    void destroy_item(EpollItem& item);
    // Puts an item with the events just found on the ready list and tells waiters. Lock held.
    void make_ready(EpollItem& item);
    void push_incoming(EpollItem& item);
    void take_incoming();
    void wake_waiters();
    bool has_ready() const {
        return incoming_.load(std::memory_order_relaxed) != nullptr ||
               any_ready_.load(std::memory_order_relaxed);
    }
    Result<u32> deliver(UserVirt target, u32 count);
    Result<bool> deliver_one(EpollItem& item, UserVirt target);

    mutable core::Lock<core::lock_class::epoll> lock_;
    Items items_;                        // guarded by lock_
    ReadyList ready_;                    // guarded by lock_
    std::atomic<bool> any_ready_{false}; // ready_ is not empty
    std::atomic<EpollItem*> incoming_{nullptr};
    // items that are sets; guarded by the graph lock
    List<EpollItem, &EpollItem::nested_link> nested_;
    core::WaitQueue waiters_; // threads in wait()
    core::WaitQueue pollers_; // who watches this set
};

} // namespace linux
