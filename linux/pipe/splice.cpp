// SPDX-License-Identifier: BSD-2-Clause
// splice(2) between a pipe and a file, and the pages that travel.
#include "linux/pipe/splice.h"

#include <algorithm>

#include "core/memory/frames.h"
#include "linux/file/user_vector.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// A page of the file's cache, without a copy.
Result<PipeSlot> cached_slot(Inode& inode, u64 offset, usize length) {
    const u64 size = inode.size();
    if (offset >= size)
        return PipeSlot{};
    core::PageCache* cache = TRY(inode.page_cache());
    core::PageRef page = TRY(cache->get(offset >> page_shift));
    const u64 inside = offset & (page_size - 1);
    const u64 count = std::min<u64>({length, page_size - inside, size - offset});
    return PipeSlot{.page = page.release(),
                    .offset = static_cast<u32>(inside),
                    .length = static_cast<u32>(count)};
}

Result<PipeSlot> copied_slot(const SpliceEnd& from, usize length, bool non_block) {
    core::PageRef page =
        TRY(core::allocate_frame(core::PageUse::kernel, core::FrameContent::undefined));
    IoCursor target(std::span<u8>(page->bytes(), std::min<usize>(length, page_size)));
    IoFlags flags = from.file.io_flags();
    flags.non_block = flags.non_block || non_block;
    const usize count = TRY(from.file.read(target, from.offset, flags));
    if (count == 0)
        return PipeSlot{};
    return PipeSlot{.page = page.release(), .length = static_cast<u32>(count), .mergeable = true};
}

// Room in the pipe, and a reader. Errors: pipe, again, restartsys.
Result<> wait_for_room(Pipe& pipe, bool non_block) {
    if (!pipe.has_readers()) {
        send_broken_pipe_signal();
        return Failure(Errno::pipe);
    }
    if (!pipe.is_full())
        return {};
    TRY(pipe.wait_writable(non_block));
    return wait_for_room(pipe, non_block);
}

bool is_seekable(const OpenFile& file) {
    return file.positioning() == OpenFile::Positioning::seekable;
}

// Writes the front slot's bytes to a file and takes them out of the pipe. With the pipe's lock
// held.
Result<usize> write_front(Pipe& from, SpliceEnd& to, usize length) {
    PipeSlot& slot = from.ring().front();
    const usize wanted = std::min<usize>(length, slot.length);
    IoCursor source(std::span<const u8>(slot.page->bytes() + slot.offset, wanted));
    const usize written = TRY(to.file.write(source, to.offset, to.file.io_flags()));
    to.offset += written;
    slot.offset += static_cast<u32>(written);
    slot.length -= static_cast<u32>(written);
    if (slot.length == 0)
        core::release_page(*from.ring().pop().page);
    return written;
}

Result<usize> splice_out_of_pipe(Pipe& from, SpliceEnd& to, usize length, bool non_block) {
    usize done = 0;
    while (done < length) {
        Result<usize> written = 0;
        bool empty, was_full = false;
        {
            PipeGuard guard(from.lock(), PipeLock::Role::splice);
            empty = from.is_empty();
            if (!empty) {
                was_full = from.is_full();
                written = write_front(from, to, length - done);
            }
        }
        if (!written)
            return done != 0 ? Result<usize>(done) : written;
        if (was_full && !from.is_full())
            from.wake_writers();
        done += *written;
        if (!empty && *written == 0)
            break;
        if (!empty)
            continue;
        if (done != 0 || !from.has_writers())
            break;
        TRY(from.wait_readable(non_block));
    }
    return done;
}

// The place a transfer starts at: the program's offset, or the file position.
Result<u64> starting_offset(OpenFile& file, UserInOut<i64> user) {
    if (!user) {
        core::LockGuard guard(file.position_lock());
        return file.position;
    }
    if (!is_seekable(file))
        return Failure(Errno::inval);
    const i64 offset = TRY(user.read());
    return offset < 0 ? Result<u64>(Failure(Errno::inval)) : static_cast<u64>(offset);
}

Result<> store_offset(OpenFile& file, UserInOut<i64> user, u64 offset) {
    if (user)
        return user.write(static_cast<i64>(offset));
    if (is_seekable(file)) {
        core::LockGuard guard(file.position_lock());
        file.position = offset;
    }
    return {};
}

Result<u64> splice_from_file(OpenFile& file, UserInOut<i64> offset, OpenFile& pipe_file,
                             usize length, bool non_block) {
    if (!can_splice_from(file))
        return Failure(Errno::inval);
    SpliceEnd from{file, TRY(starting_offset(file, offset))};
    non_block = non_block || (pipe_file.flags() & open_flag::non_block) != 0;
    const usize done =
        TRY(splice_into_pipe(from, PipeFile::of(pipe_file).pipe(), length, non_block));
    TRY(store_offset(file, offset, from.offset));
    return done;
}

