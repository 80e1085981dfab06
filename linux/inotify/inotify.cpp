// SPDX-License-Identifier: BSD-2-Clause
#include "linux/inotify/inotify.h"

#include "abi/linux/file.h"
#include "linux/filesystem/at_path.h"
#include "linux/process/credentials.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/dentry.h"
#include "linux/vfs/inode_extras.h"
#include "linux/vfs/nameless.h"
#include "linux/vfs/permission.h"

namespace linux {

constinit std::atomic<u32> g_watch_count{0};
constinit InotifyLimits g_inotify_limits;

struct InotifyEvent {
    InotifyEvent* next = nullptr;
    i32 watch;
    u32 mask;
    u32 cookie;
    u32 name_length; // 0 or padded to 16 with its NUL
    char name[1];    // more

    static constexpr usize head = 16; // as a program sees it
};

namespace {

constinit core::Lock<core::lock_class::inotify> g_mutex;
using Guard = core::LockGuard<core::lock_class::inotify>;
constinit u32 g_next_cookie = 1; // guarded by g_mutex

constexpr u32 all_events = 0xfff;
constexpr u32 only_directory = 0x0100'0000, dont_follow = 0x0200'0000,
              exclude_unlinked = 0x0400'0000;
constexpr u32 mask_create = 0x1000'0000, mask_add = 0x2000'0000, one_shot = 0x8000'0000;

InotifyEvent* make_event(i32 watch, u32 mask, u32 cookie, std::string_view name) {
    const usize padded = name.empty() ? 0 : (name.size() + 1 + 15) & ~usize{15};
    void* memory = ::operator new(sizeof(InotifyEvent) + padded, base::fallible);
    if (!memory)
        return nullptr;
    auto* event = new (memory) InotifyEvent;
    event->watch = watch;
    event->mask = mask;
    event->cookie = cookie;
    event->name_length = static_cast<u32>(padded);
    __builtin_memset(event->name, 0, padded);
    __builtin_memcpy(event->name, name.data(), name.size());
    return event;
}

bool same_event(const InotifyEvent& a, const InotifyEvent& b) {
    if (a.watch != b.watch || a.mask != b.mask || a.cookie != b.cookie ||
        a.name_length != b.name_length)
        return false;
    for (u32 i = 0; i < a.name_length; ++i)
        if (a.name[i] != b.name[i])
            return false;
    return true;
}

} // namespace

void InotifyFile::queue_event(i32 watch, u32 mask, u32 cookie, std::string_view name) {
    InotifyEvent* event;
    if (queued_ >= g_inotify_limits.events.load(std::memory_order_relaxed)) {
        if (last_ && last_->mask == notify_event::queue_overflow)
            return;
        event = make_event(-1, notify_event::queue_overflow, 0, {});
    } else {
        event = make_event(watch, mask, cookie, name);
    }
    if (!event)
        return;
    if (last_ && same_event(*last_, *event)) {
        ::operator delete(static_cast<void*>(event));
        return;
    }
    (last_ ? last_->next : first_) = event;
    last_ = event;
    ++queued_;
    queued_bytes_ += InotifyEvent::head + event->name_length;
    readers_.wake_all(poll_event::in | poll_event::read_normal);
}

void InotifyFile::drop_mark(InotifyMark& mark) {
    std::atomic<InotifyMark*>& head = mark.inode->extras_if_any()->marks;
    InotifyMark* first = head.load(std::memory_order_relaxed);
    if (first == &mark) {
        head.store(mark.next, std::memory_order_relaxed);
    } else {
        while (first->next != &mark)
            first = first->next;
        first->next = mark.next;
    }
    marks_.remove(mark);
    g_watch_count.fetch_sub(1, std::memory_order_relaxed);
}

InotifyFile::~InotifyFile() {
    while (true) {
        InotifyMark* mark = nullptr;
        {
            Guard guard(g_mutex);
            if (!marks_.empty()) {
                mark = &marks_.front();
                drop_mark(*mark);
            }
        }
        if (!mark)
            break;
        mark->inode->drop_reference();
        delete mark;
    }
    while (InotifyEvent* event = first_) {
        first_ = event->next;
        ::operator delete(static_cast<void*>(event));
    }
}

Inode& InotifyFile::inode() const { return anonymous_inode(); }

Result<usize> InotifyFile::read(IoCursor& target, u64, IoFlags flags) {
    usize done = 0;
    while (true) {
        InotifyEvent* event = nullptr;
        {
            Guard guard(g_mutex);
            if (first_ && InotifyEvent::head + first_->name_length <= target.left()) {
                event = first_;
                first_ = event->next;
                if (!first_)
                    last_ = nullptr;
                --queued_;
                queued_bytes_ -= InotifyEvent::head + event->name_length;
            } else if (first_ && done == 0) {
                return Failure(Errno::inval);
            }
        }
        if (event) {
            const Result<usize> head = target.copy_to(&event->watch, InotifyEvent::head);
            const Result<usize> tail =
                head ? target.copy_to(event->name, event->name_length) : head;
            const usize size = InotifyEvent::head + event->name_length;
            const bool failed = !head || (!tail && event->name_length != 0);
            ::operator delete(static_cast<void*>(event));
            if (failed)
                return done ? Result<usize>(done) : tail;
            done += size;
            continue;
        }
        if (done != 0)
            return done;
        if (flags.non_block)
            return Failure(Errno::again);
        const Result<> woken =
            readers_.wait([this] { return first_ != nullptr; }, core::Sleep::interruptible);
        if (!woken)
            return Failure(Errno::restartsys);
    }
}

u32 InotifyFile::poll(PollRegistration* registration) {
    if (registration)
        registration->watch(readers_);
    return first_ ? poll_event::in | poll_event::read_normal : 0;
}

Result<u64> InotifyFile::ioctl(u32 request, u64 argument) {
    if (request != io_control::readable_bytes)
        return Failure(Errno::notty);
    TRY(core::UserOut<i32>(argument).write(static_cast<i32>(queued_bytes_)));
    return u64{0};
}

void InotifyFile::describe_details(base::FormatSink& sink) const {
    Guard guard(g_mutex);
    for (InotifyMark& mark : const_cast<InotifyFile*>(this)->marks_) {
        const u64 device = mark.inode->super_block().device().to_user();
        base::format(sink, "inotify wd:{:x} ino:{:x} sdev:{:x} mask:{:x} ignored_mask:0\n",
                     static_cast<u32>(mark.watch), mark.inode->number(), device, mark.mask);
    }
}

Result<i32> InotifyFile::add_watch(Inode& inode, u32 mask) {
    InodeExtras& extras = *TRY(inode.extras());
    auto* fresh = new (base::fallible) InotifyMark;
    if (!fresh)
        return Failure(Errno::nomem);
    const u32 kept = mask & (all_events | exclude_unlinked | one_shot);
    Guard guard(g_mutex);
    for (InotifyMark* mark = extras.marks.load(std::memory_order_relaxed); mark;
         mark = mark->next) {
        if (mark->file != this)
            continue;
        delete fresh;
        if (mask & mask_create)
            return Failure(Errno::exist);
        mark->mask = mask & mask_add ? mark->mask | kept : kept;
        return mark->watch;
    }
    if (g_watch_count.load(std::memory_order_relaxed) >=
        g_inotify_limits.watches.load(std::memory_order_relaxed)) {
        delete fresh;
        return Failure(Errno::nospc);
    }
    fresh->file = this;
    inode.add_reference();
    fresh->inode = &inode;
    fresh->watch = next_watch_++;
    fresh->mask = kept;
    fresh->next = extras.marks.load(std::memory_order_relaxed);
    extras.marks.store(fresh, std::memory_order_relaxed);
    marks_.push_back(*fresh);
    g_watch_count.fetch_add(1, std::memory_order_relaxed);
    return fresh->watch;
}

Result<> InotifyFile::remove_watch(i32 watch) {
    InotifyMark* found = nullptr;
    {
        Guard guard(g_mutex);
        for (InotifyMark& mark : marks_)
            if (mark.watch == watch)
                found = &mark;
        if (!found)
            return Failure(Errno::inval);
        drop_mark(*found);
        queue_event(watch, notify_event::ignored, 0, {});
    }
    found->inode->drop_reference();
    delete found;
    return {};
}

// ---- delivery -----------------------------------------------------------------------------------

namespace {

struct Delivery {
    u32 events;
    u32 cookie = 0;
    std::string_view name{};
};

// Marks that end by what is delivered are chained into `ended` for the caller to free without the
// mutex.
void deliver(Inode& inode, const Delivery& delivery, InotifyMark*& ended) {
    InodeExtras* extras = inode.extras_if_any();
    if (!extras)
        return;
    InotifyMark* next;
    for (InotifyMark* mark = extras->marks.load(std::memory_order_relaxed); mark; mark = next) {
        next = mark->next;
        const bool goes = (delivery.events & notify_event::remove_self) && inode.links() == 0;
        if (mark->mask & delivery.events & (all_events | notify_event::unmount)) {
            mark->file->queue_event(mark->watch, delivery.events, delivery.cookie, delivery.name);
        } else if (!goes) {
            continue;
        }
        if (!goes && !(mark->mask & one_shot))
            continue;
        mark->file->queue_event(mark->watch, notify_event::ignored, 0, {});
        mark->file->drop_mark(*mark);
        mark->next = ended;
        ended = mark;
    }
}

void free_ended(InotifyMark* ended) {
    while (InotifyMark* mark = ended) {
        ended = mark->next;
        mark->inode->drop_reference();
        delete mark;
    }
}

} // namespace

void deliver_entry(Inode& directory, std::string_view name, u32 events) {
    InotifyMark* ended = nullptr;
    {
        Guard guard(g_mutex);
        deliver(directory, {events, 0, name}, ended);
    }
    free_ended(ended);
}

void deliver_inode(Inode& inode, u32 events) {
    InotifyMark* ended = nullptr;
    {
        Guard guard(g_mutex);
        const u32 kind = inode.is_directory() ? notify_event::is_directory : 0;
        // Each kind of event is one of its own, in this order.
        for (u32 bit :
             {notify_event::attributes, notify_event::move_self, notify_event::remove_self})
            if (events & bit)
                deliver(inode, {bit | (bit == notify_event::attributes ? kind : 0)}, ended);
        const u32 rest = events & ~(notify_event::attributes | notify_event::move_self |
                                    notify_event::remove_self);
        if (rest)
            deliver(inode, {rest | kind}, ended);
    }
    free_ended(ended);
}

void deliver_file(const Dentry& dentry, u32 events) {
    Inode* inode = dentry.inode();
    if (!inode)
        return;
    InotifyMark* ended = nullptr;
    {
        Guard guard(g_mutex);
        const u32 all = events | (inode->is_directory() ? notify_event::is_directory : 0);
        // The parent cannot go while we hold the dentry, nor its inode. Names may change under a
        // rename; a walk's view of one is whole.
        char name[256];
        usize length = 0;
        Inode* parent = nullptr;
        {
            core::EpochGuard walk;
            if (!dentry.is_root() && !dentry.is_deleted()) {
                parent = dentry.parent()->inode();
                const std::string_view text = dentry.name();
                length = text.size();
                __builtin_memcpy(name, text.data(), length);
                parent->add_reference();
            }
        }
        if (parent) {
            deliver(*parent, {all, 0, {name, length}}, ended);
            parent->drop_reference();
        }
        deliver(*inode, {all}, ended);
    }
    free_ended(ended);
}

void deliver_rename(const RenameNotice& notice) {
    InotifyMark* ended = nullptr;
    {
        Guard guard(g_mutex);
        const u32 cookie = g_next_cookie++;
        const u32 kind = notice.inode.is_directory() ? notify_event::is_directory : 0;
        deliver(notice.old_directory, {notify_event::moved_from | kind, cookie, notice.old_name},
                ended);
        deliver(notice.new_directory, {notify_event::moved_to | kind, cookie, notice.new_name},
                ended);
        deliver(notice.inode, {notify_event::move_self}, ended);
    }
    free_ended(ended);
}

// ---- calls --------------------------------------------------------------------------------------

InotifyFile* as_inotify(OpenFile& file) {
    return file.family() == FileFamily::inotify ? static_cast<InotifyFile*>(&file) : nullptr;
}

Result<u64> sys_inotify_init1(u32 flags) {
    if (flags & ~(open_flag::non_block | open_flag::close_on_exec))
        return Failure(Errno::inval);
    Ref<InotifyFile> file = TRY(Ref<InotifyFile>::create(flags & open_flag::non_block));
    return install_file(std::move(file), (flags & open_flag::close_on_exec) != 0);
}

Result<u64> sys_inotify_init() { return sys_inotify_init1(0); }

Result<u64> sys_inotify_add_watch(u32 fd, UserString user_path, u32 mask) {
    constexpr u32 known = all_events | only_directory | dont_follow | exclude_unlinked |
                          mask_create | mask_add | one_shot | notify_event::is_directory |
                          notify_event::unmount | notify_event::queue_overflow |
                          notify_event::ignored;
    if (!(mask & known) || (mask & (mask_add | mask_create)) == (mask_add | mask_create))
        return Failure(Errno::inval);
    const BorrowedFile file = TRY(borrow_file(fd));
    InotifyFile* instance = as_inotify(*file);
    if (!instance)
        return Failure(Errno::inval);
    PathName name;
    TRY(name.read(user_path));
    const u32 walk = (mask & dont_follow ? 0 : walk_flag::follow) |
                     (mask & only_directory ? walk_flag::directory : 0);
    const Path path = TRY(resolve(at_working_directory, name, walk));
    TRY(check_permission(path.inode(), may::read));
    return static_cast<u64>(TRY(instance->add_watch(path.inode(), mask)));
}

Result<u64> sys_inotify_rm_watch(u32 fd, i32 watch) {
    const BorrowedFile file = TRY(borrow_file(fd));
    InotifyFile* instance = as_inotify(*file);
    if (!instance)
        return Failure(Errno::inval);
    TRY(instance->remove_watch(watch));
    return u64{0};
}

} // namespace linux
