// SPDX-License-Identifier: BSD-2-Clause
// pipe(2) and pipe2(2).
#include "linux/pipe/pipe_file.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/nameless.h"

namespace linux {

namespace {

// Errors: mfile, nomem, fault (nothing stays open).
Result<u64> open_pipe(u64 descriptors, u32 flags) {
    const u32 status = flags & (open_flag::non_block | open_flag::direct);
    const bool close_on_exec = (flags & open_flag::close_on_exec) != 0;
    Ref<Pipe> pipe = TRY(Pipe::create());
    Ref<Inode> inode = TRY(create_pipe_inode());
    Ref<PipeFile> reader =
        TRY(PipeFile::create(pipe, inode, nullptr, open_flag::read_only | status));
    Ref<PipeFile> writer =
        TRY(PipeFile::create(pipe, inode, nullptr, open_flag::write_only | status));
    const u32 read_fd = TRY(install_file(std::move(reader), close_on_exec));
    core::HandleTable& files = *Task::current().files;
    const auto write_fd = install_file(std::move(writer), close_on_exec);
    Result<> outcome;
    if (write_fd) {
        const i32 pair[2] = {static_cast<i32>(read_fd), static_cast<i32>(*write_fd)};
        outcome = core::copy_to_user(UserVirt(descriptors), pair, sizeof pair);
        if (outcome)
            return 0;
        (void)files.close(*write_fd);
    } else {
        outcome = Failure(write_fd.error());
    }
    (void)files.close(read_fd);
    return Failure(outcome.error());
}

constexpr u32 notification = open_flag::exclusive; // O_NOTIFICATION_PIPE

} // namespace

Result<u64> sys_pipe(u64 descriptors) { return open_pipe(descriptors, 0); }

Result<u64> sys_pipe2(u64 descriptors, u32 flags) {
    constexpr u32 known = open_flag::close_on_exec | open_flag::non_block | open_flag::direct;
    if ((flags & ~(known | notification)) != 0)
        return Failure(Errno::inval);
    if ((flags & notification) != 0)
        return Failure(Errno::nopkg);
    return open_pipe(descriptors, flags);
}

} // namespace linux
