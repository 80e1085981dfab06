// SPDX-License-Identifier: BSD-2-Clause
// read, write and their kin.
#include "abi/linux/file.h"
#include "linux/file/transfer.h"
#include "linux/file/user_vector.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/borrow.h"

namespace linux {

Result<usize> read_at_position(OpenFile& file, IoCursor& target, IoFlags flags) {
    if (!file.is_readable()) [[unlikely]]
        return Failure(Errno::badf);
    if (file.positioning() == OpenFile::Positioning::stream)
        return file.read(target, 0, flags);
    core::LockGuard guard(file.position_lock());
    const Result<usize> done = file.read(target, file.position, flags);
    if (done)
        file.position += *done;
    return done;
}

Result<usize> write_at_position(OpenFile& file, IoCursor& source, IoFlags flags) {
    if (!file.is_writable()) [[unlikely]]
        return Failure(Errno::badf);
    u64 offset = 0;
    if (file.positioning() == OpenFile::Positioning::stream)
        return file.write(source, offset, flags);
    core::LockGuard guard(file.position_lock());
    offset = file.position;
    const Result<usize> done = file.write(source, offset, flags);
    if (done)
        file.position = offset + *done;
    return done;
}

namespace {

Result<> check_offset(const OpenFile& file, i64 offset) {
    if (offset < 0)
        return Failure(Errno::inval);
    return file.positioning() == OpenFile::Positioning::stream ? Result<>(Failure(Errno::spipe))
                                                               : Result<>();
}

// A buffer that may lie in user memory, cut to what one call moves. Errors: inval, fault.
Result<IoCursor> user_buffer(UserVirt address, u64 count) {
    if (static_cast<i64>(count) < 0) [[unlikely]]
        return Failure(Errno::inval);
    if (address.value > core::user_end || count > core::user_end - address.value) [[unlikely]]
        return Failure(Errno::fault);
    return IoCursor(address, count < transfer_maximum ? count : transfer_maximum);
}

Result<IoFlags> flags_of(const OpenFile& file, u32 call_flags) {
    if (call_flags & ~(rwf::supported & ~rwf::no_wait))
        return Failure(Errno::opnotsupp);
    IoFlags flags = file.io_flags();
    flags.append |= (call_flags & rwf::append) != 0;
    flags.sync |= (call_flags & rwf::sync) != 0;
    flags.data_sync |= (call_flags & (rwf::sync | rwf::data_sync)) != 0;
    return flags;
}

} // namespace

Result<usize> read_at_offset(OpenFile& file, IoCursor& target, i64 offset, IoFlags flags) {
    TRY(check_offset(file, offset));
    if (!file.is_readable())
        return Failure(Errno::badf);
    return file.read(target, static_cast<u64>(offset), flags);
}

Result<usize> write_at_offset(OpenFile& file, IoCursor& source, i64 offset, IoFlags flags) {
    TRY(check_offset(file, offset));
    if (!file.is_writable())
        return Failure(Errno::badf);
    u64 place = static_cast<u64>(offset);
    return file.write(source, place, flags);
}

Result<u64> sys_read(u32 fd, UserVirt buffer, u64 count) {
    const HotFile handle(*Task::current().files, fd);
    OpenFile* file = handle.get();
    if (!file || !file->is_readable()) [[unlikely]]
        return Failure(Errno::badf);
    IoCursor cursor = TRY(user_buffer(buffer, count));
    return read_at_position(*file, cursor, file->io_flags());
}

Result<u64> sys_write(u32 fd, UserVirt buffer, u64 count) {
    const HotFile handle(*Task::current().files, fd);
    OpenFile* file = handle.get();
    if (!file || !file->is_writable()) [[unlikely]]
        return Failure(Errno::badf);
    IoCursor cursor = TRY(user_buffer(buffer, count));
    return write_at_position(*file, cursor, file->io_flags());
}

Result<u64> sys_pread64(u32 fd, UserVirt buffer, u64 count, i64 offset) {
    if (offset < 0)
        return Failure(Errno::inval);
    const HotFile handle(*Task::current().files, fd);
    OpenFile* file = handle.get();
    if (!file) [[unlikely]]
        return Failure(Errno::badf);
    TRY(check_offset(*file, offset));
    if (!file->is_readable())
        return Failure(Errno::badf);
    IoCursor cursor = TRY(user_buffer(buffer, count));
    return file->read(cursor, static_cast<u64>(offset), file->io_flags());
}

Result<u64> sys_pwrite64(u32 fd, UserVirt buffer, u64 count, i64 offset) {
    if (offset < 0)
        return Failure(Errno::inval);
    const BorrowedFile file = TRY(borrow_file(fd));
    TRY(check_offset(*file, offset));
    if (!file->is_writable())
        return Failure(Errno::badf);
    IoCursor cursor = TRY(user_buffer(buffer, count));
    return write_at_offset(*file, cursor, offset, file->io_flags());
}

namespace {

// offset -1: at the file position.
Result<u64> read_vector(u32 fd, UserIn<IoVector> vector, u64 count, i64 offset, u32 call_flags) {
    const BorrowedFile file = TRY(borrow_file(fd));
    if (!file->is_readable())
        return Failure(Errno::badf);
    UserVector parts;
    TRY(parts.read(vector, count));
    const IoFlags flags = TRY(flags_of(*file, call_flags));
    IoCursor cursor = parts.cursor();
    return offset == -1 ? read_at_position(*file, cursor, flags)
                        : read_at_offset(*file, cursor, offset, flags);
}

Result<u64> write_vector(u32 fd, UserIn<IoVector> vector, u64 count, i64 offset, u32 call_flags) {
    const BorrowedFile file = TRY(borrow_file(fd));
    if (!file->is_writable())
        return Failure(Errno::badf);
    UserVector parts;
    TRY(parts.read(vector, count));
    const IoFlags flags = TRY(flags_of(*file, call_flags));
    IoCursor cursor = parts.cursor();
    return offset == -1 ? write_at_position(*file, cursor, flags)
                        : write_at_offset(*file, cursor, offset, flags);
}

Result<> check_vector_offset(u32 fd, i64 offset) {
    if (offset < 0)
        return Failure(Errno::inval);
    const BorrowedFile file = TRY(borrow_file(fd));
    return check_offset(*file, offset);
}

} // namespace

Result<u64> sys_readv(u32 fd, UserIn<IoVector> vector, u64 count) {
    return read_vector(fd, vector, count, -1, 0);
}

Result<u64> sys_writev(u32 fd, UserIn<IoVector> vector, u64 count) {
    return write_vector(fd, vector, count, -1, 0);
}

Result<u64> sys_preadv(u32 fd, UserIn<IoVector> vector, u64 count, i64 offset) {
    TRY(check_vector_offset(fd, offset));
    return read_vector(fd, vector, count, offset, 0);
}

Result<u64> sys_pwritev(u32 fd, UserIn<IoVector> vector, u64 count, i64 offset) {
    TRY(check_vector_offset(fd, offset));
    return write_vector(fd, vector, count, offset, 0);
}

Result<u64> sys_preadv2(u32 fd, UserIn<IoVector> vector, u64 count, i64 offset, u64, u32 flags) {
    if (offset != -1)
        TRY(check_vector_offset(fd, offset));
    return read_vector(fd, vector, count, offset, flags);
}

Result<u64> sys_pwritev2(u32 fd, UserIn<IoVector> vector, u64 count, i64 offset, u64, u32 flags) {
    if (offset != -1)
        TRY(check_vector_offset(fd, offset));
    return write_vector(fd, vector, count, offset, flags);
}

Result<u64> sys_lseek(u32 fd, i64 offset, u32 whence) {
    const BorrowedFile file = TRY(borrow_file(fd));
    if (whence > seek_from::hole)
        return Failure(Errno::inval);
    core::LockGuard guard(file->position_lock());
    const u64 position = TRY(file->seek(offset, whence));
    file->position = position;
    return position;
}

} // namespace linux
