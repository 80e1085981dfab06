// SPDX-License-Identifier: BSD-2-Clause
// dup2 onto itself, over an open one, out of range; dup3's flag and its EINVAL.
#include "../test.h"

static void test(void) {
    int fd = make_file("a", "x");
    IS(fd, 3);
    IS(dup2(3, 3), 3);
    IS(dup2(3, 7), 7);
    IS(dup2(3, 7), 7);
    FAILS(dup2(99, 99), EBADF);
    FAILS(dup2(99, 7), EBADF);
    IS(fcntl(7, F_GETFD), 0);
    FAILS(dup2(3, -1), EBADF);
    FAILS(dup2(3, 1 << 20), EBADF);
    FAILS(dup3(3, 3, 0), EINVAL);
    IS(dup3(3, 8, O_CLOEXEC), 8);
    IS(fcntl(8, F_GETFD), FD_CLOEXEC);
    FAILS(syscall(SYS_dup3, 3, 8, O_NONBLOCK), EINVAL);
    IS(fcntl(3, F_DUPFD_CLOEXEC, 20), 20);
    IS(fcntl(20, F_GETFD), FD_CLOEXEC);
    FAILS(fcntl(3, F_DUPFD, -1), EINVAL);
    FAILS(fcntl(3, F_DUPFD, 1 << 20), EINVAL);
}
