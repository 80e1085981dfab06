// SPDX-License-Identifier: BSD-2-Clause
// F_SETFL changes only the changeable flags; F_GETFL tells them; bad commands.
#include "../test.h"

static void test(void) {
    int fd = open("a", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    IS(fcntl(fd, F_GETFL) & ~O_LARGEFILE & ~0100000, O_RDWR);
    IS(fcntl(fd, F_GETFD), FD_CLOEXEC);
    IS(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY | O_EXCL), 0);
    IS(fcntl(fd, F_GETFL) & ~0100000, O_RDWR | O_APPEND | O_NONBLOCK);
    IS(fcntl(fd, F_SETFD, 0), 0);
    IS(fcntl(fd, F_GETFD), 0);
    FAILS(fcntl(fd, 12345, 0), EINVAL);
    FAILS(fcntl(99, F_GETFD), EBADF);
    IS(fcntl(0, F_GETFL) & O_ACCMODE, O_RDONLY);
}
