// SPDX-License-Identifier: BSD-2-Clause
// Items of epoll sets: making, changing, removing them, and the end of sets and files.
#include "linux/poll/epoll.h"

#include "base/immortal.h"

namespace linux {

namespace {

constexpr u32 always = poll_event::error | poll_event::hang_up;
constexpr core::WakeEvents set_ready = poll_event::in | poll_event::read_normal;
constexpr u32 maximum_levels = 5; // of sets within sets

constinit Immortal<core::Lock<core::lock_class::epoll_graph>> g_graph_lock;
using GraphGuard = core::LockGuard<core::lock_class::epoll_graph>;

// Locks of the files' item lists, by file.
struct LinkBucket {
    core::Lock<core::lock_class::epoll_links> lock;
};
constinit LinkBucket g_link_buckets[64];
using LinkGuard = core::LockGuard<core::lock_class::epoll_links>;

core::Lock<core::lock_class::epoll_links>& link_lock(const OpenFile& file) {
    return g_link_buckets[(reinterpret_cast<u64>(&file) >> 6) % std::size(g_link_buckets)].lock;
}

void link_to_file(EpollItem& item) {
    LinkGuard guard(link_lock(item.file));
    EpollItem* first = item.file.epoll_items.load(std::memory_order_relaxed);
    item.next_of_file = first;
    if (first)
        first->link_to_this = &item.next_of_file;
    item.link_to_this = nullptr;
    item.file.epoll_items.store(&item, std::memory_order_release);
}

void unlink_from_file(EpollItem& item) {
    LinkGuard guard(link_lock(item.file));
    if (item.link_to_this)
        *item.link_to_this = item.next_of_file;
    else
        item.file.epoll_items.store(item.next_of_file, std::memory_order_release);
    if (item.next_of_file)
        item.next_of_file->link_to_this = item.link_to_this;
}

} // namespace

// Hangs an item on the queues of its file.
class EpollRegistration final : public PollRegistration {
public:
    explicit EpollRegistration(EpollItem& item) : item_(item) {}

    bool failed = false;

private:
    void add(core::WaitQueue& queue, core::Object* owner) override {
        void* place = item_.inline_watch_;
        if (item_.watches_) {
            place = ::operator new(sizeof(EpollWatch), base::fallible);
            if (!place) {
                failed = true;
                return;
            }
        }
        const bool exclusive =
            (item_.events.load(std::memory_order_relaxed) & epoll_flag::exclusive) != 0;
        auto* watch = new (place) EpollWatch(item_, queue, exclusive);
        watch->owner = RefOrNull<core::Object>::share(owner);
        watch->next = item_.watches_;
        item_.watches_ = watch;
        queue.add(*watch);
    }

