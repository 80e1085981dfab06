// SPDX-License-Identifier: BSD-2-Clause
// sendfile(2): a file's pages to any other file, without a copy on the way.
#include <algorithm>

#include "linux/file/user_vector.h"
#include "linux/file/transfer.h"
#include "linux/pipe/splice.h"
#include "linux/process/process.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

// Writes one slot's bytes at the file position, as far as they go.
Result<usize> write_slot(OpenFile& out, const PipeSlot& slot) {
    IoCursor source(std::span<const u8>(slot.page->bytes() + slot.offset, slot.length));
    return write_at_position(out, source, out.io_flags());
}

Result<usize> copy(SpliceEnd& from, OpenFile& out, usize length) {
    usize done = 0;
    while (done < length) {
        const auto slot = next_slot(from, length - done, false);
        if (!slot)
            return done != 0 ? Result<usize>(done) : Failure(slot.error());
        if (slot->length == 0)
            break;
        const core::PageRef page = core::PageRef::adopt(*slot->page);
        const auto written = write_slot(out, *slot);
        if (!written)
            return done != 0 ? Result<usize>(done) : written;
        done += *written;
        from.offset += *written;
        if (*written < slot->length || signal_is_due())
            break;
    }
    return done;
}

Result<usize> send(SpliceEnd& from, OpenFile& out, usize length) {
    if (out.family() != FileFamily::pipe)
        return copy(from, out, length);
    Pipe& pipe = PipeFile::of(out).pipe();
    const bool non_block = (out.flags() & open_flag::non_block) != 0;
    usize done = 0;
    while (done < length) {
        const auto part = splice_into_pipe(from, pipe, length - done, non_block);
        if (!part)
            return done != 0 ? Result<usize>(done) : part;
        if (*part == 0)
            break;
        done += *part;
    }
    return done;
}

} // namespace

Result<u64> sys_sendfile(u32 out_fd, u32 in_fd, UserInOut<i64> offset, u64 count) {
    i64 place = 0;
    if (offset)
        place = TRY(offset.read());
    const auto in = TRY(borrow_file(in_fd));
    if (!in->is_readable())
        return Failure(Errno::badf);
    if (offset && in->positioning() == OpenFile::Positioning::stream)
        return Failure(Errno::spipe);
    const auto out = TRY(borrow_file(out_fd));
    if (!out->is_writable())
        return Failure(Errno::badf);
    if (place < 0)
        return Failure(Errno::inval);
    const u32 kind = in->inode().type();
    const bool source_fits = kind == file_mode::regular || kind == file_mode::block_device;
    const bool target_fits = out->family() == FileFamily::pipe || can_splice_to(*out);
    if (!source_fits || !target_fits || (out->flags() & open_flag::append) != 0)
        return Failure(Errno::inval);
    if (!offset) {
        core::LockGuard guard(in->position_lock());
        place = static_cast<i64>(in->position);
    }
    SpliceEnd from{*in, static_cast<u64>(place)};
    const usize done = TRY(send(from, *out, std::min<u64>(count, transfer_maximum)));
    if (offset) {
        TRY(offset.write(static_cast<i64>(from.offset)));
    } else {
        core::LockGuard guard(in->position_lock());
        in->position = from.offset;
    }
    return done;
}

} // namespace linux
