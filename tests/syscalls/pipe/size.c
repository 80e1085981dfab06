// SPDX-License-Identifier: BSD-2-Clause
// F_SETPIPE_SZ rounds up, refuses what does not fit, and FIONREAD counts.
#include "../test.h"

static void test(void) {
    int ends[2], count;
    static char data[8192];
    pipe(ends);
    IS(fcntl(ends[0], F_GETPIPE_SZ), 65536);
    IS(fcntl(ends[0], F_SETPIPE_SZ, 5000), 8192);
    IS(fcntl(ends[1], F_GETPIPE_SZ), 8192);
    IS(write(ends[1], data, 8192), 8192);
    IS(ioctl(ends[0], FIONREAD, &count), 0);
    IS(count, 8192);
    FAILS(fcntl(ends[1], F_SETPIPE_SZ, 4096), EBUSY);
    IS(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
    FAILS(fcntl(ends[1], F_SETPIPE_SZ, (1U << 31) + 1), EINVAL);
    FAILS(fcntl(0, F_GETPIPE_SZ), EBADF);
    FAILS(ioctl(ends[0], FIONREAD, BAD_POINTER), EFAULT);
}
