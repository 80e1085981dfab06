// SPDX-License-Identifier: BSD-2-Clause
#include "linux/pipe/pipe.h"

#include <algorithm>
#include <utility>

#include "abi/linux/types.h"
#include "base/bits.h"
#include "core/memory/frames.h"

namespace linux {

namespace {
constexpr core::WakeEvents read_events = poll_event::in | poll_event::read_normal;
constexpr core::WakeEvents write_events = poll_event::out | poll_event::write_normal;
constexpr core::WakeEvents end_events = poll_event::error | poll_event::hang_up;

constexpr u64 unprivileged_maximum = 1 << 20; // bytes; the default of fs.pipe-max-size
} // namespace

Result<Ref<Pipe>> Pipe::create() {
    auto pipe = TRY(Ref<Pipe>::create());
    TRY(pipe->ring_.resize(PipeRing::default_slots));
    return pipe;
}

Pipe::~Pipe() {
    for (core::Page* page : spare_pages_)
        if (page)
            core::release_page(*page);
}

core::Page* Pipe::take_page() {
    for (core::Page*& spare : spare_pages_)
        if (spare)
            return std::exchange(spare, nullptr);
    auto fresh = core::allocate_frame(core::PageUse::kernel, core::FrameContent::undefined);
    return fresh ? fresh->release() : nullptr;
}

void Pipe::give_page(core::Page& page) {
    // Only a page nobody else looks at may be written again.
    if (page.use == core::PageUse::kernel &&
        page.references.load(std::memory_order_relaxed) == 1) [[likely]] {
        for (core::Page*& spare : spare_pages_)
            if (!spare) {
                spare = &page;
                return;
            }
    }
    core::release_page(page);
}

// Reading.

Pipe::Progress Pipe::drain(IoCursor& target) {
    Progress progress;
    while (!ring_.empty()) {
        PipeSlot& slot = ring_.front();
        const usize wanted = std::min<usize>(slot.length, target.left());
        const auto copied = target.copy_to(slot.page->bytes() + slot.offset, wanted);
        if (!copied || *copied < wanted) [[unlikely]] {
            progress.failure = Errno::fault;
            break;
        }
        progress.bytes += wanted;
        slot.offset += static_cast<u32>(wanted);
        slot.length -= static_cast<u32>(wanted);
        const bool packet = slot.packet;
        if (slot.length == 0 || packet) {
            progress.unblocked |= ring_.full();
            give_page(*ring_.pop().page);
        }
        if (target.empty() || packet)
            break;
    }
    return progress;
}

Result<usize> Pipe::read(IoCursor& target, bool non_block) {
    if (target.empty()) [[unlikely]]
        return 0;
    bool waited = false;
    while (true) {
        lock_.acquire();
        const Progress progress = drain(target);
        const bool more = !ring_.empty();
        const bool closed = !has_writers();
        lock_.release();
        if (progress.unblocked)
            write_queue_.wake_one(write_events);
        if (waited && more)
            read_queue_.wake_one(read_events); // our wake was meant for whoever can still read
        if (progress.bytes != 0)
            return progress.bytes;
        if (progress.failure != Errno{})
            return Failure(progress.failure);
        if (closed)
            return 0;
        TRY(wait_readable(non_block));
        waited = true;
    }
}

// Writing.

// Appends the part of the write that is not a whole page behind the newest data, if it fits there
// whole. True if that failed.
bool Pipe::merge(IoCursor& source, Progress& progress) {
    const usize part = source.left() & (page_size - 1);
    if (part == 0 || ring_.empty())
        return false;
    PipeSlot& slot = ring_.back();
    const u32 end = slot.offset + slot.length;
    if (!slot.mergeable || end + part > page_size)
        return false;
    const auto copied = source.copy_from(slot.page->bytes() + end, part);
    if (!copied || *copied < part) [[unlikely]] {
        progress.failure = Errno::fault;
        return true;
    }
    slot.length += static_cast<u32>(part);
    progress.bytes += part;
    return false;
}

Pipe::Progress Pipe::fill(IoCursor& source, bool packets, bool may_merge) {
    Progress progress;
    const bool was_empty = ring_.empty();
    if (may_merge && merge(source, progress))
        return progress;
    while (!source.empty() && !ring_.full()) {
        core::Page* page = take_page();
        if (!page) [[unlikely]] {
            progress.failure = Errno::nomem;
            break;
        }
        const usize wanted = std::min<usize>(source.left(), page_size);
        const auto copied = source.copy_from(page->bytes(), wanted);
        if (!copied || *copied < wanted) [[unlikely]] {
            give_page(*page);
            progress.failure = Errno::fault;
            break;
        }
        ring_.push({.page = page,
                    .length = static_cast<u32>(wanted),
                    .mergeable = !packets,
                    .packet = packets});
        progress.bytes += wanted;
    }
    progress.unblocked = progress.bytes != 0 && was_empty;
    return progress;
}

Result<usize> Pipe::write(IoCursor& source, bool non_block, bool packets) {
    if (source.empty()) [[unlikely]]
        return 0;
    usize done = 0;
    bool waited = false;
    while (true) {
        lock_.acquire();
        if (!has_readers()) [[unlikely]] {
            lock_.release();
            send_broken_pipe_signal();
            return done != 0 ? Result<usize>(done) : Failure(Errno::pipe);
        }
        const Progress progress = fill(source, packets, done == 0);
        const bool room = !ring_.full();
        lock_.release();
        done += progress.bytes;
        if (progress.unblocked || polled_.load(std::memory_order_relaxed))
            read_queue_.wake_one(read_events);
        if (waited && room)
            write_queue_.wake_one(write_events);
        if (source.empty())
            return done;
        Result<> outcome;
        if (progress.failure != Errno{}) [[unlikely]]
            outcome = Failure(progress.failure);
        else
            outcome = wait_writable(non_block);
        if (!outcome)
            return done != 0 ? Result<usize>(done) : Failure(outcome.error());
        waited = true;
    }
}

// Waiting.

Result<> Pipe::wait_readable(bool non_block) {
    if (non_block)
        return Failure(Errno::again);
    const auto ready = [this] { return !ring_.empty() || !has_writers(); };
    if (!read_queue_.wait_exclusive(ready, core::Sleep::interruptible)) [[unlikely]]
        return Failure(Errno::restartsys);
    return {};
}

Result<> Pipe::wait_writable(bool non_block) {
    if (non_block)
        return Failure(Errno::again);
    const auto ready = [this] { return !ring_.full() || !has_readers(); };
    if (!write_queue_.wait_exclusive(ready, core::Sleep::interruptible)) [[unlikely]]
        return Failure(Errno::restartsys);
    return {};
}

void Pipe::wake_readers() { read_queue_.wake_one(read_events); }
void Pipe::wake_writers() { write_queue_.wake_one(write_events); }

// Ends and size.

void Pipe::open_end(bool reads, bool writes) {
    {
        PipeGuard guard(lock_);
        if (reads) {
            readers_.fetch_add(1, std::memory_order_relaxed);
            reader_openings_.fetch_add(1, std::memory_order_release);
        }
        if (writes) {
            writers_.fetch_add(1, std::memory_order_relaxed);
            writer_openings_.fetch_add(1, std::memory_order_release);
        }
    }
    // Whoever sleeps in open() for this side, sleeps here.
    read_queue_.wake_all();
    write_queue_.wake_all();
}

void Pipe::close_end(bool reads, bool writes) {
    bool one_sided;
    {
        PipeGuard guard(lock_);
        if (reads)
            readers_.fetch_sub(1, std::memory_order_relaxed);
        if (writes)
            writers_.fetch_sub(1, std::memory_order_relaxed);
        one_sided = has_readers() != has_writers();
    }
    if (one_sided) {
        read_queue_.wake_all(read_events | end_events);
        write_queue_.wake_all(write_events | end_events);
    }
}

Result<u64> Pipe::set_size(u64 bytes, bool privileged) {
    if (bytes > u64{1} << 31)
        return Failure(Errno::inval);
    const u64 rounded = u64{1} << base::log2_up(std::max(bytes, page_size));
    bool was_full;
    {
        PipeGuard guard(lock_);
        if (rounded > size() && rounded > unprivileged_maximum && !privileged)
            return Failure(Errno::perm);
        was_full = ring_.full();
        TRY(ring_.resize(static_cast<u32>(rounded >> page_shift)));
    }
    if (was_full)
        write_queue_.wake_all(write_events);
    return rounded;
}

u64 Pipe::readable_bytes() {
    PipeGuard guard(lock_);
    return ring_.bytes();
}

} // namespace linux