    EpollItem& item_;
};

EpollWatch::EpollWatch(EpollItem& of_item, core::WaitQueue& on_queue, bool is_exclusive)
    : Waiter(&EpollSet::item_woken, is_exclusive), item(of_item), queue(on_queue) {}

void EpollItem::stop_watching() {
    for (EpollWatch* watch = watches_; watch; watch = watch->next)
        watch->queue.remove(*watch);
}

EpollItem::~EpollItem() {
    while (EpollWatch* watch = watches_) {
        watches_ = watch->next;
        watch->~EpollWatch();
        if (static_cast<void*>(watch) != inline_watch_)
            ::operator delete(watch);
    }
}

Result<Ref<EpollSet>> EpollSet::create() { return Ref<EpollSet>::create(); }

EpollItem* EpollSet::find(const OpenFile& file, i32 fd) {
    auto found = items_.find(EpollItemOrder::Key{&file, fd}, EpollItemOrder());
    return found == items_.end() ? nullptr : &*found;
}

// Takes an item out of everything and frees it. Lock held.
void EpollSet::destroy_item(EpollItem& item) {
    item.stop_watching();
    unlink_from_file(item);
    items_.erase(items_.iterator_to(item));
    const bool was_queued = item.queued.exchange(true); // nobody puts it anywhere from here on
    if (was_queued) {
        take_incoming();
        if (item.ready_link.is_linked())
            ReadyList::remove(item);
        any_ready_.store(!ready_.empty(), std::memory_order_relaxed);
    }
    delete &item;
}

// Adding.

// Whether `inner` may be watched by `outer`. Graph lock held. Errors: loop, inval (too many
// levels).
Result<> EpollSet::check_nesting(EpollSet& outer, EpollSet& inner) {
    if (&inner == &outer || inner.reaches(outer) ||
        inner.levels_below() + outer.levels_above() > maximum_levels)
        return Failure(Errno::loop);
    return {};
}

bool EpollSet::reaches(const EpollSet& other) const {
    for (EpollItem& item : const_cast<EpollSet*>(this)->nested_) {
        const EpollSet& inner = of(item.file);
        if (&inner == &other || inner.reaches(other))
            return true;
    }
    return false;
}

// The length of the longest chain of sets that begins (ends) with this one.
u32 EpollSet::levels_below() const {
    u32 deepest = 0;
    for (EpollItem& item : const_cast<EpollSet*>(this)->nested_)
        deepest = std::max(deepest, of(item.file).levels_below());
    return deepest + 1;
}

u32 EpollSet::levels_above() const {
    u32 highest = 0;
    // Only sets watch sets through items in this list, and edges between sets stand still.
    for (EpollItem* item = epoll_items.load(std::memory_order_acquire); item;
         item = item->next_of_file)
        highest = std::max(highest, item->set.levels_above());
    return highest + 1;
}

Result<> EpollSet::add(OpenFile& file, i32 fd, const EpollEvent& event) {
    if (file.family() != FileFamily::epoll)
        return insert(file, fd, event);
    GraphGuard graph(*g_graph_lock);
    TRY(check_nesting(*this, of(file)));
    return insert(file, fd, event);
}

Result<> EpollSet::insert(OpenFile& file, i32 fd, const EpollEvent& event) {
    SetGuard guard(lock_);
    if (find(file, fd))
        return Failure(Errno::exist);
    auto* item = new (base::fallible) EpollItem(*this, file, fd, event);
    if (!item)
        return Failure(Errno::nomem);
    item->events.store(event.events | always, std::memory_order_relaxed);
    items_.insert(*item);
    link_to_file(*item);
    if (file.family() == FileFamily::epoll)
        nested_.push_back(*item);
    EpollRegistration registration(*item);
    const u32 ready = file.poll(&registration) & item->events.load(std::memory_order_relaxed);
    if (registration.failed) {
        if (item->nested_link.is_linked())
            item->nested_link.unlink();
        destroy_item(*item);
        return Failure(Errno::nomem);
    }
    if (ready != 0)
        make_ready(*item);
    return {};
}

Result<> EpollSet::modify(OpenFile& file, i32 fd, const EpollEvent& event) {
    SetGuard guard(lock_);
    EpollItem* item = find(file, fd);
    if (!item)
        return Failure(Errno::noent);
    if ((item->events.load(std::memory_order_relaxed) & epoll_flag::exclusive) != 0)
        return Failure(Errno::inval);
    item->data = event.data;
    // Sequentially consistent: a wake that still saw the old events is made up for by the look
    // below.
    item->events.store(event.events | always);
    if (item->ready_events() != 0)
        make_ready(*item);
    return {};
}

Result<> EpollSet::remove(OpenFile& file, i32 fd) {
    const auto remove_item = [&]() -> Result<> {
        SetGuard guard(lock_);
        EpollItem* item = find(file, fd);
        if (!item)
            return Failure(Errno::noent);
        if (item->nested_link.is_linked())
            item->nested_link.unlink();
        destroy_item(*item);
        return {};
    };
    if (file.family() != FileFamily::epoll)
        return remove_item();
    GraphGuard graph(*g_graph_lock);
    return remove_item();
}

void EpollSet::make_ready(EpollItem& item) {
    if (item.queued.exchange(true))
        return;
    ready_.push_back(item);
    any_ready_.store(true, std::memory_order_relaxed);
    wake_waiters();
}

void EpollSet::wake_waiters() {
    // Often from a wake of a watched file's queue; sets never watch each other in a circle.
    waiters_.wake_one(set_ready, core::Taking::nested);
    pollers_.wake_all(set_ready, core::Taking::nested);
}

// The end of sets and files.

EpollSet::~EpollSet() {
    GraphGuard graph(*g_graph_lock);
    SetGuard guard(lock_);
    while (!items_.empty()) {
        EpollItem& item = *items_.begin();
        if (item.nested_link.is_linked())
            item.nested_link.unlink();
        destroy_item(item);
    }
}

void EpollSet::forget(OpenFile& file) {
    // Nobody can name the file any more, so no epoll_ctl competes; sets that end wait for the graph
    // lock.
    GraphGuard graph(*g_graph_lock);
    while (EpollItem* item = file.epoll_items.load(std::memory_order_acquire)) {
        EpollSet& set = item->set;
        SetGuard guard(set.lock_);
        if (item->nested_link.is_linked())
            item->nested_link.unlink();
        set.destroy_item(*item);
    }
}

void OpenFile::operator delete(OpenFile* file, std::destroying_delete_t) {
    if (file->epoll_items.load(std::memory_order_acquire)) [[unlikely]]
        EpollSet::forget(*file);
    file->~OpenFile();
    ::operator delete(static_cast<void*>(file));
}

} // namespace linux
