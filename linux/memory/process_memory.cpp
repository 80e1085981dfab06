// SPDX-License-Identifier: BSD-2-Clause
// process_vm_readv and process_vm_writev: bytes between two programs, through a buffer of one page.
#include <algorithm>

#include "base/box.h"
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr u64 vector_maximum = 1024;

struct CopyBuffer {
    u8 bytes[4096];
};

// Walks an I/O vector of the current program.
class VectorWalk {
public:
    VectorWalk(UserIn<IoVector> vector, u64 count) : vector_(vector), count_(count) {}

    // The next piece of at most `limit` bytes; false at the end. Errors: fault.
    Result<bool> peek() {
        while (left_ == 0) {
            if (index_ == count_)
                return false;
            const IoVector part = TRY(vector_.read_at(index_++));
            address_ = part.base;
            left_ = part.length;
        }
        return true;
    }
    u64 address() const { return address_; }
    u64 left() const { return left_; }
    void advance(u64 bytes) {
        address_ += bytes;
        left_ -= bytes;
    }

private:
    UserIn<IoVector> vector_;
    u64 count_;
    u64 index_ = 0;
    u64 address_ = 0, left_ = 0;
};

struct Transfer {
    Pid pid;
    UserIn<IoVector> local;
    u64 local_count;
    UserIn<IoVector> remote;
    u64 remote_count;
    u64 flags;
    bool write;
};

Result<> move_piece(core::AddressSpace& space, const Transfer& transfer, u64 local, u64 remote,
                    std::span<u8> bytes) {
    if (remote > core::user_end || bytes.size() > core::user_end - remote)
        return Failure(Errno::fault);
    if (transfer.write) {
        TRY(core::copy_from_user(bytes.data(), UserVirt(local), bytes.size()));
        return space.write_memory(UserVirt(remote), bytes, false);
    }
    TRY(space.read_memory(UserVirt(remote), bytes));
    return core::copy_to_user(UserVirt(local), bytes.data(), bytes.size());
}

Result<u64> move_all(core::AddressSpace& space, const Transfer& transfer) {
    Box<CopyBuffer> buffer = TRY(Box<CopyBuffer>::create());
    VectorWalk local(transfer.local, transfer.local_count);
    VectorWalk remote(transfer.remote, transfer.remote_count);
    u64 done = 0;
    while (TRY(local.peek()) && TRY(remote.peek())) {
        const u64 to_page_end = page_size - remote.address() % page_size;
        const u64 size = std::min({local.left(), remote.left(), to_page_end});
        const Result<> moved = move_piece(space, transfer, local.address(), remote.address(),
                                          {buffer->bytes, size});
        if (!moved)
            return done != 0 ? Result<u64>(done) : Failure(moved.error());
        local.advance(size);
        remote.advance(size);
        done += size;
    }
    return done;
}

Result<u64> transfer(const Transfer& request) {
    if (request.flags != 0 || request.local_count > vector_maximum ||
        request.remote_count > vector_maximum)
        return Failure(Errno::inval);
    const TaskRef task = ProcessTable::find_task(request.pid);
    if (!task)
        return Failure(Errno::srch);
    if (!may_attach(*task))
        return Failure(Errno::perm);
    const RefOrNull<ProgramImage> image = image_of(*task->process);
    if (!image)
        return Failure(Errno::srch);
    return move_all(*image->space, request);
}

} // namespace

Result<u64> sys_process_vm_readv(Pid pid, UserIn<IoVector> local, u64 local_count,
                                 UserIn<IoVector> remote, u64 remote_count, u64 flags) {
    return transfer({pid, local, local_count, remote, remote_count, flags, false});
}
Result<u64> sys_process_vm_writev(Pid pid, UserIn<IoVector> local, u64 local_count,
                                  UserIn<IoVector> remote, u64 remote_count, u64 flags) {
    return transfer({pid, local, local_count, remote, remote_count, flags, true});
}

} // namespace linux
