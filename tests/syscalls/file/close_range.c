// SPDX-License-Identifier: BSD-2-Clause
// close_range closes a span, or marks it close-on-exec.
#include "../test.h"

static void test(void) {
    for (int i = 3; i < 10; i++)
        IS(open("/dev/null", O_RDONLY), i);
    IS(syscall(SYS_close_range, 4, 6, 0), 0);
    IS(fcntl(3, F_GETFD), 0);
    FAILS(fcntl(4, F_GETFD), EBADF);
    FAILS(fcntl(6, F_GETFD), EBADF);
    IS(syscall(SYS_close_range, 7, 8, 4), 0);
    IS(fcntl(7, F_GETFD), FD_CLOEXEC);
    IS(fcntl(9, F_GETFD), 0);
    FAILS(syscall(SYS_close_range, 9, 7, 0), EINVAL);
    FAILS(syscall(SYS_close_range, 7, 9, 64), EINVAL);
    IS(syscall(SYS_close_range, 3, ~0U, 0), 0);
    FAILS(fcntl(9, F_GETFD), EBADF);
    IS(fcntl(2, F_GETFD), 0);
}
