// SPDX-License-Identifier: BSD-2-Clause
// copy_file_range: bytes from file to file inside the kernel.
#include "core/task/thread.h"
#include "linux/file/transfer.h"
#include "linux/file/user_vector.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/super_block.h"

namespace linux {

namespace {

struct CopyEnds {
    OpenFile& in;
    OpenFile& out;
    u64 in_offset;
    u64 out_offset;
};

Result<> check_ends(const CopyEnds& ends, u64 length) {
    if (!ends.in.is_readable() || !ends.out.is_writable() || (ends.out.flags() & open_flag::append))
        return Failure(Errno::badf);
    const Inode& from = ends.in.inode();
    const Inode& to = ends.out.inode();
    if (from.is_directory() || to.is_directory())
        return Failure(Errno::isdir);
    if (!from.is_regular() || !to.is_regular())
        return Failure(Errno::inval);
    if (from.is_generated() || to.is_generated() ||
        &from.super_block().type() != &to.super_block().type())
        return Failure(Errno::xdev);
    if (ends.in_offset + length < ends.in_offset || ends.out_offset + length < ends.out_offset)
        return Failure(Errno::overflow);
    const bool overlaps =
        ends.in_offset + length > ends.out_offset && ends.out_offset + length > ends.in_offset;
    if (&from == &to && overlaps)
        return Failure(Errno::inval);
    return {};
}

Result<usize> copy_piece(const CopyEnds& ends, u64 done, std::span<u8> buffer) {
    IoCursor target(buffer);
    const usize got = TRY(ends.in.read(target, ends.in_offset + done, {}));
    usize put = 0;
    while (put < got) {
        IoCursor source(std::span<const u8>(buffer.data() + put, got - put));
        u64 place = ends.out_offset + done + put;
        const Result<usize> moved = ends.out.write(source, place, ends.out.io_flags());
        if (!moved)
            return put ? Result<usize>(put) : moved;
        if (*moved == 0)
            break;
        put += *moved;
    }
    return put;
}

Result<u64> copy(const CopyEnds& ends, u64 length) {
    constexpr usize piece = 16 * page_size;
    void* memory = ::operator new(piece, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    u64 done = 0;
    Result<u64> outcome = u64{0};
    while (done < length) {
        const usize part = length - done < piece ? length - done : piece;
        const Result<usize> moved = copy_piece(ends, done, {static_cast<u8*>(memory), part});
        if (!moved) {
            outcome = Failure(moved.error());
            break;
        }
        done += *moved;
        if (*moved < part || core::Thread::current().sleep_interrupted(core::Sleep::killable))
            break;
    }
    ::operator delete(memory);
    return done ? Result<u64>(done) : outcome;
}

Result<u64> starting_offset(OpenFile& file, UserInOut<i64> user) {
    if (!user) {
        core::LockGuard guard(file.position_lock());
        return file.position;
    }
    const i64 offset = TRY(user.read());
    return offset < 0 ? Result<u64>(Failure(Errno::inval)) : static_cast<u64>(offset);
}

Result<> store_offset(OpenFile& file, UserInOut<i64> user, u64 offset) {
    if (user)
        return user.write(static_cast<i64>(offset));
    core::LockGuard guard(file.position_lock());
    file.position = offset;
    return {};
}

} // namespace

Result<u64> sys_copy_file_range(u32 in_fd, UserInOut<i64> in_offset, u32 out_fd,
                                UserInOut<i64> out_offset, u64 length, u32 flags) {
    const BorrowedFile in = TRY(borrow_file(in_fd));
    const BorrowedFile out = TRY(borrow_file(out_fd));
    if (flags != 0)
        return Failure(Errno::inval);
    const CopyEnds ends{*in, *out, TRY(starting_offset(*in, in_offset)),
                        TRY(starting_offset(*out, out_offset))};
    if (length > transfer_maximum)
        length = transfer_maximum;
    TRY(check_ends(ends, length));
    if (length == 0)
        return u64{0};
    const u64 done = TRY(copy(ends, length));
    TRY(store_offset(*in, in_offset, ends.in_offset + done));
    TRY(store_offset(*out, out_offset, ends.out_offset + done));
    return done;
}

} // namespace linux