Result<u64> splice_to_file(OpenFile& pipe_file, OpenFile& file, UserInOut<i64> offset, usize length,
                           bool non_block) {
    if ((file.flags() & open_flag::append) != 0 || !can_splice_to(file))
        return Failure(Errno::inval);
    SpliceEnd to{file, TRY(starting_offset(file, offset))};
    const usize done =
        TRY(splice_out_of_pipe(PipeFile::of(pipe_file).pipe(), to, length, non_block));
    TRY(store_offset(file, offset, to.offset));
    return done;
}

} // namespace

bool can_splice_from(const OpenFile& file) {
    switch (file.family()) {
    case FileFamily::other:
    case FileFamily::socket:
    case FileFamily::terminal: return !file.inode().is_directory();
    default: return false;
    }
}

bool can_splice_to(const OpenFile& file) { return can_splice_from(file); }

Result<PipeSlot> next_slot(const SpliceEnd& from, usize length, bool non_block) {
    Inode& inode = from.file.inode();
    if (inode.is_regular() && !inode.is_generated() &&
        (from.file.flags() & open_flag::direct) == 0)
        return cached_slot(inode, from.offset, length);
    return copied_slot(from, length, non_block);
}

Result<usize> splice_into_pipe(SpliceEnd& from, Pipe& to, usize length, bool non_block) {
    usize done = 0;
    while (done < length) {
        // Room is waited for once; later it has to be there.
        const auto room = wait_for_room(to, non_block || done != 0);
        if (!room)
            return done != 0 ? Result<usize>(done) : Failure(room.error());
        const auto slot = next_slot(from, length - done, non_block);
        if (!slot)
            return done != 0 ? Result<usize>(done) : Failure(slot.error());
        if (slot->length == 0)
            break;
        bool pushed;
        {
            PipeGuard guard(to.lock());
            pushed = !to.is_full();
            if (pushed)
                to.ring().push(*slot);
        }
        if (!pushed) { // another writer was faster
            core::release_page(*slot->page);
            if (!is_seekable(from.file))
                return done; // the stream's bytes went with the page
            continue;
        }
        to.wake_readers();
        done += slot->length;
        from.offset += slot->length;
        if (!is_seekable(from.file))
            break; // a stream gave what it had
    }
    return done;
}

Result<u64> sys_splice(u32 in_fd, UserInOut<i64> in_offset, u32 out_fd, UserInOut<i64> out_offset,
                       u64 length, u32 flags) {
    if (length == 0)
        return 0;
    if ((flags & ~splice_flag::all) != 0)
        return Failure(Errno::inval);
    const auto in = TRY(borrow_file(in_fd));
    const auto out = TRY(borrow_file(out_fd));
    if (!in->is_readable() || !out->is_writable())
        return Failure(Errno::badf);
    const bool from_pipe = in->family() == FileFamily::pipe;
    const bool to_pipe = out->family() == FileFamily::pipe;
    if ((from_pipe && in_offset) || (to_pipe && out_offset))
        return Failure(Errno::spipe);
    const usize limit = std::min<u64>(length, transfer_maximum);
    const bool non_block = (flags & splice_flag::non_block) != 0;
    if (from_pipe && to_pipe) {
        const bool either = ((in->flags() | out->flags()) & open_flag::non_block) != 0;
        return TRY(splice_pipes(PipeFile::of(*in).pipe(), PipeFile::of(*out).pipe(), limit,
                                non_block || either));
    }
    if (from_pipe)
        return splice_to_file(*in, *out, out_offset, limit, non_block);
    if (to_pipe)
        return splice_from_file(*in, in_offset, *out, limit, non_block);
    return Failure(Errno::inval);
}

Result<u64> sys_vmsplice(u32 fd, UserIn<IoVector> vector, u64 count, u32 flags) {
    if ((flags & ~splice_flag::all) != 0)
        return Failure(Errno::inval);
    const auto file = TRY(borrow_file(fd));
    if (file->family() != FileFamily::pipe)
        return Failure(Errno::badf);
    Pipe& pipe = PipeFile::of(*file).pipe();
    UserVector parts;
    TRY(parts.read(vector, count));
    IoCursor cursor = parts.cursor();
    if (cursor.empty())
        return 0;
    const bool non_block = (flags & splice_flag::non_block) != 0;
    if (!file->is_writable())
        return TRY(pipe.read(cursor, non_block));
    // The bytes are copied: pages of a program are not lent.
    TRY(wait_for_room(pipe, non_block || (file->flags() & open_flag::non_block) != 0));
    return TRY(pipe.write(cursor, true, false));
}

} // namespace linux
