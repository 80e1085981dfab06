// SPDX-License-Identifier: BSD-2-Clause
#include "linux/ipc/segment.h"

#include "base/bits.h"
#include "linux/ipc/ipc_limits.h"
#include "linux/process/process.h"
#include "linux/tmpfs/tmpfs.h"

namespace linux {

constinit IpcTable<Segment> g_segments;

namespace {

constinit std::atomic<u64> g_pages{0};

u64 pages_of(u64 size) { return base::divide_up(size, page_size); }

// Whoever maps or unmaps now; 0 for a thread of the kernel.
Pid current_pid() {
    const auto* task = static_cast<const Task*>(core::Thread::current().personality_data);
    return task ? task->process->pid : 0;
}

// Pages counted against the limit of all segments, given back unless kept.
class CountedPages {
public:
    static Result<CountedPages> take(u64 pages) {
        const u64 limit = g_ipc_limits.segment_pages.load(std::memory_order_relaxed);
        u64 before = g_pages.load(std::memory_order_relaxed);
        u64 after;
        do {
            if (__builtin_add_overflow(before, pages, &after) || after > limit)
                return Failure(Errno::nospc);
        } while (!g_pages.compare_exchange_weak(before, after, std::memory_order_relaxed));
        return CountedPages(pages);
    }
    CountedPages(CountedPages&& other) noexcept : pages_(std::exchange(other.pages_, 0)) {}
    ~CountedPages() { g_pages.fetch_sub(pages_, std::memory_order_relaxed); }
    void keep() { pages_ = 0; }

private:
    explicit CountedPages(u64 pages) : pages_(pages) {}
    u64 pages_;
};

} // namespace

u64 pages_of_segments() { return g_pages.load(std::memory_order_relaxed); }

Segment::Segment(const Path& path, Inode& content, i32 key, u64 size, u32 flags)
    : CachedFile(path, content, open_flag::read_write | open_flag::large_file,
                 FileFamily::shared_memory),
      IpcObject(key, flags), size_(size), creator_(Process::current().pid),
      change_time_(file_time_now().seconds) {}

Result<i32> Segment::create(i32 key, u64 size, u32 flags) {
    CountedPages counted = TRY(CountedPages::take(pages_of(size)));
    const base::Text<16> name("SYSV{:08x}", static_cast<u32>(key));
    const MemoryFilePlace place = TRY(create_memory_place(name.view(), size));
    auto* made = new (base::fallible) Segment(place.path, *place.content, key, size, flags);
    if (!made)
        return Failure(Errno::nomem);
    counted.keep(); // its destructor gives them back
    const Ref<Segment> segment = Ref<Segment>::adopt(made);
    Ref<Segment> of_table = segment; // for remove(), which may run as soon as it is entered
    TRY(g_segments.add(*made, g_ipc_limits.segments.load(std::memory_order_relaxed)));
    (void)of_table.release();
    return segment->id();
}

Segment::~Segment() {
    g_segments.remove(*this);
    unlock_memory();
    g_pages.fetch_sub(pages_of(size_), std::memory_order_relaxed);
}

void Segment::remove() {
    const u32 before = g_segments.remove_key(*this, segment_flag::removed);
    if ((before & segment_flag::removed) == 0)
        drop_reference(); // the table's; the caller has one of its own
}

void Segment::note_change() { change_time_.store(file_time_now().seconds); }

SegmentStatus Segment::status() const {
    SegmentStatus status = {};
    status.permission = g_segments.permission(*this);
    status.size = size_;
    status.attach_time = attach_time_.load(std::memory_order_relaxed);
    status.detach_time = detach_time_.load(std::memory_order_relaxed);
    status.change_time = change_time_.load(std::memory_order_relaxed);
    status.creator = creator_;
    status.last = last_.load(std::memory_order_relaxed);
    status.attachments = attachments_.load(std::memory_order_relaxed);
    return status;
}

u64 Segment::resident_pages() const {
    const core::PageCache* cache = content().page_cache_if_any();
    return cache ? cache->page_count() : 0;
}

Result<> Segment::lock_memory() {
    const Ref<UserAccount> account = current_credentials().account;
    const u64 bytes = pages_of(size_) << page_shift;
    const u64 limit = Process::current().limit(Resource::locked_memory);
    auto locked_by = locked_by_.lock();
    if (*locked_by)
        return {};
    const u64 total = account->locked_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (total > limit && !capable(Capability::ipc_lock)) {
        account->locked_bytes.fetch_sub(bytes, std::memory_order_relaxed);
        return Failure(Errno::nomem);
    }
    *locked_by = account;
    // Nothing to do for the pages: a memory file has nowhere else to keep them.
    g_segments.change_mode(*this, 0, segment_flag::locked);
    return {};
}

void Segment::unlock_memory() {
    RefOrNull<UserAccount> account;
    {
        auto locked_by = locked_by_.lock();
        std::swap(account, *locked_by);
        if (account)
            g_segments.change_mode(*this, segment_flag::locked, 0);
    }
    if (account)
        account->locked_bytes.fetch_sub(pages_of(size_) << page_shift, std::memory_order_relaxed);
}

// The count and the times are for IPC_STAT alone; references decide how long the segment lives.
void Segment::mapping_added() {
    attachments_.fetch_add(1, std::memory_order_relaxed);
    attach_time_.store(file_time_now().seconds, std::memory_order_relaxed);
    last_.store(current_pid(), std::memory_order_relaxed);
}

void Segment::mapping_removed() {
    attachments_.fetch_sub(1, std::memory_order_relaxed);
    detach_time_.store(file_time_now().seconds, std::memory_order_relaxed);
    last_.store(current_pid(), std::memory_order_relaxed);
}

} // namespace linux
