// SPDX-License-Identifier: BSD-2-Clause
// fsync, fdatasync, syncfs, sync_file_range: success and refusals.
#include "../test.h"

static void test(void) {
    int fd = make_file("a", "data"), ends[2];
    pipe(ends);
    IS(fsync(fd), 0);
    IS(fdatasync(fd), 0);
    IS(syncfs(fd), 0);
    FAILS(fsync(ends[0]), EINVAL);
    FAILS(fdatasync(99), EBADF);
    FAILS(syncfs(99), EBADF);
    IS(syscall(SYS_sync_file_range, fd, 0L, 0L, 2), 0);
    FAILS(syscall(SYS_sync_file_range, fd, 0L, 0L, 64), EINVAL);
    FAILS(syscall(SYS_sync_file_range, fd, -1L, 0L, 2), EINVAL);
    FAILS(syscall(SYS_sync_file_range, ends[0], 0L, 0L, 2), ESPIPE);
    sync();
}
